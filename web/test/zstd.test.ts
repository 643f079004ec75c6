import { describe, expect, it } from "vitest";
import { storeZstd } from "../mock/zstd-stored";
import { inspectZstd, ZstdRefused } from "../src/wire/zstd";
import { loadZstd } from "./zstd-module";
import { COMPRESSED } from "./zstd-samples";

const zstd = await loadZstd();
const decode = (data: Uint8Array, size: number) => zstd.decode(data, size).slice();

describe("zstd", () => {
  it.each(COMPRESSED)("decodes what the reference compressor wrote: $name", ({ base64, make }) => {
    const data = new Uint8Array(Buffer.from(base64, "base64"));
    const meant = make();
    expect(Buffer.from(decode(data, meant.length)).equals(Buffer.from(meant))).toBe(true);
  });

  it("decodes several raw blocks", () => {
    const data = new Uint8Array(300_000).map((_, i) => i % 251);
    expect(decode(storeZstd(data), data.length)).toEqual(data);
  });

  const good = storeZstd(new Uint8Array(64));
  const broken = (at: number, value: number) => {
    const bytes = good.slice();
    bytes[at] = value;
    return bytes;
  };
  it.each([
    ["another size", good, 65],
    ["a dictionary", broken(4, 0xa1), 64],
    ["the reserved bit", broken(4, 0xa8), 64],
    ["another format", broken(0, 0), 64],
    ["a cut block", good.subarray(0, -1), 64],
    ["a second frame", new Uint8Array([...good, ...good]), 64],
    ["a reserved block type", broken(9, (good[9] ?? 0) | 6), 64],
    // 2 GiB window, no content size.
    ["a huge window", new Uint8Array([0x28, 0xb5, 0x2f, 0xfd, 0x00, 0xa8, 1, 0, 0]), 64],
    ["no content size", new Uint8Array([0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x00, 1, 0, 0]), 64],
    ["no size", good, 0],
    ["more than any tile has", good, (64 << 20) + 1],
    ["nothing", new Uint8Array(), 64],
  ])("refuses %s", (_name, data, size) => {
    expect(() => inspectZstd(data, size)).toThrow();
  });

  it("refuses what breaks only when it is decoded, and goes on", () => {
    // A compressed block of nothing but ones.
    const bytes = new Uint8Array([0x28, 0xb5, 0x2f, 0xfd, 0x20, 64, 0x45, 0, 0, ...new Array(8).fill(255)]);
    expect(() => decode(bytes, 64)).toThrow(ZstdRefused);
    expect(decode(good, 64)).toEqual(new Uint8Array(64));
  });

  it("uses its memory again", () => {
    const large = storeZstd(new Uint8Array(3 << 20).fill(7));
    for (let i = 0; i < 200; i++) expect(decode(large, 3 << 20)[i]).toBe(7);
    expect(decode(good, 64)).toEqual(new Uint8Array(64));
  });
});
