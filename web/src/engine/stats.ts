// Counters of the last seconds, for people and for measurements.

import { VideoCodec } from "../gen/guruconnect/v2/hello_pb";
import type { Frame, VideoStatus } from "../gen/guruconnect/v2/video_pb";
import { Preset } from "../gen/guruconnect/v2/video_pb";
import { cleanText } from "../wire/validate";
import {
  type EngineStats,
  type OpeningStep,
  PHASES,
  type Phase,
  type QualitySettings,
  type SlowFacts,
} from "./messages";
import type { RegionKind } from "./picture";
import { DrawWatch, slowFacts } from "./slow";

const WINDOW_MS = 1000;
/** Times are of this much of the past. */
const TIMES_MS = 6000;
/** Points of a history; each is the longest of its part of the past. */
const POINTS = 30;
const MOST_PICTURES = 600;
/** Frames whose end may be waited for at the same time. */
const MOST_ARRIVING = 64;
/** What a copy or a fill takes on the wire, about. */
const PLAIN_OPERATION = 20;

interface Sample {
  at: number;
  frames: number;
  bytes: number;
  kinds: Kinds;
}

type Kinds = Record<RegionKind, number>;
type Times = Record<Phase, number>;

const none = (): Kinds => ({ h264: 0, tile: 0, copy: 0, fill: 0 });

const PRESETS: Record<number, QualitySettings["preset"]> = {
  [Preset.AUTO]: "auto",
  [Preset.LOW]: "low",
  [Preset.BALANCED]: "balanced",
  [Preset.HIGH]: "high",
  [Preset.CUSTOM]: "custom",
};
/** Pictures per second of the presets, as crates/video/src/settings.rs has them. */
const WANTED_FPS: Partial<Record<Preset, number>> = { [Preset.LOW]: 10, [Preset.BALANCED]: 30 };

const CODECS: Record<number, string> = {
  [VideoCodec.H264]: "h264",
  [VideoCodec.HEVC]: "hevc",
  [VideoCodec.AV1]: "av1",
};

export class Statistics {
  private samples: Sample[] = [];
  private pixels = none();
  private pixelsSince = 0;
  private shares = none();
  private pictures: { at: number; times: Times }[] = [];
  private readonly arriving = new Map<number, { grab: number; encode: number; age: number }>();
  private newest = 0;
  /** Time in drawing calls since the last picture was whole. */
  private drawing = 0;
  private presented = 0;
  private discarded = 0;
  private dropped = 0;
  private lastFrameId = 0;
  private bytes = 0;
  private drawMs = 0;
  private roundTripUs = 0;
  private status: VideoStatus | null = null;
  private readonly watch = new DrawWatch();
  private readonly opening: Partial<Record<OpeningStep, number>> = {};
  decodeErrors = 0;
  links = 0;

  constructor(private readonly offscreen: boolean) {}

  /** Notes the first time that a step is done; whether it was. */
  reached(step: OpeningStep): boolean {
    if (this.opening[step] !== undefined) return false;
    this.opening[step] = performance.timeOrigin + performance.now();
    return true;
  }

  received(bytes: number, now: number): void {
    this.bytes += bytes;
    this.sample(now).bytes += bytes;
  }

  /** A message with a frame came; the agent's times are in it. */
  frame(frame: Frame, now: number): void {
    const { kinds } = this.sample(now);
    for (const { draw } of frame.operations) {
      if (draw.case === "tile") kinds.tile += draw.value.data.length;
      else if (draw.case === "h264" || draw.case === "hevc") kinds.h264 += draw.value.accessUnit.length;
      else if (draw.case) kinds[draw.case] += PLAIN_OPERATION;
    }
    if (frame.frameId > this.newest) {
      if (this.newest > 0) this.dropped += frame.frameId - this.newest - 1;
      this.newest = frame.frameId;
    }
    this.arriving.delete(frame.frameId);
    if (this.arriving.size >= MOST_ARRIVING) {
      const [oldest] = this.arriving.keys();
      if (oldest !== undefined) this.arriving.delete(oldest);
    }
    const { grabUs, encodeUs, captureUs } = frame;
    this.arriving.set(frame.frameId, { grab: grabUs / 1000, encode: encodeUs / 1000, age: captureUs / 1000 });
  }

  /** The agent counts from one again. */
  restart(): void {
    this.newest = 0;
    this.arriving.clear();
    this.drawing = 0;
  }

  /** `spentMs` from the last byte until it was drawn, or given up. */
  settled(frameId: number, spentMs: number, presented: boolean, now: number): void {
    const from = this.arriving.get(frameId);
    this.arriving.delete(frameId);
    const draw = Math.min(this.drawing, spentMs);
    this.drawing = 0;
    if (!presented) {
      this.discarded += 1;
      return;
    }
    this.presented += 1;
    this.lastFrameId = frameId;
    this.drawMs = this.drawMs === 0 ? spentMs : this.drawMs * 0.8 + spentMs * 0.2;
    this.sample(now).frames += 1;
    this.watch.drawn(spentMs, now);
    if (!from) return;
    const network = this.tripUs / 2000;
    const times = {
      capture: from.grab,
      encode: from.encode,
      network,
      decode: spentMs - draw,
      draw,
      total: from.grab + from.age + network + spentMs,
    };
    this.pictures.push({ at: now, times });
    while (this.pictures.length > MOST_PICTURES) this.pictures.shift();
  }

