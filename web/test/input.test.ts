import { describe, expect, it, vi } from "vitest";
import type { InputEventInit } from "../src/engine/messages";
import { Keyboard, type KeyInput, textEvents } from "../src/input/keyboard";
import { Pointer, toSurface, WheelUnits } from "../src/input/pointer";
import { scanCodeOf } from "../src/input/scan-codes";

function press(code: string, key: string, more: Partial<KeyInput> & { mods?: string[] } = {}): KeyInput {
  const { mods = [], ...rest } = more;
  return {
    code,
    key,
    repeat: false,
    isComposing: false,
    ctrlKey: mods.includes("Control"),
    altKey: mods.includes("Alt"),
    metaKey: mods.includes("Meta"),
    timeStamp: 0,
    getModifierState: (name) => mods.includes(name),
    ...rest,
  };
}

function told(events: InputEventInit[]): string[] {
  return events.map(({ event }) => {
    switch (event?.case) {
      case "key":
        return `${event.value.extended ? "e0 " : ""}${event.value.scanCode?.toString(16)} ${event.value.down ? "down" : "up"}`;
      case "text":
        return `text ${event.value.text}`;
      case "lockState":
        return `locks ${event.value.capsLock ? "caps" : "-"}`;
      case "pointerMove":
        return `move ${event.value.position?.x},${event.value.position?.y}`;
      case "pointerButton":
        return `button ${event.value.button} ${event.value.down ? "down" : "up"} ${event.value.position?.x},${event.value.position?.y}`;
      default:
        return event?.case ?? "none";
    }
  });
}

function keyboard(windows = false) {
  const log: string[] = [];
  const made = new Keyboard((events) => log.push(...told(events)), windows);
  return { made, log };
}

describe("scan codes", () => {
  it.each([
    ["KeyA", 0x1e, false],
    ["ControlRight", 0x1d, true],
    ["ArrowUp", 0x48, true],
    ["Numpad8", 0x48, false],
    ["NumpadDivide", 0x35, true],
    ["NumpadEnter", 0x1c, true],
    ["MetaLeft", 0x5b, true],
    ["NumLock", 0x45, false],
    ["Pause", 0x45, true],
    ["IntlBackslash", 0x56, false],
  ])("%s", (code, scanCode, extended) => {
    expect(scanCodeOf(code)).toEqual({ scanCode, extended });
  });

  it("has every key that the toolbar sends", () => {
    for (const code of [
      "MetaLeft",
      "KeyR",
      "AltLeft",
      "Tab",
      "ControlLeft",
      "ShiftLeft",
      "Escape",
      "PrintScreen",
    ]) {
      expect(scanCodeOf(code), code).not.toBeNull();
    }
  });

  it("has none for what is not on a board", () => {
    expect(scanCodeOf("BrowserFavoritesOfNobody")).toBeNull();
  });
});

describe("keyboard", () => {
  it("tells the locks before the first key after focus, and only then", () => {
    const { made, log } = keyboard();
    made.down(press("KeyA", "A", { mods: ["CapsLock"] }));
    made.down(press("KeyB", "B"));
    made.releaseAll();
    made.down(press("KeyC", "c"));
    expect(log).toEqual(["locks caps", "1e down", "30 down", "releaseAll", "locks -", "2e down"]);
  });

  it("does not tell the locks with a lock key, whose state has changed already", () => {
    const { made, log } = keyboard();
    made.down(press("CapsLock", "CapsLock", { mods: ["CapsLock"] }));
    expect(log).toEqual(["3a down"]);
  });

  it("releases only what it pressed", () => {
    const { made, log } = keyboard();
    made.up(press("Tab", "Tab"));
    made.down(press("Tab", "Tab"));
    made.up(press("Tab", "Tab"));
    made.up(press("Tab", "Tab"));
    expect(log).toEqual(["locks -", "f down", "f up"]);
  });

  it("releases what macOS never reports while Meta is down", () => {
    const { made, log } = keyboard();
    made.down(press("MetaLeft", "Meta"));
    made.down(press("KeyC", "c", { mods: ["Meta"] }));
    made.up(press("MetaLeft", "Meta"));
    expect(log.slice(1)).toEqual(["e0 5b down", "2e down", "e0 5b up", "2e up"]);
  });

  it("drops the left Ctrl that Windows puts before AltGr", () => {
    const { made, log } = keyboard(true);
    made.down(press("ControlLeft", "Control", { timeStamp: 100 }));
    made.down(press("AltRight", "AltGraph", { timeStamp: 100 }));
    made.up(press("ControlLeft", "Control"));
    made.up(press("AltRight", "AltGraph"));
    expect(log).toEqual(["locks -", "e0 38 down", "e0 38 up"]);
  });

  it("keeps a left Ctrl that is meant", () => {
    vi.useFakeTimers();
    const { made, log } = keyboard(true);
    made.down(press("ControlLeft", "Control", { timeStamp: 100 }));
    vi.advanceTimersByTime(20);
    expect(log).toEqual(["locks -", "1d down"]);
    made.up(press("ControlLeft", "Control"));
    made.down(press("ControlLeft", "Control", { timeStamp: 300 }));
    made.down(press("KeyC", "c", { timeStamp: 301, mods: ["Control"] }));
    expect(log.slice(2)).toEqual(["1d up", "1d down", "2e down"]);
    vi.useRealTimers();
  });

  it("leaves composition to the input method", () => {
    const { made, log } = keyboard();
    expect(made.down(press("KeyA", "Process"))).toEqual({ prevent: false });
    expect(made.down(press("KeyA", "a", { isComposing: true }))).toEqual({ prevent: false });
    made.text("日本");
    expect(log).toEqual(["text 日本"]);
  });

  it("sends chords in order and releases them in reverse", () => {
    const { made, log } = keyboard();
    made.chord(["ControlLeft", "ShiftLeft", "Escape"]);
    expect(log).toEqual(["1d down", "2a down", "1 down", "1 up", "2a up", "1d up"]);
  });
});

