// Why it is slow: what the machine says, and what this end sees of itself. The same
// rules as crates/video/src/slow.rs, for the one cause that a viewer can know best.

import { type Slow, SlowCause, type VideoStatus } from "../gen/guruconnect/v2/video_pb";
import type { SlowFacts } from "./messages";

const SLICE_MS = 500;
const ENTER_MS = 1000;
const LEAVE_MS = 2000;
/** A single picture may take this long without anybody calling it slow. */
const BEARABLE_MS = 80;
/** Part of a slice that drawing fills when it is what limits. */
const FULL = 0.85;

const CAUSES: Partial<Record<SlowCause, SlowFacts["cause"]>> = {
  [SlowCause.LINE]: "line",
  [SlowCause.ENCODER]: "encoder",
  [SlowCause.REMOTE_CPU]: "remote_cpu",
  [SlowCause.LOCAL_CPU]: "local_cpu",
};

/** What the machine says; null when nothing slows it, or by something unknown here. */
export function slowFacts(slow: Slow | undefined, status: VideoStatus): SlowFacts | null {
  const cause = slow && CAUSES[slow.cause];
  if (!cause) return null;
  return {
    cause,
    linkKbps: status.linkKbps,
    roundTripMs: status.roundTripUs / 1000,
    queueMs: slow.queueUs / 1000,
    pictureMs: slow.pictureUs / 1000,
    intervalMs: slow.intervalUs / 1000,
    cpuPercent: Math.min(100, slow.cpuPercent),
  };
}

/** Whether this computer draws as fast as pictures come. Times in ms, one clock. */
export class DrawWatch {
  private slice: { since: number; pictures: number; spent: number } | null = null;
  private suspectSince: number | null = null;
  private slow: { pictureMs: number; intervalMs: number } | null = null;
  private confirmed = 0;

  drawn(ms: number, now: number): void {
    this.slice ??= { since: now, pictures: 0, spent: 0 };
    this.slice.pictures += 1;
    this.slice.spent += ms;
  }

  /** What one picture costs while that is what slows; to be called now and then. */
  assess(fps: number, now: number): { pictureMs: number; intervalMs: number } | null {
    const slice = this.slice;
    if (slice && now - slice.since >= SLICE_MS) {
      this.slice = null;
      this.count(slice, fps, now);
    }
    if (this.slow && now - this.confirmed >= LEAVE_MS) this.slow = null;
    return this.slow;
  }

  private count(slice: { since: number; pictures: number; spent: number }, fps: number, now: number): void {
    // Pictures may have ended long before anybody asked again.
    const end = Math.min(now, slice.since + Math.max(SLICE_MS, slice.spent));
    const length = end - slice.since;
    const intervalMs = 1000 / Math.max(1, fps);
    const pictureMs = slice.spent / slice.pictures;
    const missed = slice.pictures < (length / intervalMs) * FULL;
    const full = missed && slice.spent >= length * FULL;
    if (!full && pictureMs <= Math.max(2 * intervalMs, BEARABLE_MS)) {
      this.suspectSince = null;
      return;
    }
    this.suspectSince ??= slice.since;
    if (!this.slow && end - this.suspectSince < ENTER_MS) return;
    this.slow = { pictureMs, intervalMs };
    this.confirmed = end;
  }
}
