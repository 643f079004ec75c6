// How much may be on its way; the same rules as crates/filetransfer/src/pace.rs.

const SLACK_S = 0.0027;
const FIRST_WINDOW = 64 << 10;
const LEAST_WINDOW = 8 << 10;
export const MAX_CHUNK = 60 << 10;
const LEAST_CHUNK = 4 << 10;
const CHUNK_S = 0.002;
const RATE_ROUNDS = 10;
const WAY_LASTS_S = 30;
const CYCLE = [1.08, 0.92, 1, 1, 1, 1, 1, 1];
const STARTUP = 2.5;
/** While asking for more has brought more. */
const GROWING = 1.25;
/** A rate that rose by more than this is not the best one yet. */
const GREW = 1.04;

interface Sent {
  end: number;
  at: number;
  delivered: number;
  deliveredAt: number;
  starved: boolean;
}

/** Times are in seconds, from any clock that only rises. */
export class Pace {
  private total = 0;
  private delivered = 0;
  private deliveredAt: number;
  private readonly way: { at: number; value: number }[] = [];
  private readonly rates: { round: number; value: number }[] = [];
  private flying: Sent[] = [];
  private round = 0;
  private roundEnds = 0;
  private startup = true;
  private plateau = 0;
  private still = 0;
  private phase = 2;
  private grows = false;
  private starving = true;

  constructor(
    now: number,
    private room: number,
  ) {
    this.deliveredAt = now;
  }

  get rate(): number {
    return this.rates.reduce((most, one) => Math.max(most, one.value), 0);
  }

  private get shortest(): number | null {
    return this.way.length > 0 ? Math.min(...this.way.map((one) => one.value)) : null;
  }

  private get gain(): number {
    if (this.startup) return STARTUP;
    return this.phase === 0 && this.grows ? GROWING : (CYCLE[this.phase] ?? 1);
  }

  get window(): number {
    const way = this.shortest;
    if (way === null) return Math.min(FIRST_WINDOW, this.room);
    const line = Math.max(this.rate * way, LEAST_WINDOW);
    let asked = line * this.gain;
    // One chunk more at least: with less a slow rate would find itself confirmed.
    if (this.gain > 1) asked = Math.max(asked, line + LEAST_CHUNK);
    return Math.min(asked + this.rate * SLACK_S, this.room);
  }

  /** Bytes of the next chunk; 0 while none may be sent. */
  get chunk(): number {
    const size =
      this.shortest === null
        ? LEAST_CHUNK
        : Math.min(Math.max(Math.floor(this.rate * CHUNK_S), LEAST_CHUNK), MAX_CHUNK);
    const flying = this.total - this.delivered;
    // Rounded to whole chunks, and not down: a window that is never full shows a slower
    // line, which makes for a smaller window.
    return flying + size / 2 <= this.window && flying + size <= this.room ? size : 0;
  }

  sent(bytes: number, now: number): void {
    if (this.flying.length === 0) this.deliveredAt = now;
    this.total += bytes;
    this.flying.push({
      end: this.total,
      at: now,
      delivered: this.delivered,
      deliveredAt: this.deliveredAt,
      starved: this.starving,
    });
    this.starving = false;
  }

  starve(): void {
    this.starving = true;
  }

  /** False when more was acknowledged than was sent. */
  acknowledged(received: number, room: number, now: number): boolean {
    if (received > this.total) return false;
    this.room = Math.max(room, LEAST_WINDOW);
    if (received <= this.delivered) return true;
    let count = 0;
    while (count < this.flying.length && (this.flying[count] as Sent).end <= received) count += 1;
    const last = this.flying[count - 1];
    this.flying = this.flying.slice(count);
    this.delivered = received;
    this.deliveredAt = now;
    if (!last) return true;
    this.way.push({ at: now, value: now - last.at });
    while (this.way.length > 1 && now - (this.way[0]?.at ?? now) > WAY_LASTS_S) this.way.shift();
    // The longer ones before a shorter one count for nothing any more.
    const shortest = now - last.at;
    while (this.way.length > 1 && (this.way[this.way.length - 2]?.value ?? 0) >= shortest) {
      this.way.splice(this.way.length - 2, 1);
    }
    const rate = (received - last.delivered) / Math.max(now - last.deliveredAt, 50e-6);
    if (!last.starved || rate > this.rate) {
      while (this.rates.length > 0 && (this.rates[this.rates.length - 1]?.value ?? 0) <= rate) {
        this.rates.pop();
      }
      this.rates.push({ round: this.round, value: rate });
    }
    if (last.delivered >= this.roundEnds) this.nextRound(last.starved);
    return true;
  }

  private nextRound(starved: boolean): void {
    this.round += 1;
    this.roundEnds = this.delivered;
    while (this.rates.length > 1 && this.round - (this.rates[0]?.round ?? 0) > RATE_ROUNDS) {
      this.rates.shift();
    }
    const rate = this.rate;
    if (!this.startup) {
      if (this.phase === 1) {
        // What was asked for in one round is there at the end of the next.
        this.grows = rate > this.plateau * GREW;
        this.phase = this.grows ? 0 : 2;
        this.plateau = rate;
        return;
      }
      this.phase = (this.phase + 1) % CYCLE.length;
      if (this.phase === 0) this.plateau = rate;
      return;
    }
    // Who had nothing to send has found out nothing.
    if (starved) return;
    if (rate > this.plateau * 1.25) {
      this.plateau = rate;
      this.still = 0;
      return;
    }
    this.still += 1;
    if (this.still < 3) return;
    this.startup = false;
    this.phase = 1;
    this.plateau = rate;
  }
}
