import { useSyncExternalStore } from "react";

const listeners = new Set<() => void>();
let timer: ReturnType<typeof setInterval> | null = null;
let now = Date.now();

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  timer ??= setInterval(() => {
    now = Date.now();
    for (const each of listeners) each();
  }, 1000);
  return () => {
    listeners.delete(listener);
    if (listeners.size === 0 && timer !== null) {
      clearInterval(timer);
      timer = null;
    }
  };
}

/** One clock for the page, so that all durations tick together. */
export function useNow(): number {
  return useSyncExternalStore(subscribe, () => now);
}

/** "4 s", "12 min", "3 h 5 min", "9 d". */
export function spell(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return minutes % 60 === 0 ? `${hours} h` : `${hours} h ${minutes % 60} min`;
  return `${Math.floor(hours / 24)} d`;
}

/** One unit only, for narrow places: "4 h". */
export function spellShort(ms: number): string {
  return spell(ms).split(" ").slice(0, 2).join(" ");
}

/** "04:12" or "1:04:12". */
export function stopwatch(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  const two = (value: number) => String(value).padStart(2, "0");
  const hours = Math.floor(seconds / 3600);
  const rest = `${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`;
  return hours > 0 ? `${hours}:${rest}` : rest;
}

const exactly = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium" });

export function exact(ms: number): string {
  return exactly.format(ms);
}

/** Relative, with the exact time on hover. */
export function Ago({ at, none = "never" }: { at: number | null; none?: string }) {
  const current = useNow();
  if (at === null) return <span className="muted">{none}</span>;
  const past = current - at;
  const text = past >= 0 ? (past < 5000 ? "just now" : `${spellShort(past)} ago`) : `in ${spell(-past)}`;
  return (
    <time dateTime={new Date(at).toISOString()} title={exact(at)}>
      {text}
    </time>
  );
}

/** How long something has lasted; ticks by itself. */
export function Lasting({ since, until }: { since: number; until?: number | null }) {
  const current = useNow();
  return <span title={`since ${exact(since)}`}>{stopwatch((until ?? current) - since)}</span>;
}
