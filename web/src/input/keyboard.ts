// Turns browser key events into what the agent injects. Keys go by their place on the
// board; in text mode printable ones go as characters. Nothing here touches the page.

import type { InputEventInit } from "../engine/messages";
import { MAX_TYPED_TEXT } from "../wire/limits";
import { scanCodeOf } from "./scan-codes";

/** The part of `KeyboardEvent` that is used. */
export interface KeyInput {
  code: string;
  key: string;
  repeat: boolean;
  isComposing: boolean;
  ctrlKey: boolean;
  altKey: boolean;
  metaKey: boolean;
  timeStamp: number;
  getModifierState(name: string): boolean;
}

export interface KeyVerdict {
  /** Whether the browser must not act on the key itself. */
  prevent: boolean;
}

const LOCKS: readonly string[] = ["CapsLock", "NumLock", "ScrollLock"];
const CHARACTER_MODIFIERS: readonly string[] = ["ShiftLeft", "ShiftRight", "AltRight"];
/** AltGr on Windows comes as left Ctrl and right Alt at the same moment. */
const ALT_GR_GAP_MS = 10;

export class Keyboard {
  textMode = false;
  private readonly held = new Set<string>();
  /** Modifiers of characters, not sent while they may only serve to make one. */
  private readonly kept = new Set<string>();
  private locksDue = true;
  private doubtfulCtrl: number | null = null;
  private doubtTimer: ReturnType<typeof setTimeout> | null = null;

  constructor(
    private readonly send: (events: InputEventInit[]) => void,
    private readonly windows: boolean,
  ) {}

  down(event: KeyInput): KeyVerdict {
    if (event.isComposing || event.key === "Process") return { prevent: false };
    if (this.resolveCtrl(event)) {
      this.emitKey("AltRight", true, this.locks(event));
      return { prevent: true };
    }
    if (this.textMode && event.key === "Dead") return { prevent: false };
    const before = this.locks(event);
    if (this.isText(event)) {
      this.send([...before, ...textEvents(event.key)]);
      return { prevent: true };
    }
    if (!scanCodeOf(event.code)) {
      if (before.length > 0) this.send(before);
      return { prevent: false };
    }
    if (this.textMode && CHARACTER_MODIFIERS.includes(event.code)) {
      this.kept.add(event.code);
      if (before.length > 0) this.send(before);
      return { prevent: true };
    }
    if (this.windows && event.code === "ControlLeft" && !event.repeat) {
      if (before.length > 0) this.send(before);
      this.doubtfulCtrl = event.timeStamp;
      this.doubtTimer = setTimeout(() => this.resolveCtrl(null), ALT_GR_GAP_MS);
      return { prevent: true };
    }
    this.emitKey(event.code, true, before);
    return { prevent: true };
  }

  up(event: KeyInput): KeyVerdict {
    this.resolveCtrl(null);
    if (this.kept.delete(event.code)) return { prevent: true };
    if (this.held.has(event.code)) {
      const events = [keyEvent(event.code, false)];
      this.held.delete(event.code);
      // While Meta is down, macOS never tells that the others went up.
      if (event.code.startsWith("Meta")) events.push(...this.releaseOthers());
      this.send(events);
    }
    return { prevent: !event.isComposing };
  }

  /** Text of an input method or a pasted one. */
  text(text: string): void {
    if (text !== "") this.send(textEvents(text));
  }

  /** Keys that a browser cannot see, pressed in order and released in reverse. */
  chord(codes: readonly string[]): void {
    this.send([
      ...codes.map((code) => keyEvent(code, true)),
      ...[...codes].reverse().map((code) => keyEvent(code, false)),
    ]);
  }

