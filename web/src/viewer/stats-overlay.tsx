import type { EngineStats } from "../engine/messages";
import type { ViewerState } from "./controller";

const KINDS = ["h264", "tile", "copy", "fill"] as const;
const NAMES = { h264: "H.264", tile: "lossless", copy: "copied", fill: "filled" };

/** One sentence when it is slow, naming what makes it so. */
export function slowSentence(stats: EngineStats): string | null {
  if (stats.roundTripMs > 250)
    return `Slow: the way to the machine takes ${Math.round(stats.roundTripMs)} ms.`;
  if (stats.drawMs > 60) return `Slow: this computer needs ${Math.round(stats.drawMs)} ms to draw a picture.`;
  if (stats.captureMs > 120)
    return `Slow: the machine needs ${Math.round(stats.captureMs)} ms for a picture.`;
  return null;
}

export function StatsOverlay({ state }: { state: ViewerState }) {
  const { stats, surface } = state;
  if (!stats) return null;
  const rows: [string, string][] = [
    ["Pictures", `${stats.fps} fps`],
    ["Capture to drawn", `${stats.latencyMs.toFixed(0)} ms`],
    ["Drawing", `${stats.drawMs.toFixed(1)} ms`],
    ["Round trip", `${stats.roundTripMs.toFixed(0)} ms`],
    ["Received", `${stats.kbps.toLocaleString()} kbit/s`],
    ["Target", stats.targetKbps > 0 ? `${stats.targetKbps.toLocaleString()} kbit/s` : "–"],
    ["Codec", stats.codec === "tiles" ? "lossless only" : stats.codec],
    ["Encoder", stats.encoder || "–"],
    ["Picture", surface ? `${surface.width} × ${surface.height}` : "–"],
    ["Drawn in", stats.offscreen ? "own thread" : "page thread"],
  ];
  const slow = slowSentence(stats);
  let start = 0;
  const bars = KINDS.map((kind) => {
    const bar = { kind, x: start * 100, width: stats.regions[kind] * 100 };
    start += stats.regions[kind];
    return bar;
  });
  return (
    <section className="stats-overlay" aria-label="Statistics" data-testid="stats-overlay">
      <dl>
        {rows.map(([name, value]) => (
          <div key={name} className="stats-row">
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      <svg className="region-bar" viewBox="0 0 100 6" preserveAspectRatio="none" aria-hidden="true">
        {bars.map((bar) => (
          <rect key={bar.kind} className={bar.kind} x={bar.x} y="0" width={bar.width} height="6" />
        ))}
      </svg>
      <div className="region-key">
        {KINDS.map((kind) => (
          <span key={kind}>
            <i className={kind} />
            {NAMES[kind]} {Math.round(stats.regions[kind] * 100)} %
          </span>
        ))}
      </div>
      {slow && <p className="slow">{slow}</p>}
    </section>
  );
}
