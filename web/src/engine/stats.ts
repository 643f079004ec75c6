// Counters of the last second, for people and for measurements.

import { VideoCodec } from "../gen/guruconnect/v2/hello_pb";
import type { VideoStatus } from "../gen/guruconnect/v2/video_pb";
import { Preset } from "../gen/guruconnect/v2/video_pb";
import { cleanText } from "../wire/validate";
import type { EngineStats, OpeningStep, QualitySettings } from "./messages";
import type { RegionKind } from "./picture";

const WINDOW_MS = 1000;

interface Sample {
  at: number;
  frames: number;
  bytes: number;
}

const PRESETS: Record<number, QualitySettings["preset"]> = {
  [Preset.AUTO]: "auto",
  [Preset.LOW]: "low",
  [Preset.BALANCED]: "balanced",
  [Preset.HIGH]: "high",
  [Preset.CUSTOM]: "custom",
};

const CODECS: Record<number, string> = {
  [VideoCodec.H264]: "h264",
  [VideoCodec.HEVC]: "hevc",
  [VideoCodec.AV1]: "av1",
};

export class Statistics {
  private samples: Sample[] = [];
  private regions = { h264: 0, tile: 0, copy: 0, fill: 0 };
  private regionsSince = 0;
  private shares = { h264: 0, tile: 0, copy: 0, fill: 0 };
  private presented = 0;
  private discarded = 0;
  private lastFrameId = 0;
  private bytes = 0;
  private drawUs = 0;
  private captureUs = 0;
  private encodeUs = 0;
  private roundTripUs = 0;
  private status: VideoStatus | null = null;
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
    this.add(now, 0, bytes);
  }

  settled(frameId: number, drawUs: number, presented: boolean, now: number): void {
    if (!presented) {
      this.discarded += 1;
      return;
    }
    this.presented += 1;
    this.lastFrameId = frameId;
    this.drawUs = this.drawUs === 0 ? drawUs : this.drawUs * 0.8 + drawUs * 0.2;
    this.add(now, 1, 0);
  }

  frameTimes(captureUs: number, encodeUs: number): void {
    this.captureUs = captureUs;
    this.encodeUs = encodeUs;
  }

  drawn(kind: RegionKind, pixels: number): void {
    this.regions[kind] += pixels;
  }

  roundTrip(us: number): void {
    this.roundTripUs = us;
  }

  videoStatus(status: VideoStatus): void {
    this.status = status;
  }

  private add(at: number, frames: number, bytes: number): void {
    const last = this.samples.at(-1);
    if (last && at - last.at < 20) {
      last.frames += frames;
      last.bytes += bytes;
    } else {
      this.samples.push({ at, frames, bytes });
    }
    while (this.samples[0] && at - this.samples[0].at > WINDOW_MS) this.samples.shift();
  }

  snapshot(now: number): EngineStats {
    this.add(now, 0, 0);
    if (now - this.regionsSince > WINDOW_MS) {
      const sum = this.regions.h264 + this.regions.tile + this.regions.copy + this.regions.fill;
      const share = (value: number) => (sum === 0 ? 0 : value / sum);
      this.shares = {
        h264: share(this.regions.h264),
        tile: share(this.regions.tile),
        copy: share(this.regions.copy),
        fill: share(this.regions.fill),
      };
      this.regions = { h264: 0, tile: 0, copy: 0, fill: 0 };
      this.regionsSince = now;
    }
    const frames = this.samples.reduce((sum, sample) => sum + sample.frames, 0);
    const bytes = this.samples.reduce((sum, sample) => sum + sample.bytes, 0);
    const settings = this.status?.settings;
    const agentTrip = this.status?.roundTripUs ?? 0;
    const trip = agentTrip > 0 ? agentTrip : this.roundTripUs;
    return {
      framesPresented: this.presented,
      opening: { ...this.opening },
      framesDiscarded: this.discarded,
      lastFrameId: this.lastFrameId,
      bytes: this.bytes,
      fps: frames,
      kbps: Math.round((bytes * 8) / WINDOW_MS),
      drawMs: this.drawUs / 1000,
      captureMs: this.captureUs / 1000,
      encodeMs: this.encodeUs / 1000,
      roundTripMs: trip / 1000,
      latencyMs: (this.captureUs + trip / 2 + this.drawUs) / 1000,
      regions: this.shares,
      codec: CODECS[this.status?.codec ?? 0] ?? "tiles",
      encoder: cleanText(this.status?.encoder ?? "", 64),
      targetKbps: this.status?.targetKbps ?? 0,
      quality: settings
        ? { preset: PRESETS[settings.preset] ?? "auto", fps: settings.fps, kbps: settings.kbps }
        : null,
      decodeErrors: this.decodeErrors,
      links: this.links,
      offscreen: this.offscreen,
    };
  }
}
