// Outlines over the picture: what each part was drawn with a moment ago. On a canvas of
// its own, so that the picture stays what the machine sent.

import { type RefObject, useEffect, useRef } from "react";
import type { Region, ShownKind } from "../engine/regions";
import type { ViewerController } from "./controller";
import type { ViewerState } from "./state";

export const SHOWN_KINDS: readonly (readonly [kind: ShownKind, name: string])[] = [
  ["tile", "Lossless tile"],
  ["refined", "Made exact"],
  ["h264", "H.264"],
  ["copy", "Copied"],
  ["fill", "Filled"],
];

/** Each kind differs by its line, too. */
const DASHES: Record<ShownKind, number[]> = {
  tile: [],
  refined: [2, 3],
  h264: [],
  copy: [8, 4],
  fill: [1, 4],
};

/** How long an outline stays, ms. */
const LIFE_MS = 1800;
/** A diagnosis need not be smooth, and must not take the time that it measures. */
const FRAME_MS = 100;
const MOST_SHOWN = 600;

interface Shown extends Region {
  at: number;
}

/** Newest last; what is drawn anew takes the place of what it covers. */
export function addRegions(shown: readonly Shown[], regions: readonly Region[], now: number): Shown[] {
  const covered = (old: Shown) =>
    regions.some(
      (one) =>
        one.x <= old.x &&
        one.y <= old.y &&
        one.x + one.width >= old.x + old.width &&
        one.y + one.height >= old.y + old.height,
    );
  const kept = shown.filter((old) => now - old.at < LIFE_MS && !covered(old));
  return [...kept, ...regions.map((region) => ({ ...region, at: now }))].slice(-MOST_SHOWN);
}

/** How much of an outline is left, 1-0. */
export function strength(age: number): number {
  return Math.max(0, Math.min(1, 1 - (age - LIFE_MS / 3) / ((LIFE_MS * 2) / 3)));
}

function paint(canvas: HTMLCanvasElement, shown: readonly Shown[], scale: number, now: number): void {
  const context = canvas.getContext("2d");
  if (!context) return;
  const style = getComputedStyle(canvas);
  context.clearRect(0, 0, canvas.width, canvas.height);
  // Motion last: its edge must show through what was made exact inside it.
  const motion = (region: Shown) => (region.kind === "h264" ? 1 : 0);
  for (const region of [...shown].sort((a, b) => motion(a) - motion(b))) {
    const { kind, x, y, width, height, at } = region;
    context.globalAlpha = strength(now - at);
    const left = Math.round(x * scale) + 1;
    const top = Math.round(y * scale) + 1;
    const across = Math.max(1, Math.round(width * scale) - 2);
    const down = Math.max(1, Math.round(height * scale) - 2);
    const color = style.getPropertyValue(`--kind-${kind}`);
    // A dark edge beneath, or light pictures would swallow the line.
    context.setLineDash([]);
    context.strokeStyle = "rgb(0 0 0 / 0.55)";
    context.lineWidth = 3;
    context.strokeRect(left, top, across, down);
    context.setLineDash(DASHES[kind]);
    context.strokeStyle = color;
    context.lineWidth = kind === "h264" ? 3 : 1.5;
    context.strokeRect(left, top, across, down);
    if (kind === "refined") {
      context.globalAlpha *= 0.18;
      context.fillStyle = color;
      context.fillRect(left, top, across, down);
    }
  }
  context.globalAlpha = 1;
}

interface Props {
  controller: ViewerController;
  state: ViewerState;
  stage: RefObject<HTMLDivElement | null>;
}

export function RegionsOverlay({ controller, state, stage }: Props) {
  const legend = useRef<HTMLElement>(null);
  const { surface } = state;

  useEffect(() => {
    const holder = stage.current;
    if (!holder || !surface) return;
    const canvas = document.createElement("canvas");
    canvas.className = "regions-canvas";
    canvas.dataset.testid = "regions-canvas";
    canvas.ariaHidden = "true";
    holder.append(canvas);
    const picture = holder.querySelector<HTMLCanvasElement>(".viewer-canvas");
    let shown: Shown[] = [];
    let timer: ReturnType<typeof setTimeout> | null = null;
    const totals: Partial<Record<ShownKind, number>> = {};

    const resize = () => {
      const box = picture?.getBoundingClientRect();
      const ratio = window.devicePixelRatio;
      const wide = Math.round((box?.width ?? 1) * ratio);
      const high = Math.round((box?.height ?? 1) * ratio);
      if (canvas.width !== wide || canvas.height !== high) {
        canvas.width = wide;
        canvas.height = high;
        canvas.style.width = `${wide / ratio}px`;
        canvas.style.height = `${high / ratio}px`;
      }
      return wide / surface.width;
    };
    const step = () => {
      timer = null;
      const now = performance.now();
      shown = shown.filter((one) => now - one.at < LIFE_MS);
      paint(canvas, shown, resize(), now);
      if (shown.length > 0) timer = setTimeout(step, FRAME_MS);
    };
    const stop = controller.onRegions((regions) => {
      shown = addRegions(shown, regions, performance.now());
      for (const { kind } of regions) totals[kind] = (totals[kind] ?? 0) + 1;
      for (const [kind, count] of Object.entries(totals)) {
        const cell = legend.current?.querySelector<HTMLElement>(`[data-kind="${kind}"] b`);
        if (cell) cell.textContent = String(count);
      }
      timer ??= setTimeout(step, 0);
    });
    resize();
    return () => {
      stop();
      if (timer !== null) clearTimeout(timer);
      canvas.remove();
    };
  }, [controller, stage, surface]);

  return (
    <aside
      className="regions-legend"
      aria-label="What is drawn how"
      data-testid="regions-legend"
      ref={legend}
    >
      {SHOWN_KINDS.map(([kind, name]) => (
        <span key={kind} data-kind={kind}>
          <svg viewBox="0 0 22 14" aria-hidden="true">
            <rect
              className={kind}
              x="2"
              y="2"
              width="18"
              height="10"
              strokeDasharray={DASHES[kind].join(" ") || undefined}
            />
          </svg>
          {name} <b>0</b>
        </span>
      ))}
    </aside>
  );
}
