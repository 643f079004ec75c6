import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import type { SlowFacts } from "../src/engine/messages";
import { RegionLog } from "../src/engine/regions";
import { DrawWatch } from "../src/engine/slow";
import { Statistics } from "../src/engine/stats";
import { FrameSchema, Preset, SlowCause, VideoStatusSchema } from "../src/gen/guruconnect/v2/video_pb";
import { addRegions, strength } from "../src/viewer/regions-overlay";
import { rate, slowSentence } from "../src/viewer/slow";
import { millis, sparkline } from "../src/viewer/stats-overlay";

const rect = { x: 0, y: 0, width: 8, height: 8 };
const frame = (frameId: number, init: MessageInitShape<typeof FrameSchema> = {}) =>
  create(FrameSchema, {
    frameId,
    last: true,
    captureUs: 5000,
    encodeUs: 3000,
    grabUs: 1000,
    operations: [{ rect, draw: { case: "tile", value: { encoding: 1, data: new Uint8Array(300) } } }],
    ...init,
  });
const status = (init: MessageInitShape<typeof VideoStatusSchema>) => create(VideoStatusSchema, init);

function shown(): Statistics {
  const stats = new Statistics(true);
  stats.videoStatus(
    status({ roundTripUs: 40_000, targetKbps: 3000, linkKbps: 5000, settings: { preset: Preset.AUTO } }),
  );
  for (let i = 0; i < 20; i++) {
    const now = 1000 + i * 30;
    stats.received(400, now);
    stats.frame(frame(10 + i), now);
    stats.drawn("tile", 64, 1);
    stats.drawn("copy", 64, 1);
    stats.settled(10 + i, 6 + (i === 19 ? 94 : 0), true, now + 6);
  }
  return stats;
}

describe("statistics", () => {
  it("measure every step apart", () => {
    const { times, latencyMs, fps, kbps, byteShares, regions, linkKbps } = shown().snapshot(1600);
    expect(times.capture).toEqual({ p50: 1, p95: 1 });
    expect(times.encode).toEqual({ p50: 3, p95: 3 });
    expect(times.network).toEqual({ p50: 20, p95: 20 });
    expect(times.draw).toEqual({ p50: 2, p95: 2 });
    expect(times.decode.p50).toBe(4);
    expect(times.total.p50).toBe(1 + 5 + 20 + 6);
    expect(latencyMs).toBe(32);
    expect(fps).toBe(20);
    expect(kbps).toBe(64);
    expect(byteShares).toEqual({ tile: 1, h264: 0, copy: 0, fill: 0 });
    expect(regions).toEqual({ tile: 0.5, copy: 0.5, h264: 0, fill: 0 });
    expect(linkKbps).toBe(5000);
  });

  it("keep the longest of each part of the past, and forget", () => {
    const stats = shown();
    const line = stats.snapshot(1600).history.total;
    expect(line).toHaveLength(30);
    expect(Math.max(...line)).toBe(126);
    expect(line.at(-1)).toBe(126);
    const later = stats.snapshot(9000);
    expect(later.times.total).toEqual({ p50: 0, p95: 0 });
    expect(later.fps).toBe(0);
    expect(later.framesPresented).toBe(20);
  });

  it("count numbers that never came, but not over a new link", () => {
    const stats = shown();
    stats.frame(frame(32), 1700);
    expect(stats.snapshot(1700).framesDropped).toBe(2);
    stats.restart();
    stats.frame(frame(1), 1800);
    expect(stats.snapshot(1800).framesDropped).toBe(2);
  });

  it("are not led astray by frames that are never finished", () => {
    const stats = new Statistics(false);
    for (let id = 1; id < 1000; id++) stats.frame(frame(id, { last: false }), id);
    stats.settled(3, 5, true, 2000);
    stats.settled(999, 5, true, 2000);
    stats.settled(1000, 5, false, 2000);
    const seen = stats.snapshot(2000);
    expect(seen.times.capture.p50).toBe(1);
    expect([seen.framesPresented, seen.framesDiscarded]).toEqual([2, 1]);
  });
});

