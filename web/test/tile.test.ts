import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { decodeTile, TileRefused } from "../src/wire/tile";
import { ZstdRefused } from "../src/wire/zstd";
import { loadZstd } from "./zstd-module";

const zstd = await loadZstd();
const root = join(import.meta.dirname, "../..");
const hex = (text: string) => new Uint8Array(Buffer.from(text, "hex"));

interface Vector {
  name: string;
  encoding: number;
  width: number;
  height: number;
  data: Uint8Array;
  /** B G R X. */
  pixels: Uint8Array;
}

/** The same vectors that the Rust decoder is held against. */
const vectors: Vector[] = readFileSync(join(root, "crates/codec/tests/golden/tiles.tsv"), "utf8")
  .trim()
  .split("\n")
  .map((line) => {
    const [name = "", encoding, width, height, data = "", pixels = ""] = line.split("\t");
    return {
      name,
      encoding: Number(encoding),
      width: Number(width),
      height: Number(height),
      data: hex(data),
      pixels: hex(pixels),
    };
  });

function decode({ encoding, data, width, height }: Omit<Vector, "name" | "pixels">): Uint8Array {
  const out = new Uint32Array(width * height);
  decodeTile(zstd, { encoding, data }, width, height, out);
  return new Uint8Array(out.buffer);
}

/** Every refusal is one of ours: no trap, no range error, no memory asked for in vain. */
function decodeOrRefuse(tile: Omit<Vector, "name" | "pixels">): boolean {
  try {
    decode(tile);
    return true;
  } catch (error) {
    if (error instanceof TileRefused || error instanceof ZstdRefused) return false;
    throw error;
  }
}

function random(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state >>> 8) % Math.max(1, below);
  };
}

describe("golden vectors", () => {
  it("cover every encoding", () => {
    expect(new Set(vectors.map((vector) => vector.encoding))).toEqual(new Set([1, 2, 3]));
  });

  it.each(vectors)("are decoded as they were meant: $name", (vector) => {
    const shown = decode(vector);
    const meant = vector.pixels.slice();
    for (let i = 0; i < meant.length; i += 4) {
      [meant[i], meant[i + 2]] = [vector.pixels[i + 2] ?? 0, vector.pixels[i] ?? 0];
    }
    expect(Buffer.from(shown).equals(Buffer.from(meant))).toBe(true);
  });

  it.each(vectors)("are refused in another size: $name", (vector) => {
    for (const [dx, dy] of [
      [0, 1],
      [8, 0],
    ] as const) {
      const other = { ...vector, width: vector.width + dx, height: vector.height + dy };
      expect(() => decode(other)).toThrow();
    }
  });

  it.each(vectors)("never do harm when they are broken: $name", (vector) => {
    const next = random(vector.data.length);
    for (let round = 0; round < 400; round++) {
      const data = vector.data.slice();
      for (let i = next(4); i >= 0; i--) data[next(data.length)] = next(256);
      decodeOrRefuse({ ...vector, data: next(8) === 0 ? data.subarray(0, next(data.length)) : data });
    }
    // It still works.
    expect(decode(vector).length).toBe(vector.pixels.length);
  });
});

describe("the corpus of the fuzz target", () => {
  const folder = join(root, "fuzz/corpus/tile");
  it.each(readdirSync(folder).sort())("is refused unless it is good: %s", (name) => {
    const bytes = new Uint8Array(readFileSync(join(folder, name)));
    const [encoding = 0, low = 0, high = 0, height = 0] = bytes;
    const tile = { encoding, width: low + 256 * high, height, data: bytes.subarray(4) };
    expect(decodeOrRefuse(tile)).toBe(name.startsWith("good-"));
  });
});

describe("sizes", () => {
  it.each([
    [0, 5],
    [5, 0],
    [16_384, 16_384],
  ])("are refused before anything is unpacked: %d x %d", (width, height) => {
    const out = new Uint32Array(1);
    for (const encoding of [1, 2, 3]) {
      expect(() => decodeTile(zstd, { encoding, data: new Uint8Array(20) }, width, height, out)).toThrow(
        TileRefused,
      );
    }
  });

  it("of encodings that do not exist are refused", () => {
    for (const encoding of [0, 4, 99])
      expect(() => decode({ ...vectors[0], encoding } as Vector)).toThrow(TileRefused);
  });
});