describe("text mode", () => {
  it("sends characters without the Shift that makes them", () => {
    const { made, log } = keyboard();
    made.textMode = true;
    made.down(press("ShiftLeft", "Shift"));
    made.down(press("KeyA", "Ä", { mods: ["Shift"] }));
    made.up(press("ShiftLeft", "Shift"));
    expect(log).toEqual(["locks -", "text Ä"]);
  });

  it("sends Shift with keys that are not characters", () => {
    const { made, log } = keyboard();
    made.textMode = true;
    made.down(press("ShiftLeft", "Shift"));
    made.down(press("ArrowLeft", "ArrowLeft", { mods: ["Shift"] }));
    made.up(press("ShiftLeft", "Shift"));
    expect(log.slice(1)).toEqual(["2a down", "e0 4b down", "2a up"]);
  });

  it("keeps shortcuts as keys, and AltGr characters as text", () => {
    const { made, log } = keyboard();
    made.textMode = true;
    made.down(press("KeyC", "c", { mods: ["Control"] }));
    made.down(press("KeyQ", "@", { mods: ["Control", "Alt", "AltGraph"] }));
    expect(log.slice(1)).toEqual(["2e down", "text @"]);
  });

  it("leaves dead keys to the browser", () => {
    const { made, log } = keyboard();
    made.textMode = true;
    expect(made.down(press("BracketLeft", "Dead"))).toEqual({ prevent: false });
    expect(log).toEqual([]);
  });

  it("splits long text at whole characters", () => {
    const events = textEvents("😀".repeat(600));
    const lengths = events.map(({ event }) =>
      event?.case === "text" ? [...(event.value.text ?? "")].length : 0,
    );
    expect(lengths).toEqual([512, 88]);
  });
});

describe("pointer", () => {
  function pointer() {
    const log: string[] = [];
    let frame: (() => void) | null = null;
    const made = new Pointer(
      (events) => log.push(...told(events)),
      (work) => {
        frame = work;
      },
    );
    const next = () => {
      const work = frame;
      frame = null;
      work?.();
    };
    return { made, log, next };
  }

  it("sends the first move at once and then the newest of each frame", () => {
    const { made, log, next } = pointer();
    made.move({ x: 1, y: 1 });
    made.move({ x: 2, y: 2 });
    made.move({ x: 3, y: 3 });
    expect(log).toEqual(["move 1,1"]);
    next();
    expect(log).toEqual(["move 1,1", "move 3,3"]);
    next();
    made.move({ x: 3, y: 3 });
    expect(log).toHaveLength(2);
  });

  it("takes a waiting move along with a button", () => {
    const { made, log } = pointer();
    made.move({ x: 1, y: 1 });
    made.move({ x: 5, y: 5 });
    made.button(0, true, { x: 6, y: 6 });
    made.button(0, false, { x: 6, y: 6 });
    expect(log.slice(1)).toEqual(["move 5,5", "button 1 down 6,6", "button 1 up 6,6"]);
  });

  it("tells no release whose press it did not see", () => {
    const { made, log } = pointer();
    made.button(2, false, { x: 0, y: 0 });
    made.button(2, true, { x: 0, y: 0 });
    made.forget();
    made.button(2, false, { x: 0, y: 0 });
    expect(log).toEqual(["button 3 down 0,0"]);
  });

  it("maps the page to surface pixels and stays inside", () => {
    const box = { left: 10, top: 20, width: 640, height: 400 };
    const surface = { width: 1280, height: 800 };
    expect(toSurface(10, 20, box, surface)).toEqual({ x: 0, y: 0 });
    expect(toSurface(330, 220, box, surface)).toEqual({ x: 640, y: 400 });
    expect(toSurface(5000, -9, box, surface)).toEqual({ x: 1279, y: 0 });
  });
});

describe("wheel", () => {
  it.each([
    [0, 100, 120],
    [1, 3, 120],
    [2, -1, -120],
  ])("mode %i, delta %i", (mode, delta, units) => {
    expect(new WheelUnits().take(0, delta, mode)).toEqual({ x: 0, y: units });
  });

  it("carries over what is less than a unit", () => {
    const wheel = new WheelUnits();
    expect(wheel.take(0, 0.5, 0)).toBeNull();
    expect(wheel.take(0, 0.5, 0)).toEqual({ x: 0, y: 1 });
  });

  it("stays within what a message may carry", () => {
    expect(new WheelUnits().take(0, 1e6, 0)).toEqual({ x: 0, y: 12_000 });
  });
});
