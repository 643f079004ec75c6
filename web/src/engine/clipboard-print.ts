// What a clipboard content is known by, whatever a browser or system has made of it.

import { MAX_CLIPBOARD_PIXELS, MAX_CLIPBOARD_SIDE } from "../wire/limits";
import type { ClipboardContent } from "./clipboard";
import { encodeFiles } from "./clipboard-files";

export interface ClipboardPrint {
  text?: string;
  files?: string;
  html?: string;
  rtf?: string;
  image?: string;
}

const SIGNATURE = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];

/** Width and height as the header has them; null for what is no PNG or too large. */
export function pngSize(png: Uint8Array): { width: number; height: number } | null {
  if (png.length < 33 || SIGNATURE.some((byte, i) => png[i] !== byte)) return null;
  const view = new DataView(png.buffer, png.byteOffset, png.byteLength);
  if (view.getUint32(12) !== 0x49484452) return null;
  const [width, height] = [view.getUint32(16), view.getUint32(20)];
  const fits =
    width > 0 &&
    height > 0 &&
    width <= MAX_CLIPBOARD_SIDE &&
    height <= MAX_CLIPBOARD_SIDE &&
    width * height <= MAX_CLIPBOARD_PIXELS;
  return fits ? { width, height } : null;
}

/** Rows of a picture that are looked at without a pause. */
const STRIP_PIXELS = 1 << 18;

/** Two numbers of 32 bits over all bytes: enough to know a content again, no secret. */
class Hash {
  private a = 0x811c9dc5;
  private b = 0x9e3779b9;
  private length = 0;

  add(bytes: Uint8Array | Uint8ClampedArray): this {
    let { a, b } = this;
    for (const byte of bytes) {
      a = Math.imul(a ^ byte, 0x01000193);
      b = Math.imul(b ^ byte, 0x85ebca6b) ^ (b >>> 15);
    }
    this.a = a;
    this.b = b;
    this.length += bytes.length;
    return this;
  }

  toString(): string {
    return `${this.length}-${(this.a >>> 0).toString(16)}-${(this.b >>> 0).toString(16)}`;
  }
}

function hash(bytes: Uint8Array): string {
  return new Hash().add(bytes).toString();
}

/** The picture as it is seen on white paper; null when the browser cannot read it. */
async function seen(png: Uint8Array<ArrayBuffer>): Promise<string | null> {
  const size = pngSize(png);
  if (!size) return null;
  try {
    const { width, height } = size;
    const bitmap = await createImageBitmap(new Blob([png], { type: "image/png" }));
    if (bitmap.width !== width || bitmap.height !== height) return null;
    const rows = Math.max(1, Math.min(height, Math.floor(STRIP_PIXELS / width)));
    const canvas = new OffscreenCanvas(width, rows);
    const context = canvas.getContext("2d", { willReadFrequently: true });
    if (!context) return null;
    context.fillStyle = "#fff";
    const sum = new Hash();
    for (let y = 0; y < height; y += rows) {
      const strip = Math.min(rows, height - y);
      context.fillRect(0, 0, width, rows);
      context.drawImage(bitmap, 0, -y);
      sum.add(context.getImageData(0, 0, width, strip).data);
      // Frames of the session are drawn by this thread, too.
      await new Promise((resolve) => setTimeout(resolve, 0));
    }
    bitmap.close();
    return `${width}x${height}-${sum}`;
  } catch {
    return null;
  }
}

/** A picture that cannot be read is taken out of the content. */
export async function printOf(content: ClipboardContent): Promise<ClipboardPrint> {
  const print: ClipboardPrint = {};
  const bytes = (text: string) => new TextEncoder().encode(text);
  if (content.text !== undefined) print.text = hash(bytes(content.text));
  if (content.files) print.files = hash(encodeFiles(content.files));
  if (content.html !== undefined) print.html = hash(bytes(content.html));
  if (content.rtf) print.rtf = hash(content.rtf);
  if (content.png) {
    const image = await seen(content.png);
    if (image === null) delete content.png;
    else print.image = image;
  }
  return print;
}

const FORMATS = ["text", "files", "html", "rtf", "image"] as const;

/** Whether there is nothing in it that is not in the other, byte for byte. */
export function isPartOf(print: ClipboardPrint, other: ClipboardPrint): boolean {
  return FORMATS.every((format) => print[format] === undefined || print[format] === other[format]);
}

/**
 * Whether it is what a system made of the other: it may have lost formats, and written
 * markup its own way, but says and shows the same. Of the same files, any text is what
 * the system made of their names.
 */
export function isEchoOf(print: ClipboardPrint, other: ClipboardPrint): boolean {
  if (print.files !== undefined) return print.files === other.files;
  const same = (["text", "image"] as const).every(
    (format) => print[format] === undefined || print[format] === other[format],
  );
  const known = FORMATS.every((format) => print[format] === undefined || other[format] !== undefined);
  const markupCounts = print.text === undefined && print.image === undefined;
  return same && known && (!markupCounts || isPartOf(print, other));
}