  /** Ctrl + V and nothing else, whatever is held at this moment. */
  paste(): void {
    this.resolveCtrl(null);
    const modifiers = [...this.held].filter((code) => /^(Shift|Control|Alt|Meta)/.test(code));
    const ctrl = modifiers.some((code) => code.startsWith("Control"));
    const others = modifiers.filter((code) => !code.startsWith("Control"));
    const events: InputEventInit[] = [];
    // Before the others go up: a Windows key that is struck alone opens a menu.
    if (!ctrl) events.push(keyEvent("ControlLeft", true));
    events.push(...others.map((code) => keyEvent(code, false)));
    events.push(keyEvent("KeyV", true), keyEvent("KeyV", false));
    if (!ctrl) events.push(keyEvent("ControlLeft", false));
    for (const code of others) {
      if (code.startsWith("Meta")) this.held.delete(code);
      else events.push(keyEvent(code, true));
    }
    this.send(events);
  }

  /** Focus is gone: nothing may stay down, and locks may change meanwhile. */
  releaseAll(): void {
    this.dropDoubt();
    this.held.clear();
    this.kept.clear();
    this.locksDue = true;
    this.send([{ event: { case: "releaseAll", value: {} } }]);
  }

  private isText(event: KeyInput): boolean {
    const character = [...event.key].length === 1;
    if (!character) return false;
    // On-screen keyboards give characters without a place on a board.
    if (event.code === "" || event.code === "Unidentified") return true;
    if (!this.textMode || event.metaKey) return false;
    return event.getModifierState("AltGraph") || !(event.ctrlKey || event.altKey);
  }

  private locks(event: KeyInput): InputEventInit[] {
    // A lock key changes its state as it goes down: too late to tell how it stood.
    if (!this.locksDue || LOCKS.includes(event.code)) return [];
    this.locksDue = false;
    const on = (name: string) => event.getModifierState(name);
    return [
      {
        event: {
          case: "lockState",
          value: { capsLock: on("CapsLock"), numLock: on("NumLock"), scrollLock: on("ScrollLock") },
        },
      },
    ];
  }

  /** Sends a left Ctrl that was held back; true when it belonged to this AltGr. */
  private resolveCtrl(next: KeyInput | null): boolean {
    if (this.doubtfulCtrl === null) return false;
    const artefact =
      next !== null &&
      next.code === "AltRight" &&
      Math.abs(next.timeStamp - this.doubtfulCtrl) <= ALT_GR_GAP_MS;
    this.dropDoubt();
    if (artefact && this.textMode) {
      this.kept.add("AltRight");
      return false;
    }
    if (!artefact) this.emitKey("ControlLeft", true, []);
    return artefact;
  }

  private dropDoubt(): void {
    this.doubtfulCtrl = null;
    if (this.doubtTimer !== null) clearTimeout(this.doubtTimer);
    this.doubtTimer = null;
  }

  private emitKey(code: string, down: boolean, before: InputEventInit[]): void {
    const events = [...before];
    for (const modifier of this.kept) {
      events.push(keyEvent(modifier, true));
      this.held.add(modifier);
    }
    this.kept.clear();
    events.push(keyEvent(code, down));
    this.held.add(code);
    this.send(events);
  }

  private releaseOthers(): InputEventInit[] {
    const events: InputEventInit[] = [];
    for (const code of this.held) {
      if (/^(Shift|Control|Alt|Meta)/.test(code)) continue;
      events.push(keyEvent(code, false));
      this.held.delete(code);
    }
    return events;
  }
}

function keyEvent(code: string, down: boolean): InputEventInit {
  const place = scanCodeOf(code) ?? { scanCode: 0, extended: false };
  return { event: { case: "key", value: { ...place, down } } };
}

/** As many events as the text needs; line ends become LF. */
export function textEvents(text: string): InputEventInit[] {
  const characters = [...text.replace(/\r\n?/g, "\n")];
  const events: InputEventInit[] = [];
  for (let at = 0; at < characters.length; at += MAX_TYPED_TEXT) {
    const part = characters.slice(at, at + MAX_TYPED_TEXT).join("");
    events.push({ event: { case: "text", value: { text: part } } });
  }
  return events;
}
