// One calm sentence while it is slow: what makes it so, the figure, and what helps.

import { Snail } from "lucide-react";
import type { EngineStats, SlowFacts } from "../engine/messages";
import type { ViewerState } from "./state";

export function rate(kbps: number): string {
  return kbps >= 1000 ? `${(kbps / 1000).toFixed(1)} Mbit/s` : `${Math.round(kbps)} kbit/s`;
}

const ms = (value: number): string => `${Math.round(value)} ms`;

/** From here on the way itself is long, whatever is sent over it. */
const LONG_TRIP_MS = 200;

export function slowSentence(slow: SlowFacts, preset: string): string {
  const lower = preset === "low" ? "" : "choose a lower quality";
  const or = (other: string) => (lower ? `${capital(lower)} or ${other}.` : `${capital(other)}.`);
  switch (slow.cause) {
    case "line": {
      const trip = `${ms(slow.roundTripMs)} round trip`;
      // Nothing that is sent makes a long way shorter, and its rate is not to blame.
      if (slow.roundTripMs >= LONG_TRIP_MS && slow.queueMs < slow.roundTripMs / 2)
        return `Slow because of the line: ${trip}. The way is long; a cable instead of Wi-Fi helps most.`;
      const advice = or("stop what else uses the line at either end");
      return `Slow because of the line: ${rate(slow.linkKbps)}, ${trip}. ${advice}`;
    }
    case "encoder":
      return (
        `Slow because of the encoder: ${ms(slow.pictureMs)} for a picture, ` +
        `${ms(slow.intervalMs)} wanted. ${or("a smaller screen resolution on the machine")}`
      );
    case "remote_cpu": {
      const figure =
        slow.cpuPercent >= 90
          ? `${slow.cpuPercent} % of its processors in use`
          : `${ms(slow.pictureMs)} for a picture`;
      return `Slow because the machine is busy: ${figure}. ${or("close programs there")}`;
    }
    case "local_cpu":
      return (
        `Slow because of this computer: ${ms(slow.pictureMs)} to draw a picture. ` +
        or("close other tabs and programs here")
      );
  }
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

export function presetOf(stats: EngineStats): string {
  return stats.quality?.preset ?? "auto";
}

export function SlowNotice({ state }: { state: ViewerState }) {
  const { stats, phase, session, showStats } = state;
  // The region stays, so that a reader is told of what appears in it. The statistics say
  // the same where they are open.
  const slow = phase === "live" && session?.agent === "online" ? (stats?.slow ?? null) : null;
  return (
    <div role="status">
      {slow && stats && !showStats && (
        <p className="slow-notice" data-testid="viewer-slow" data-cause={slow.cause}>
          <Snail size={14} aria-hidden />
          {slowSentence(slow, presetOf(stats))}
        </p>
      )}
    </div>
  );
}
