// What tests and benches see of a viewer.

import type { ViewerState } from "./state";

export interface ExposedPorts {
  state(): ViewerState;
  inControl(): boolean;
  /** Contents that came, went, arrived there, and were there already. */
  crossings: { in: number; out: number; delivered: number; known: number };
  readPixels(x: number, y: number, width: number, height: number): Promise<number[]>;
}

export function expose(ports: ExposedPorts): void {
  window.__guruconnect = {
    stats: () => {
      const { stats, phase, session, cause, selectedDisplay, displays } = ports.state();
      const { clipboardCrossed, clipboardWaiting } = ports.state();
      return {
        ...stats,
        state: phase,
        // What the machine says it uses, which may be later than what was chosen.
        preset: stats?.quality?.preset ?? null,
        cause: cause?.code ?? null,
        controller: session?.controller ?? 0,
        self: session?.self ?? 0,
        inControl: ports.inControl(),
        agent: session?.agent ?? "unknown",
        consent: session?.consent ?? "unknown",
        participants: session?.participants ?? [],
        displays,
        selectedDisplay,
        actions: ports.state().actions,
        clipboard: { ...ports.crossings, last: clipboardCrossed, waiting: clipboardWaiting },
      };
    },
    surface: () => {
      const surface = ports.state().surface;
      return surface ? { width: surface.width, height: surface.height } : { width: 0, height: 0 };
    },
    readPixels: ports.readPixels,
  };
}

export function conceal(): void {
  delete window.__guruconnect;
}

declare global {
  interface Window {
    __guruconnect?: {
      stats(): Record<string, unknown>;
      surface(): { width: number; height: number };
      readPixels(x: number, y: number, width: number, height: number): Promise<number[]>;
    };
  }
}
