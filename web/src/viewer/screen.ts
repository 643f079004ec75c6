// The canvas on the page: how large it is, which pointer it shows, and where others point.

import { toSurface } from "../input/pointer";
import { type CursorImage, CursorMaker, cursorScale, paint } from "./cursor";
import type { ViewerState } from "./state";

const GHOST_MS = 3000;

export interface ScreenPorts {
  state(): ViewerState;
  inControl(): boolean;
}

export class Screen {
  readonly canvas = document.createElement("canvas");
  private stage: HTMLElement | null = null;
  private ghost: HTMLCanvasElement | null = null;
  private ghostTimer: ReturnType<typeof setTimeout> | null = null;
  private shape: CursorImage | null = null;
  private cursorKnown = false;
  private scale = 1;
  private readonly cursors = new CursorMaker();

  constructor(private readonly ports: ScreenPorts) {
    this.canvas.className = "viewer-canvas";
    this.canvas.dataset.testid = "viewer-canvas";
    this.canvas.width = 1;
    this.canvas.height = 1;
  }

  attach(stage: HTMLElement): void {
    this.stage = stage;
    stage.append(this.canvas);
  }

  close(): void {
    this.cursors.close();
    this.ghost?.remove();
    if (this.ghostTimer !== null) clearTimeout(this.ghostTimer);
  }

  layout(): void {
    const { surface, scaling } = this.ports.state();
    const stage = this.stage;
    if (!surface || !stage) return;
    const exact = 1 / window.devicePixelRatio;
    let scale = exact;
    if (scaling === "fit") {
      scale = Math.min(stage.clientWidth / surface.width, stage.clientHeight / surface.height);
      // Nearly the same size: rather a thin edge than a blurred picture.
      if (Math.abs(scale / exact - 1) < 0.02 && scale >= exact) scale = exact;
    }
    this.scale = scale;
    this.canvas.style.width = `${surface.width * scale}px`;
    this.canvas.style.height = `${surface.height * scale}px`;
    this.canvas.classList.toggle("exact", Number.isInteger(scale * window.devicePixelRatio));
    stage.classList.toggle("scrolls", scaling === "one");
    this.applyCursor();
  }

  applyCursor(): void {
    if (!this.ports.inControl() || !this.cursorKnown) {
      this.canvas.style.cursor = "default";
      return;
    }
    void this.cursors.make(this.shape, this.scale, (css) => {
      if (this.ports.inControl()) this.canvas.style.cursor = css;
    });
  }

  /** Someone else moved the pointer: shows where it is. */
  showGhost(x: number, y: number): void {
    const { surface } = this.ports.state();
    if (!this.shape || !surface) return;
    if (!this.ghost) {
      this.ghost = paint(this.shape);
      this.ghost.className = "viewer-ghost";
      this.ghost.ariaHidden = "true";
      this.stage?.append(this.ghost);
    }
    const box = this.canvas.getBoundingClientRect();
    const scale = cursorScale(this.shape, this.scale);
    const left = box.left + (x / surface.width) * box.width - this.shape.x * scale;
    const top = box.top + (y / surface.height) * box.height - this.shape.y * scale;
    this.ghost.style.transform = `translate(${left}px, ${top}px) scale(${scale})`;
    if (this.ghostTimer !== null) clearTimeout(this.ghostTimer);
    // Who looks on needs the pointer for as long as it stays; who controls has their own.
    if (this.ports.inControl()) this.ghostTimer = setTimeout(() => this.hideGhost(), GHOST_MS);
  }

  hideGhost(): void {
    this.ghost?.remove();
    this.ghost = null;
  }

  /** The machine's pointer has another shape; null for none. */
  setCursor(shape: CursorImage | null): void {
    this.shape = shape;
    this.cursorKnown = true;
    this.hideGhost();
    this.applyCursor();
  }

  /** This person's own pointer is what counts now. */
  moved(): void {
    if (this.ghost && this.ports.inControl()) this.hideGhost();
  }

  /** On the machine's screen. */
  place(event: MouseEvent): { x: number; y: number } {
    const surface = this.ports.state().surface ?? { width: 1, height: 1 };
    return toSurface(event.clientX, event.clientY, this.canvas.getBoundingClientRect(), surface);
  }
}
