// A zstd frame is looked over before it is decoded, so that a peer's numbers never
// decide about memory: one frame, no dictionary, a small window, the exact size.
// Format: RFC 8878 sections 3.1.1.1 and 3.1.1.2.

import { decompress } from "fzstd";
import { MAX_ZSTD_WINDOW } from "./limits";

export class ZstdRefused extends Error {}

function littleEndian(bytes: Uint8Array, at: number, count: number): number {
  let value = 0;
  for (let i = count - 1; i >= 0; i--) value = value * 256 + (bytes[at + i] ?? 0);
  return value;
}

/** Throws `ZstdRefused` unless `data` is one frame that can hold `size` bytes. */
export function inspectZstd(data: Uint8Array, size: number): void {
  if (data.length < 9 || littleEndian(data, 0, 4) !== 0xfd2fb528) throw new ZstdRefused("not zstd");
  const descriptor = data[4] ?? 0;
  if ((descriptor & 0x08) !== 0) throw new ZstdRefused("reserved bit");
  if ((descriptor & 0x03) !== 0) throw new ZstdRefused("dictionary");
  const single = (descriptor & 0x20) !== 0;
  const checksum = (descriptor & 0x04) !== 0 ? 4 : 0;
  const sizeFlag = descriptor >> 6;
  let at = 5;
  if (!single) {
    const byte = data[at] ?? 0;
    const base = 2 ** (10 + (byte >> 3));
    if (base + (base / 8) * (byte & 7) > MAX_ZSTD_WINDOW) throw new ZstdRefused("window");
    at += 1;
  }
  const sizeBytes = sizeFlag === 0 ? (single ? 1 : 0) : 2 ** sizeFlag;
  if (sizeBytes > 0) {
    const stated = littleEndian(data, at, sizeBytes) + (sizeBytes === 2 ? 256 : 0);
    if (stated !== size) throw new ZstdRefused("content size");
  }
  at += sizeBytes;
  for (;;) {
    if (at + 3 > data.length) throw new ZstdRefused("block header");
    const header = littleEndian(data, at, 3);
    const type = (header >> 1) & 3;
    if (type === 3) throw new ZstdRefused("block type");
    at += 3 + (type === 1 ? 1 : header >> 3);
    if ((header & 1) === 1) break;
  }
  if (at + checksum !== data.length) throw new ZstdRefused("length");
}

/** Decodes into the first `size` bytes of `out`, and returns them. */
export function decodeZstd(data: Uint8Array, size: number, out: Uint8Array): Uint8Array {
  inspectZstd(data, size);
  return decompress(data, out.subarray(0, size));
}
