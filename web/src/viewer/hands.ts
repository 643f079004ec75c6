// What the person does with keyboard, mouse and files over the picture.

import type { FilesController } from "../files/controller";
import type { Keyboard } from "../input/keyboard";
import { type Pointer, WheelUnits } from "../input/pointer";
import type { FileDrags } from "./file-drags";
import type { FilePaste } from "./file-paste";
import type { LocalClipboard } from "./local-clipboard";
import type { PasteGate } from "./paste-gate";
import type { Screen } from "./screen";
import type { ViewerState } from "./state";

export interface HandPorts {
  screen: Screen;
  keyboard: Keyboard;
  pointer: Pointer;
  clipboard: LocalClipboard;
  files: FilesController;
  filePaste: FilePaste;
  drags: FileDrags;
  gate: PasteGate;
  state(): ViewerState;
  update(change: Partial<ViewerState>): void;
  inControl(): boolean;
  mayUseClipboard(): boolean;
  mayMoveFiles(): boolean;
  setOverlays(showStats: boolean, showRegions: boolean): void;
  /** Gives the machine the keyboard. */
  focus(): void;
}

export class Hands {
  private readonly wheel = new WheelUnits();

  constructor(private readonly ports: HandPorts) {}

  listen(stage: HTMLElement, keys: HTMLTextAreaElement, signal: AbortSignal): void {
    const { canvas } = this.ports.screen;
    const on = <K extends keyof HTMLElementEventMap>(
      target: HTMLElement,
      name: K,
      handler: (event: HTMLElementEventMap[K]) => void,
      passive = false,
    ) => target.addEventListener(name, handler, { signal, passive });

    on(keys, "keydown", (event) => this.down(event));
    on(keys, "keyup", (event) => this.ports.gate.up(event));
    on(keys, "paste", (event) => this.ports.gate.pasted(event));
    on(keys, "compositionend", (event) => {
      this.ports.keyboard.text(event.data);
      keys.value = "";
    });
    on(keys, "input", (event) => {
      // What no key event stands for: on-screen keyboards and dead keys.
      const input = event as InputEvent;
      if (!input.isComposing && input.inputType === "insertText" && input.data)
        this.ports.keyboard.text(input.data);
      if (!input.isComposing) keys.value = "";
    });
    on(keys, "blur", () => this.letGo());
    document.addEventListener("visibilitychange", () => document.hidden && this.letGo(), { signal });
    window.addEventListener("blur", () => this.letGo(), { signal });
    window.addEventListener("focus", () => this.ports.mayUseClipboard() && void this.ports.clipboard.look(), {
      signal,
    });
    this.ports.files.listen(
      stage,
      signal,
      () => this.ports.mayMoveFiles(),
      (event) => this.ports.drags.aim(event),
    );
    window.addEventListener("pagehide", () => this.letGo(), { signal });
    window.addEventListener("pagehide", () => this.ports.drags.leave(), { signal });
    // Newer browsers tell of every change while the page has the focus.
    navigator.clipboard?.addEventListener?.(
      "clipboardchange",
      () => this.ports.mayUseClipboard() && void this.ports.clipboard.look(),
      { signal },
    );
    document.addEventListener(
      "fullscreenchange",
      () => {
        this.ports.update({ fullScreen: document.fullscreenElement !== null });
        this.ports.focus();
      },
      { signal },
    );

    on(canvas, "pointerdown", (event) => {
      event.preventDefault();
      this.ports.focus();
      void this.ports.clipboard
        .gesture()
        .then((done) => done && this.ports.update({ clipboardWaiting: false }));
      this.ports.filePaste.touched();
      canvas.setPointerCapture(event.pointerId);
      this.ports.pointer.button(event.button, true, this.ports.screen.place(event));
    });
    on(canvas, "pointermove", (event) => {
      this.ports.screen.moved();
      // A second button's press or release comes as a move.
      if (event.button >= 0)
        this.ports.pointer.button(
          event.button,
          (event.buttons & bit(event.button)) !== 0,
          this.ports.screen.place(event),
        );
      else this.ports.pointer.move(this.ports.screen.place(event));
      this.ports.drags.watchEdge(event);
    });
    const up = (event: PointerEvent) => {
      this.ports.drags.letGo();
      this.ports.pointer.button(event.button, false, this.ports.screen.place(event));
    };
    on(canvas, "pointerup", up);
    on(canvas, "pointercancel", () => this.letGo());
    on(canvas, "contextmenu", (event) => event.preventDefault());
    on(canvas, "wheel", (event) => {
      if (!this.ports.inControl()) return;
      event.preventDefault();
      const units = this.wheel.take(event.deltaX, event.deltaY, event.deltaMode);
      if (units) this.ports.pointer.wheel(units.x, units.y, this.ports.screen.place(event));
    });
    on(stage, "mousedown", (event) => {
      // Back and forward buttons are the machine's, not the browser's.
      if (event.button > 2) event.preventDefault();
    });

    const resized = new ResizeObserver(() => this.ports.screen.layout());
    resized.observe(stage);
    signal.addEventListener("abort", () => resized.disconnect());
  }

  private letGo(): void {
    this.ports.drags.letGo();
    this.ports.gate.drop();
    this.ports.keyboard.releaseAll();
    this.ports.pointer.forget();
  }

  /** The viewer's own keys, which the machine never sees: Ctrl + Alt + Shift with these. */
  private ownKey(event: KeyboardEvent): boolean {
    if (!event.ctrlKey || !event.altKey || !event.shiftKey || event.metaKey) return false;
    const { showStats, showRegions } = this.ports.state();
    if (event.code === "KeyS") {
      if (!event.repeat) this.ports.setOverlays(!showStats, showRegions);
    } else if (event.code === "KeyT") {
      if (!event.repeat) this.ports.files.show(!this.ports.state().files.shown);
    } else if (event.code === "KeyD") {
      if (!event.repeat) this.ports.filePaste.accept(false);
    } else if (event.code === "KeyO") {
      if (!event.repeat) this.ports.setOverlays(showStats, !showRegions);
    } else {
      return false;
    }
    event.preventDefault();
    return true;
  }

  private down(event: KeyboardEvent): void {
    if (this.ownKey(event)) return;
    if (this.ports.inControl()) this.ports.gate.down(event);
  }
}

/** Bit of `PointerEvent.buttons` for a `PointerEvent.button`. */
function bit(button: number): number {
  return [1, 4, 2, 8, 16][button] ?? 0;
}