describe("why it is slow", () => {
  const line = { cause: SlowCause.LINE, queueUs: 120_000, intervalUs: 16_667 };

  it("is taken from the machine, and an unknown cause is none", () => {
    const stats = new Statistics(true);
    stats.videoStatus(status({ slow: line, linkKbps: 1800, roundTripUs: 240_000 }));
    expect(stats.snapshot(10).slow).toMatchObject({
      cause: "line",
      linkKbps: 1800,
      roundTripMs: 240,
      queueMs: 120,
    });
    stats.videoStatus(status({ slow: { cause: 77 as SlowCause } }));
    expect(stats.snapshot(20).slow).toBeNull();
    stats.videoStatus(status({}));
    expect(stats.snapshot(30).slow).toBeNull();
  });

  it("is this computer when drawing fills its time, whatever the machine takes it for", () => {
    const stats = new Statistics(true);
    stats.videoStatus(status({ slow: line }));
    let now = 1000;
    for (let i = 1; i < 30; i++) {
      stats.frame(frame(i), now);
      stats.settled(i, 90, true, now);
      stats.snapshot(now);
      now += 95;
    }
    expect(stats.snapshot(now).slow).toMatchObject({ cause: "local_cpu", pictureMs: 90 });
    expect(stats.snapshot(now + 4000).slow).toMatchObject({ cause: "line" });
  });

  it("needs a second and is not told of what keeps up", () => {
    const watch = new DrawWatch();
    const run = (from: number, length: number, every: number, ms: number) => {
      for (let at = from; at < from + length; at += every) {
        watch.drawn(ms, at);
        watch.assess(30, at);
      }
      return watch.assess(30, from + length);
    };
    expect(run(0, 2000, 30, 29)).toBeNull();
    expect(run(2000, 900, 100, 100)).toBeNull();
    expect(run(2900, 600, 100, 100)).toMatchObject({ pictureMs: 100 });
    expect(run(3500, 1200, 30, 2)).not.toBeNull();
    expect(run(4700, 1500, 30, 2)).toBeNull();
  });

  it("is one sentence with a figure and what helps", () => {
    const facts: SlowFacts = {
      cause: "line",
      linkKbps: 1800,
      roundTripMs: 140,
      queueMs: 100,
      pictureMs: 48,
      intervalMs: 17,
      cpuPercent: 97,
    };
    expect(slowSentence(facts, "auto")).toBe(
      "Slow because of the line: 1.8 Mbit/s, 140 ms round trip. Choose a lower quality or stop what else uses the line at either end.",
    );
    expect(slowSentence({ ...facts, roundTripMs: 240, queueMs: 10 }, "low")).toContain("The way is long");
    expect(slowSentence({ ...facts, cause: "encoder" }, "low")).toContain(
      "48 ms for a picture, 17 ms wanted",
    );
    expect(slowSentence({ ...facts, cause: "remote_cpu" }, "high")).toContain("97 % of its processors");
    expect(slowSentence({ ...facts, cause: "remote_cpu", cpuPercent: 40 }, "high")).toContain(
      "48 ms for a picture",
    );
    expect(slowSentence({ ...facts, cause: "local_cpu" }, "low")).not.toContain("lower quality");
    expect([rate(1800), rate(600), millis(9.96), millis(12.4)]).toEqual([
      "1.8 Mbit/s",
      "600 kbit/s",
      "10.0",
      "12",
    ]);
  });
});

describe("outlines", () => {
  const at = (x: number, y: number, width: number, height: number) => ({ x, y, width, height });

  it("cost nothing while nobody looks", () => {
    const log = new RegionLog();
    log.drawn("tile", at(0, 0, 8, 8));
    expect(log.take()).toEqual([]);
  });

  it("tell a tile where motion was from any other", () => {
    const log = new RegionLog();
    log.watch(true);
    log.drawn("h264", at(64, 64, 320, 240));
    log.drawn("tile", at(0, 0, 32, 32));
    log.drawn("tile", at(96, 96, 64, 64));
    log.drawn("tile", at(96, 96, 64, 64));
    expect(log.take().map((one) => one.kind)).toEqual(["h264", "tile", "refined", "tile"]);
    log.watch(false);
    log.watch(true);
    log.drawn("tile", at(200, 200, 32, 32));
    expect(log.take().map((one) => one.kind)).toEqual(["tile"]);
  });

  it("stay bounded, the newest first", () => {
    const log = new RegionLog();
    log.watch(true);
    for (let i = 0; i < 5000; i++) log.drawn("fill", at(i, 0, 1, 1));
    const regions = log.take();
    expect(regions).toHaveLength(400);
    expect(regions.at(-1)?.x).toBe(4999);
    expect(addRegions([], [...regions, ...regions], 0)).toHaveLength(600);
  });

  it("give way to what covers them and fade", () => {
    const one = { kind: "tile" as const, ...at(10, 10, 20, 20) };
    const shown = addRegions([], [one], 0);
    expect(addRegions(shown, [{ kind: "h264", ...at(0, 0, 100, 100) }], 10).map((each) => each.kind)).toEqual(
      ["h264"],
    );
    expect(addRegions(shown, [{ kind: "fill", ...at(200, 0, 5, 5) }], 10)).toHaveLength(2);
    expect(addRegions(shown, [], 5000)).toEqual([]);
    expect([strength(0), strength(600), strength(1800)]).toEqual([1, 1, 0]);
  });

  it("draw bars that never leave their box", () => {
    expect(sparkline([0, 0])).toBe("");
    expect(sparkline([0, 5, 10])).toBe("M20.0 16v-8.0h14.0v8.0zM40.0 16v-16.0h14.0v16.0z");
  });
});
