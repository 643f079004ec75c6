import { describe, expect, it } from "vitest";
import { storeZstd } from "../mock/zstd-stored";
import { decodeZstd, inspectZstd } from "../src/wire/zstd";
import { COMPRESSED } from "./zstd-samples";

const decode = (data: Uint8Array, size: number) => decodeZstd(data, size, new Uint8Array(size));

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
    ["nothing", new Uint8Array(), 64],
  ])("refuses %s", (_name, data, size) => {
    expect(() => inspectZstd(data, size)).toThrow();
  });
});
