// Notices that somebody drags something out of the picture with the button held down.

/** Beyond the picture by so much: it was meant. CSS pixels. */
const OUTSIDE = 8;
/** At the window's own edge, beyond which no pointer goes, for so long. */
const REST_MS = 400;

export interface Box {
  left: number;
  top: number;
  right: number;
  bottom: number;
}

export class DragEdge {
  private timer: ReturnType<typeof setTimeout> | null = null;
  private told = false;

  constructor(private readonly out: () => void) {}

  /** The pointer is there. `window`: what a pointer can reach, where there is an edge. */
  move(x: number, y: number, held: boolean, picture: Box, window: Box): void {
    const beyond = (box: Box, by: number) =>
      x < box.left - by || y < box.top - by || x >= box.right + by || y >= box.bottom + by;
    const outside = held && beyond(picture, OUTSIDE);
    const atEdge = held && beyond(window, -1);
    if (!outside && !atEdge) {
      this.forget();
      return;
    }
    if (this.told) return;
    if (outside) this.tell();
    else this.timer ??= setTimeout(() => this.tell(), REST_MS);
  }

  /** The button is up, or somewhere else. */
  forget(): void {
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
    this.told = false;
  }

  private tell(): void {
    this.forget();
    this.told = true;
    this.out();
  }
}