  /** Part of a picture was drawn within `ms`. */
  drawn(kind: RegionKind, pixels: number, ms: number): void {
    this.pixels[kind] += pixels;
    this.drawing += ms;
  }

  roundTrip(us: number): void {
    this.roundTripUs = us;
  }

  videoStatus(status: VideoStatus): void {
    this.status = status;
  }

  /** Between the ends as the agent measures it, else to the relay. */
  private get tripUs(): number {
    return this.status?.roundTripUs || this.roundTripUs;
  }

  private sample(at: number): Sample {
    let last = this.samples.at(-1);
    if (!last || at - last.at >= 20) {
      last = { at, frames: 0, bytes: 0, kinds: none() };
      this.samples.push(last);
    }
    while (this.samples[0] && at - this.samples[0].at > WINDOW_MS) this.samples.shift();
    return last;
  }

  private slow(now: number): SlowFacts | null {
    const status = this.status;
    const settings = status?.settings;
    const fps = settings?.preset === Preset.CUSTOM ? settings.fps : WANTED_FPS[settings?.preset ?? 0];
    const own = this.watch.assess(fps ?? 60, now);
    const told = status ? slowFacts(status.slow, status) : null;
    if (!own) return told;
    // This end knows itself best: to the machine a slow viewer looks like a slow line.
    const facts = { linkKbps: status?.linkKbps ?? 0, roundTripMs: this.tripUs / 1000, queueMs: 0 };
    return { ...facts, cause: "local_cpu", cpuPercent: 0, ...own };
  }

  snapshot(now: number): EngineStats {
    this.sample(now);
    if (now - this.pixelsSince > WINDOW_MS) {
      this.shares = shares(this.pixels);
      this.pixels = none();
      this.pixelsSince = now;
    }
    while (this.pictures[0] && now - this.pictures[0].at > TIMES_MS) this.pictures.shift();
    const kinds = none();
    let [frames, bytes] = [0, 0];
    for (const sample of this.samples) {
      frames += sample.frames;
      bytes += sample.bytes;
      for (const kind of Object.keys(kinds) as RegionKind[]) kinds[kind] += sample.kinds[kind];
    }
    const settings = this.status?.settings;
    const times = spreads(this.pictures.map((one) => one.times));
    return {
      framesPresented: this.presented,
      opening: { ...this.opening },
      framesDiscarded: this.discarded,
      framesDropped: this.dropped,
      lastFrameId: this.lastFrameId,
      bytes: this.bytes,
      fps: frames,
      kbps: Math.round((bytes * 8) / WINDOW_MS),
      drawMs: this.drawMs,
      times,
      history: histories(this.pictures, now),
      roundTripMs: this.tripUs / 1000,
      latencyMs: times.total.p50,
      regions: this.shares,
      byteShares: shares(kinds),
      codec: CODECS[this.status?.codec ?? 0] ?? "tiles",
      encoder: cleanText(this.status?.encoder ?? "", 64),
      targetKbps: this.status?.targetKbps ?? 0,
      linkKbps: this.status?.linkKbps ?? 0,
      slow: this.slow(now),
      quality: settings
        ? { preset: PRESETS[settings.preset] ?? "auto", fps: settings.fps, kbps: settings.kbps }
        : null,
      decodeErrors: this.decodeErrors,
      links: this.links,
      offscreen: this.offscreen,
    };
  }
}

function shares(kinds: Kinds): Kinds {
  const sum = kinds.h264 + kinds.tile + kinds.copy + kinds.fill;
  const share = (value: number) => (sum === 0 ? 0 : value / sum);
  return {
    h264: share(kinds.h264),
    tile: share(kinds.tile),
    copy: share(kinds.copy),
    fill: share(kinds.fill),
  };
}

/** Each phase by itself; half, and nineteen of twenty, took no longer. */
export function spreads(pictures: readonly Times[]): EngineStats["times"] {
  const of = (phase: Phase) => {
    const sorted = pictures.map((times) => times[phase]).sort((a, b) => a - b);
    const at = (part: number) => sorted[Math.max(1, Math.ceil(sorted.length * part)) - 1] ?? 0;
    return { p50: at(0.5), p95: at(0.95) };
  };
  return Object.fromEntries(PHASES.map((phase) => [phase, of(phase)])) as EngineStats["times"];
}

function histories(pictures: readonly { at: number; times: Times }[], now: number): EngineStats["history"] {
  const history = Object.fromEntries(PHASES.map((phase) => [phase, new Array<number>(POINTS).fill(0)]));
  for (const { at, times } of pictures) {
    const point = POINTS - 1 - Math.floor(((now - at) / TIMES_MS) * POINTS);
    for (const phase of PHASES) {
      const line = history[phase];
      if (line && point >= 0 && point < POINTS) line[point] = Math.max(line[point] ?? 0, times[phase]);
    }
  }
  return history as EngineStats["history"];
}
