// A zstd frame is looked over before it is decoded, so that a peer's numbers never
// decide about memory: one frame, no dictionary, a small window, the exact size.
// Format: RFC 8878 sections 3.1.1.1 and 3.1.1.2. The decoder is the reference one as
// WebAssembly: in plain JavaScript the same pictures took a hundred times longer.

import { MAX_TILE_BYTES, MAX_ZSTD_WINDOW } from "./limits";

export class ZstdRefused extends Error {}

function littleEndian(bytes: Uint8Array, at: number, count: number): number {
  let value = 0;
  for (let i = count - 1; i >= 0; i--) value = value * 256 + (bytes[at + i] ?? 0);
  return value;
}

interface Header {
  size: number;
  checksum: number;
  /** Of the first block. */
  at: number;
}

function readHeader(data: Uint8Array): Header {
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
  if (sizeBytes === 0) throw new ZstdRefused("no content size");
  const size = littleEndian(data, at, sizeBytes) + (sizeBytes === 2 ? 256 : 0);
  return { size, checksum, at: at + sizeBytes };
}

/** What a frame says it holds, bytes; nothing else about it has been checked. */
export function statedSize(data: Uint8Array): number {
  return readHeader(data).size;
}

/** Throws `ZstdRefused` unless `data` is one frame that can hold `size` bytes. */
export function inspectZstd(data: Uint8Array, size: number): void {
  if (size < 1 || size > MAX_TILE_BYTES) throw new ZstdRefused("size");
  const header = readHeader(data);
  if (header.size !== size) throw new ZstdRefused("content size");
  const { checksum } = header;
  let { at } = header;
  for (;;) {
    if (at + 3 > data.length) throw new ZstdRefused("block header");
    const block = littleEndian(data, at, 3);
    const type = (block >> 1) & 3;
    if (type === 3) throw new ZstdRefused("block type");
    at += 3 + (type === 1 ? 1 : block >> 3);
    if ((block & 1) === 1) break;
  }
  if (at + checksum !== data.length) throw new ZstdRefused("length");
}

interface Exports {
  memory: WebAssembly.Memory;
  malloc(size: number): number;
  free(at: number): void;
  ZSTD_decompress(to: number, room: number, from: number, size: number): number;
}

/** A piece of the decoder's memory that grows and is used again. */
interface Region {
  at: number;
  size: number;
}

interface Instance {
  exports: Exports;
  heap: Uint8Array;
  input: Region;
  output: Region;
}

export class Zstd {
  private instance: Instance | null = null;

  constructor(private readonly module: WebAssembly.Module) {}

  private open(): Instance {
    // The import tells of grown memory; `heap` below finds that out by itself.
    const env = { emscripten_notify_memory_growth: () => undefined };
    const exports = new WebAssembly.Instance(this.module, { env }).exports as unknown as Exports;
    const empty = () => ({ at: 0, size: 0 });
    return { exports, heap: new Uint8Array(exports.memory.buffer), input: empty(), output: empty() };
  }

  /**
   * The content of one frame, which must be exactly `size` bytes. What is returned lies in
   * the decoder's memory: it is good until the next call.
   */
  decode(data: Uint8Array, size: number): Uint8Array {
    inspectZstd(data, size);
    this.instance ??= this.open();
    const instance = this.instance;
    const { exports } = instance;
    try {
      this.reserve(instance, instance.input, data.length);
      this.reserve(instance, instance.output, size);
      // Growth of the memory replaces the buffer.
      if (instance.heap.buffer !== exports.memory.buffer)
        instance.heap = new Uint8Array(exports.memory.buffer);
      instance.heap.set(data, instance.input.at);
      const { input, output } = instance;
      const length = exports.ZSTD_decompress(output.at, size, input.at, data.length);
      if (instance.heap.buffer !== exports.memory.buffer)
        instance.heap = new Uint8Array(exports.memory.buffer);
      if (length !== size) throw new ZstdRefused("corrupt");
      return instance.heap.subarray(output.at, output.at + size);
    } catch (error) {
      // After a trap nothing is known about its memory: the next tile gets a new one.
      if (!(error instanceof ZstdRefused)) this.instance = null;
      throw error;
    }
  }

  private reserve({ exports }: Instance, region: Region, size: number): void {
    if (region.size >= size) return;
    if (region.at !== 0) exports.free(region.at);
    region.size = 0;
    region.at = exports.malloc(Math.max(size, 64 << 10));
    if (region.at === 0) throw new Error("no memory for a tile");
    region.size = Math.max(size, 64 << 10);
  }
}
