// The numbers of the session, for who wants to know where the time and the bytes go.

import { X } from "lucide-react";
import { type EngineStats, PHASES, type Phase } from "../engine/messages";
import type { ViewerController } from "./controller";
import { presetOf, rate, slowSentence } from "./slow";
import type { ViewerState } from "./state";

const KINDS = ["h264", "tile", "copy", "fill"] as const;
const NAMES = { h264: "H.264", tile: "Lossless", copy: "Copied", fill: "Filled" };
const CODEC_NAMES: Record<string, string> = { h264: "H.264", hevc: "HEVC", av1: "AV1" };
const PHASE_NAMES: Record<Phase, [name: string, hint: string]> = {
  capture: ["Capture", "Reading the machine's screen"],
  encode: ["Encode", "Comparing and encoding there"],
  network: ["Network", "One way, taken as half of the round trip"],
  decode: ["Decode", "From the last byte to pixels"],
  draw: ["Draw", "Pixels onto the canvas here"],
  total: ["In all", "From the machine's screen to this one"],
};

/** Short enough for a column: tenths only where they matter. */
export function millis(value: number): string {
  return value >= 10 ? value.toFixed(0) : value.toFixed(1);
}

const WIDTH = 60;
const HEIGHT = 16;

/** Bars from the bottom; the longest reaches the top. */
export function sparkline(points: readonly number[]): string {
  const most = Math.max(...points, 1);
  const step = WIDTH / Math.max(1, points.length);
  return points
    .map((value, i) => {
      if (value <= 0) return "";
      const high = Math.max(1, (value / most) * HEIGHT);
      return `M${(i * step).toFixed(1)} ${HEIGHT}v-${high.toFixed(1)}h${(step * 0.7).toFixed(1)}v${high.toFixed(1)}z`;
    })
    .join("");
}

function facts(stats: EngineStats, surface: ViewerState["surface"]): [string, string, string][] {
  return [
    ["fps", "Pictures", `${stats.fps} /s`],
    ["rate", "Received", rate(stats.kbps)],
    ["round-trip", "Round trip", stats.roundTripMs > 0 ? `${millis(stats.roundTripMs)} ms` : "–"],
    ["link", "Line carries", stats.linkKbps > 0 ? `≥ ${rate(stats.linkKbps)}` : "–"],
    ["target", "Motion may take", stats.targetKbps > 0 ? rate(stats.targetKbps) : "–"],
    ["codec", "Motion", CODEC_NAMES[stats.codec] ?? "lossless only"],
    ["encoder", "Encoder", stats.encoder || "–"],
    ["lost", "Dropped, discarded", `${stats.framesDropped}, ${stats.framesDiscarded}`],
    ["size", "Picture", surface ? `${surface.width} × ${surface.height}` : "–"],
    ["thread", "Drawn in", stats.offscreen ? "own thread" : "page thread"],
  ];
}

function Shares({ shares }: { shares: EngineStats["byteShares"] }) {
  let start = 0;
  const bars = KINDS.map((kind) => {
    const bar = { kind, x: start * 100, width: shares[kind] * 100 };
    start += shares[kind];
    return bar;
  });
  return (
    <div data-testid="stats-shares">
      <h3>Bytes of the last second</h3>
      <svg className="region-bar" viewBox="0 0 100 6" preserveAspectRatio="none" aria-hidden="true">
        {bars.map((bar) => (
          <rect key={bar.kind} className={bar.kind} x={bar.x} y="0" width={bar.width} height="6" />
        ))}
      </svg>
      <div className="region-key">
        {KINDS.map((kind) => (
          <span key={kind} data-kind={kind}>
            <i className={kind} />
            {NAMES[kind]} {Math.round(shares[kind] * 100)} %
          </span>
        ))}
      </div>
    </div>
  );
}

export function StatsOverlay({ controller, state }: { controller: ViewerController; state: ViewerState }) {
  const { stats, surface, showRegions } = state;
  const close = () => {
    controller.setOverlays(false, showRegions);
    controller.focus();
  };
  return (
    <section className="stats-overlay" aria-label="Statistics" data-testid="stats-overlay">
      <header>
        <h2>Statistics</h2>
        <button type="button" className="tool" aria-label="Close" data-testid="stats-close" onClick={close}>
          <X size={14} aria-hidden />
        </button>
      </header>
      {!stats && <p className="muted">Nothing has come from the machine yet.</p>}
      {stats && (
        <>
          <table>
            <thead>
              <tr>
                <th scope="col">Milliseconds</th>
                <th scope="col">
                  <abbr title="Half of the pictures took no longer">median</abbr>
                </th>
                <th scope="col">
                  <abbr title="Nineteen of twenty pictures took no longer">95 %</abbr>
                </th>
                <th scope="col">
                  <span className="hidden-visually">Last six seconds</span>
                </th>
              </tr>
            </thead>
            <tbody>
              {PHASES.map((phase) => (
                <tr key={phase} data-testid={`stats-${phase}`} className={phase}>
                  <th scope="row" title={PHASE_NAMES[phase][1]}>
                    {PHASE_NAMES[phase][0]}
                  </th>
                  <td data-value={stats.times[phase].p50}>{millis(stats.times[phase].p50)}</td>
                  <td data-value={stats.times[phase].p95}>{millis(stats.times[phase].p95)}</td>
                  <td>
                    <svg className="sparkline" viewBox={`0 0 ${WIDTH} ${HEIGHT}`} aria-hidden="true">
                      <path d={sparkline(stats.history[phase])} />
                    </svg>
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
          <dl>
            {facts(stats, surface).map(([id, name, value]) => (
              <div key={id} className="stats-row">
                <dt>{name}</dt>
                <dd data-testid={`stats-${id}`}>{value}</dd>
              </div>
            ))}
          </dl>
          <Shares shares={stats.byteShares} />
          {stats.slow && (
            <p className="slow" data-testid="stats-slow" data-cause={stats.slow.cause}>
              {slowSentence(stats.slow, presetOf(stats))}
            </p>
          )}
        </>
      )}
      <button
        type="button"
        className="button small"
        aria-pressed={showRegions}
        aria-keyshortcuts="Control+Alt+Shift+O"
        title="Ctrl + Alt + Shift + O"
        data-testid="toggle-regions"
        onClick={() => {
          controller.setOverlays(true, !showRegions);
          controller.focus();
        }}
      >
        {showRegions ? "Hide outlines" : "Outline what is drawn"}
      </button>
    </section>
  );
}
