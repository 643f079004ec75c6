// How much may be on its way; the same rules as crates/filetransfer/src/pace.rs. Slack and
// chunks are what those were before: the smaller ones were not measured in a browser.

const SLACK_S = 0.005;
const FIRST_WINDOW = 64 << 10;
const LEAST_WINDOW = 8 << 10;
export const MAX_CHUNK = 60 << 10;
const LEAST_CHUNK = 4 << 10;
const CHUNK_S = 0.004;
const RATE_ROUNDS = 10;
const WAY_LASTS_S = 30;
const CYCLE = [1.15, 0.9, 1, 1, 1, 1, 1, 1];
const STARTUP = 2.5;

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

  get window(): number {
    const way = this.shortest;
    if (way === null) return Math.min(FIRST_WINDOW, this.room);
    const gain = this.startup ? STARTUP : (CYCLE[this.phase] ?? 1);
    const line = this.rate * way * gain + this.rate * SLACK_S;
    return Math.min(Math.max(line, LEAST_WINDOW), this.room);
  }

  /** Bytes of the next chunk; 0 while none may be sent. */
  get chunk(): number {
    const size =
      this.shortest === null
        ? LEAST_CHUNK
        : Math.min(Math.max(Math.floor(this.rate * CHUNK_S), LEAST_CHUNK), MAX_CHUNK);
    return this.total - this.delivered + size <= this.window ? size : 0;
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
    if (last.delivered >= this.roundEnds) this.nextRound();
    return true;
  }

  private nextRound(): void {
    this.round += 1;
    this.roundEnds = this.delivered;
    while (this.rates.length > 1 && this.round - (this.rates[0]?.round ?? 0) > RATE_ROUNDS) {
      this.rates.shift();
    }
    if (!this.startup) {
      this.phase = (this.phase + 1) % CYCLE.length;
      return;
    }
    if (this.rate > this.plateau * 1.25) {
      this.plateau = this.rate;
      this.still = 0;
    } else {
      this.still += 1;
      this.startup = this.still < 3;
    }
    if (!this.startup) this.phase = 1;
  }
}
