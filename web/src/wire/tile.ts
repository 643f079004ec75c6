// Lossless tiles to pixels. The layouts stand with `TileEncoding` in video.proto; every
// length is checked against the rectangle before it is used.

import { TileEncoding } from "../gen/guruconnect/v2/video_pb";
import { MAX_TILE_BYTES } from "./limits";
import { statedSize, type Zstd, ZstdRefused } from "./zstd";

export class TileRefused extends Error {}

const littleEndian = new Uint8Array(new Uint32Array([1]).buffer)[0] === 1;

/** One pixel as canvases have it: R G B A in memory. */
function pixel(red: number, green: number, blue: number): number {
  return littleEndian
    ? (0xff000000 | (blue << 16) | (green << 8) | red) >>> 0
    : ((red << 24) | (green << 16) | (blue << 8) | 0xff) >>> 0;
}

export interface TileBytes {
  encoding: number;
  data: Uint8Array;
}

/** Writes the pixels of a tile of `width` x `height` to the front of `out`. */
export function decodeTile(
  zstd: Zstd,
  tile: TileBytes,
  width: number,
  height: number,
  out: Uint32Array,
): void {
  const count = width * height;
  if (count < 1 || count > MAX_TILE_BYTES / 4 || out.length < count) throw new TileRefused("size");
  switch (tile.encoding) {
    case TileEncoding.ZSTD_BGRX:
      plain(zstd.decode(tile.data, count * 4), count, out);
      break;
    case TileEncoding.PALETTE:
      palette(zstd, tile.data, width, height, out);
      break;
    case TileEncoding.DIFFERENCES:
      sums(zstd.decode(tile.data, count * 3), width, count, out);
      break;
    default:
      throw new TileRefused("encoding");
  }
}

function plain(rows: Uint8Array, count: number, out: Uint32Array): void {
  for (let i = 0, at = 0; i < count; i++, at += 4) {
    out[i] = pixel(rows[at + 2] as number, rows[at + 1] as number, rows[at] as number);
  }
}

function palette(zstd: Zstd, data: Uint8Array, width: number, height: number, out: Uint32Array): void {
  const bits = data[0] ?? 0;
  const colors = (data[1] ?? 0) + 1;
  if ((bits !== 1 && bits !== 2 && bits !== 4 && bits !== 8) || colors > 1 << bits)
    throw new TileRefused("palette");
  const frame = data.subarray(2);
  const row = Math.ceil((width * bits) / 8);
  const least = colors * 3 + row * height;
  const size = statedSize(frame);
  const literals = (size - least) / 3;
  if (!Number.isInteger(literals) || literals < 0 || literals > width * height)
    throw new ZstdRefused("content size");
  const content = zstd.decode(frame, size);
  const table = readPalette(content, colors);
  const indices = content.subarray(colors * 3, least);
  if (bits === 8) bytes(indices, content.subarray(least), table, colors, width * height, out);
  else packed(indices, content.subarray(least), table, colors, bits, width, height, out);
}

/** 256 entries; what is beyond the colours is never looked up. */
function readPalette(planes: Uint8Array, colors: number): Uint32Array {
  const table = new Uint32Array(256);
  let green = 0;
  let blue = 0;
  let red = 0;
  for (let i = 0; i < colors; i++) {
    green = (green + (planes[i] as number)) & 255;
    blue = (blue + (planes[colors + i] as number)) & 255;
    red = (red + (planes[2 * colors + i] as number)) & 255;
    table[i] = pixel((red + green) & 255, green, (blue + green) & 255);
  }
  return table;
}

function literal(from: Uint8Array, at: number): number {
  if (at + 3 > from.length) throw new TileRefused("colours are missing");
  const green = from[at] as number;
  return pixel(((from[at + 2] as number) + green) & 255, green, ((from[at + 1] as number) + green) & 255);
}

function bytes(
  indices: Uint8Array,
  literals: Uint8Array,
  table: Uint32Array,
  colors: number,
  count: number,
  out: Uint32Array,
): void {
  let used = 0;
  if (literals.length === 0 && colors === 256) {
    for (let i = 0; i < count; i++) out[i] = table[indices[i] as number] as number;
    return;
  }
  for (let i = 0; i < count; i++) {
    const index = indices[i] as number;
    if (index < colors) {
      out[i] = table[index] as number;
    } else {
      out[i] = literal(literals, used);
      used += 3;
    }
  }
  if (used !== literals.length) throw new TileRefused("colours are left over");
}

function packed(
  indices: Uint8Array,
  literals: Uint8Array,
  table: Uint32Array,
  colors: number,
  bits: number,
  width: number,
  height: number,
  out: Uint32Array,
): void {
  const row = Math.ceil((width * bits) / 8);
  const mask = (1 << bits) - 1;
  let used = 0;
  let to = 0;
  for (let y = 0; y < height; y++) {
    let from = y * row;
    let byte = 0;
    let left = 0;
    for (let x = 0; x < width; x++) {
      if (left === 0) {
        byte = indices[from++] as number;
        left = 8;
      }
      left -= bits;
      const index = (byte >> left) & mask;
      if (index < colors) {
        out[to++] = table[index] as number;
      } else {
        out[to++] = literal(literals, used);
        used += 3;
      }
    }
  }
  if (used !== literals.length) throw new TileRefused("colours are left over");
}

function sums(planes: Uint8Array, width: number, count: number, out: Uint32Array): void {
  const above = new Uint8Array(width * 3);
  for (let start = 0; start < count; start += width) {
    for (let x = 0; x < width; x++) {
      const i = start + x;
      const green = ((above[x] as number) + (planes[i] as number)) & 255;
      const blue = ((above[width + x] as number) + (planes[count + i] as number)) & 255;
      const red = ((above[2 * width + x] as number) + (planes[2 * count + i] as number)) & 255;
      above[x] = green;
      above[width + x] = blue;
      above[2 * width + x] = red;
      out[i] = pixel((red + green) & 255, green, (blue + green) & 255);
    }
  }
}
