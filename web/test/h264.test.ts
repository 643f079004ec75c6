import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { fills, nalUnits, streamFacts } from "../src/wire/h264";

const bytes = (hex: string) => new Uint8Array(Buffer.from(hex.replace(/\s/g, ""), "hex"));

describe("H.264", () => {
  it("finds the units of an access unit", () => {
    const units = [...nalUnits(bytes("00000001 0910 00000001 6742 000001 68ce"))];
    expect(units.map((unit) => Buffer.from(unit).toString("hex"))).toEqual(["0910", "6742", "68ce"]);
    expect([...nalUnits(bytes("0102"))]).toEqual([]);
  });

  // Parameter sets written by x264.
  it.each([
    ["6742c015d901e08feb011000000300100000030020f162e480", "avc1.42c015", 480, 270],
    ["6742c028d900780227e5c044000003000400000300083c60c920", "avc1.42c028", 1920, 1080],
    ["674d400aeca2136022000003000200000300041e244b2c", "avc1.4d400a", 64, 64],
    ["67640 00cacd94141fb011000000300100000030020f1429960", "avc1.64000c", 320, 240],
  ])("reads the parameter set %s", (hex, codec, width, height) => {
    const unit = bytes(`00000001 0910 00000001 ${hex} 00000001 68cb`);
    expect(streamFacts(unit)).toEqual({ codec, width, height });
  });

  it("has no facts where there is no parameter set", () => {
    expect(streamFacts(bytes("00000001 41 9a"))).toBeNull();
  });

  it("refuses a parameter set that is cut off or endless", () => {
    expect(() => streamFacts(bytes("00000001 6742c0"))).toThrow();
    expect(() => streamFacts(bytes(`00000001 6742c015 ${"00".repeat(40)}`))).toThrow();
  });

  it("refuses parameter sets that contradict each other, wherever they stand", () => {
    const small = "00000001 674d400aeca2136022000003000200000300041e244b2c";
    const large = "00000001 6742c028d900780227e5c044000003000400000300083c60c920";
    expect(streamFacts(bytes(`${small} ${small} 00000001 6588`))?.width).toBe(64);
    expect(() => streamFacts(bytes(`${small} ${large}`))).toThrow("contradict");
    expect(() => streamFacts(bytes(`${small} 00000001 6588 ${large}`))).toThrow("contradict");
    expect(streamFacts(bytes(`00000001 419a ${large}`))?.width).toBe(1920);
  });

  it("refuses streams that no encoder of ours makes", () => {
    expect(() => streamFacts(bytes("00000001 6f42"))).toThrow("plain");
    expect(() => streamFacts(bytes("000001 0910".repeat(65)))).toThrow("too many");
  });

  it("never does harm with the malformed streams of the corpus", () => {
    const folder = join(import.meta.dirname, "../../fuzz/corpus/h264");
    for (const name of readdirSync(folder)) {
      const data = new Uint8Array(readFileSync(join(folder, name))).subarray(2);
      const facts = (() => {
        try {
          return streamFacts(data);
        } catch (error) {
          // Not a range error, nor one of the language.
          expect((error as object).constructor).toBe(Error);
          return null;
        }
      })();
      if (name === "huge-size") expect(facts && fills(facts, { width: 48, height: 48 })).not.toBe(true);
    }
  });

  it("pads at most to whole macroblocks", () => {
    const facts = { codec: "", width: 496, height: 272 };
    expect(fills(facts, { width: 481, height: 270 })).toBe(true);
    expect(fills(facts, { width: 480, height: 270 })).toBe(false);
    expect(fills(facts, { width: 497, height: 270 })).toBe(false);
  });
});
