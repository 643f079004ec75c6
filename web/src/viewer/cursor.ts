// The remote pointer's shape, as a CSS cursor and as a picture for the ghost pointer.

export interface CursorImage {
  width: number;
  height: number;
  x: number;
  y: number;
  rgba: Uint8Array;
}

/** Browsers ignore larger cursor images. */
const LARGEST = 128;
/** A pointer smaller than this cannot be found any more. */
const SMALLEST_SCALE = 0.5;

export function cursorScale(image: { width: number; height: number }, viewScale: number): number {
  const wanted = Math.max(SMALLEST_SCALE, viewScale);
  return Math.min(wanted, LARGEST / image.width, LARGEST / image.height);
}

export function paint(image: CursorImage): HTMLCanvasElement {
  const canvas = document.createElement("canvas");
  canvas.width = image.width;
  canvas.height = image.height;
  const pixels = new ImageData(new Uint8ClampedArray(image.rgba), image.width, image.height);
  canvas.getContext("2d")?.putImageData(pixels, 0, 0);
  return canvas;
}

/** Makes cursors; the one before is let go only when the next is in place. */
export class CursorMaker {
  private url: string | null = null;
  private turn = 0;

  async make(image: CursorImage | null, viewScale: number, apply: (css: string) => void): Promise<void> {
    this.turn += 1;
    const turn = this.turn;
    if (!image) {
      apply("none");
      return;
    }
    let canvas = paint(image);
    const scale = cursorScale(image, viewScale);
    if (scale !== 1) {
      const scaled = document.createElement("canvas");
      scaled.width = Math.max(1, Math.round(image.width * scale));
      scaled.height = Math.max(1, Math.round(image.height * scale));
      scaled.getContext("2d")?.drawImage(canvas, 0, 0, scaled.width, scaled.height);
      canvas = scaled;
    }
    const blob = await new Promise<Blob | null>((resolve) => canvas.toBlob(resolve));
    // A newer shape may have overtaken this one.
    if (!blob || turn !== this.turn) return;
    const before = this.url;
    this.url = URL.createObjectURL(blob);
    apply(`url("${this.url}") ${Math.round(image.x * scale)} ${Math.round(image.y * scale)}, default`);
    if (before) setTimeout(() => URL.revokeObjectURL(before), 1000);
  }

  close(): void {
    this.turn += 1;
    if (this.url) URL.revokeObjectURL(this.url);
    this.url = null;
  }
}
