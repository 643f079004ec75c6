// What each part of the picture was drawn with, for the diagnosis overlay. Costs
// nothing while nobody looks.

import type { RegionKind } from "./picture";

/** `refined`: an exact tile where motion had been. */
export type ShownKind = RegionKind | "refined";

export interface Region {
  kind: ShownKind;
  x: number;
  y: number;
  width: number;
  height: number;
}

const CELL = 32;
/** Regions kept between two reports; the newest stay. */
const MOST_REGIONS = 400;
/** Bits that a cell's row number is shifted by; sides are at most 16384. */
const ROW = 1024;

export class RegionLog {
  private watching = false;
  private regions: Region[] = [];
  /** Cells that motion drew last. */
  private readonly lossy = new Set<number>();

  get on(): boolean {
    return this.watching;
  }

  watch(on: boolean): void {
    this.watching = on;
    this.restart();
  }

  /** Another surface. */
  restart(): void {
    this.regions = [];
    this.lossy.clear();
  }

  drawn(kind: RegionKind, rect: { x: number; y: number; width: number; height: number }): void {
    if (!this.watching) return;
    const { x, y, width, height } = rect;
    const refined = this.note(kind, rect) && kind === "tile";
    if (this.regions.length >= MOST_REGIONS) this.regions.shift();
    this.regions.push({ kind: refined ? "refined" : kind, x, y, width, height });
  }

  /** What came since the last call. */
  take(): Region[] {
    const regions = this.regions;
    this.regions = [];
    return regions;
  }

  /** True when at least one cell had been motion and is not any more. */
  private note(kind: RegionKind, rect: { x: number; y: number; width: number; height: number }): boolean {
    if (kind !== "h264" && this.lossy.size === 0) return false;
    let cleared = false;
    for (let row = Math.floor(rect.y / CELL); row * CELL < rect.y + rect.height; row++) {
      for (let column = Math.floor(rect.x / CELL); column * CELL < rect.x + rect.width; column++) {
        const cell = row * ROW + column;
        if (kind === "h264") this.lossy.add(cell);
        else if (this.lossy.delete(cell)) cleared = true;
      }
    }
    return cleared;
  }
}
