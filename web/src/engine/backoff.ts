const FIRST_MS = 500;
const LONGEST_MS = 15_000;

/**
 * Milliseconds before the next attempt: full jitter, so that many viewers of one
 * server that restarts do not come back in step.
 */
export function backoff(attempt: number, random: () => number = Math.random): number {
  return Math.round(random() * Math.min(LONGEST_MS, FIRST_MS * 2 ** Math.min(attempt, 10)));
}
