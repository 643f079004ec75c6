// What the page is told of the engine's numbers, and how often.

import type { EngineEvent } from "./messages";
import { RegionLog } from "./regions";
import type { Statistics } from "./stats";

const STATS_EVERY_MS = 200;
/** The same while someone reads them and nothing comes. */
const STATS_SHOWN_MS = 500;
const REGIONS_EVERY_MS = 100;

export class Reports {
  readonly regions = new RegionLog();
  private statsTimer: ReturnType<typeof setTimeout> | null = null;
  private statsAt = 0;
  private shownTimer: ReturnType<typeof setInterval> | null = null;
  private regionsTimer: ReturnType<typeof setTimeout> | null = null;

  constructor(
    private readonly stats: () => Statistics,
    private readonly post: (event: EngineEvent) => void,
  ) {}

  /** Something has changed. */
  soon(now: number): void {
    if (this.statsTimer !== null) return;
    const wait = Math.max(0, this.statsAt + STATS_EVERY_MS - now);
    this.statsTimer = setTimeout(() => this.now(), wait);
  }

  now(): void {
    if (this.statsTimer !== null) clearTimeout(this.statsTimer);
    this.statsTimer = null;
    this.statsAt = performance.now();
    this.post({ type: "stats", stats: this.stats().snapshot(this.statsAt) });
  }

  /** What somebody looks at costs a timer, the rest nothing. */
  watch(stats: boolean, regions: boolean): void {
    if (this.shownTimer !== null) clearInterval(this.shownTimer);
    this.shownTimer = stats ? setInterval(() => this.soon(performance.now()), STATS_SHOWN_MS) : null;
    if (regions !== this.regions.on) this.regions.watch(regions);
    if (this.regionsTimer !== null) clearTimeout(this.regionsTimer);
    this.regionsTimer = null;
  }

  regionsSoon(): void {
    this.regionsTimer ??= setTimeout(() => {
      this.regionsTimer = null;
      this.post({ type: "regions", regions: this.regions.take() });
    }, REGIONS_EVERY_MS);
  }

  close(): void {
    if (this.statsTimer !== null) clearTimeout(this.statsTimer);
    this.watch(false, false);
  }
}
