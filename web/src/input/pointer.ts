// Pointer and wheel, in surface pixels. Moves wait for the next frame of the screen,
// buttons never do: each carries its place and takes a waiting move along.

import type { InputEventInit } from "../engine/messages";
import type { Button } from "../gen/guruconnect/v2/input_pb";

export interface Size {
  width: number;
  height: number;
}

export interface Place {
  x: number;
  y: number;
}

export interface Box {
  left: number;
  top: number;
  width: number;
  height: number;
}

/** The surface pixel under a point of the page, kept inside the surface. */
export function toSurface(clientX: number, clientY: number, box: Box, surface: Size): Place {
  const along = (at: number, start: number, length: number, pixels: number) => {
    const pixel = Math.floor(((at - start) / Math.max(1, length)) * pixels);
    return Math.min(Math.max(0, pixel), Math.max(0, pixels - 1));
  };
  return {
    x: along(clientX, box.left, box.width, surface.width),
    y: along(clientY, box.top, box.height, surface.height),
  };
}

/** Wire numbers by `MouseEvent.button`: left, middle, right, back, forward. */
const BUTTONS: readonly Button[] = [1, 2, 3, 4, 5];

type Schedule = (work: () => void) => void;

export class Pointer {
  private waiting: Place | null = null;
  private paused = false;
  private last: Place | null = null;
  private readonly down = new Set<number>();

  constructor(
    private readonly send: (events: InputEventInit[]) => void,
    private readonly nextFrame: Schedule = (work) => requestAnimationFrame(work),
  ) {}

  move(place: Place): void {
    if (this.last && place.x === this.last.x && place.y === this.last.y && !this.waiting) return;
    this.waiting = place;
    // The first after a pause goes at once; what follows within the frame waits.
    if (this.paused) return;
    this.flush();
    this.pause();
  }

  button(button: number, down: boolean, place: Place): void {
    const name = BUTTONS[button];
    if (name === undefined) return;
    if (down) this.down.add(button);
    // A release whose press went elsewhere is not ours to tell.
    else if (!this.down.delete(button)) return;
    const events = this.pending();
    this.last = place;
    events.push({ event: { case: "pointerButton", value: { button: name, down, position: place } } });
    this.send(events);
  }

  wheel(x: number, y: number, place: Place): void {
    const events = this.pending();
    events.push({ event: { case: "wheel", value: { x, y, position: place } } });
    this.send(events);
  }

  /** Everything is up already: the agent was told by `ReleaseAll`. */
  forget(): void {
    this.down.clear();
    this.waiting = null;
    this.last = null;
  }

  private pause(): void {
    this.paused = true;
    this.nextFrame(() => {
      this.paused = false;
      if (this.waiting) {
        this.flush();
        this.pause();
      }
    });
  }

  private flush(): void {
    const events = this.pending();
    if (events.length > 0) this.send(events);
  }

  private pending(): InputEventInit[] {
    const place = this.waiting;
    this.waiting = null;
    if (!place) return [];
    this.last = place;
    return [{ event: { case: "pointerMove", value: { position: place } } }];
  }
}

const UNIT = 120;
const MOST = UNIT * 100;

/** Browser wheel deltas as 1/120 of a notch; what is less than one is carried over. */
export class WheelUnits {
  private restX = 0;
  private restY = 0;

  /** `mode` is `WheelEvent.deltaMode`: 0 pixels, 1 lines, 2 pages. */
  take(deltaX: number, deltaY: number, mode: number): { x: number; y: number } | null {
    // A notch is 100 pixels, 3 lines or a page in the browsers there are.
    const factor = mode === 0 ? UNIT / 100 : mode === 1 ? UNIT / 3 : UNIT;
    this.restX += deltaX * factor;
    this.restY += deltaY * factor;
    const x = clamp(Math.trunc(this.restX));
    const y = clamp(Math.trunc(this.restY));
    this.restX -= Math.trunc(this.restX);
    this.restY -= Math.trunc(this.restY);
    return x === 0 && y === 0 ? null : { x, y };
  }
}

function clamp(value: number): number {
  return Math.min(MOST, Math.max(-MOST, value));
}
