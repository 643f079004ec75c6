// Starts the engine where it can run best, behind one interface.

import { Engine } from "./engine";
import type { EngineCommand, EngineEvent } from "./messages";

export interface EngineHost {
  send(command: EngineCommand, transfer?: Transferable[]): void;
  stop(): void;
}

/** Takes over the drawing of `canvas`, which can have only one engine in its life. */
export function startEngine(
  canvas: HTMLCanvasElement,
  url: string,
  software: string,
  receive: (event: EngineEvent) => void,
): EngineHost {
  if (typeof canvas.transferControlToOffscreen === "function" && typeof Worker === "function") {
    const worker = new Worker(new URL("./worker.ts", import.meta.url), { type: "module" });
    worker.onmessage = (event: MessageEvent<EngineEvent>) => receive(event.data);
    worker.onerror = () =>
      receive({
        type: "phase",
        phase: "failed",
        cause: { code: "worker_failed", sentence: "The viewer stopped working. Reload the page.", detail: "" },
        retryInMs: null,
      });
    const surface = canvas.transferControlToOffscreen();
    worker.postMessage({ type: "start", canvas: surface, url, software } satisfies EngineCommand, [surface]);
    return {
      send: (command, transfer) => worker.postMessage(command, transfer ?? []),
      stop: () => {
        // Lets the engine close its socket in order before the thread ends.
        worker.postMessage({ type: "stop" } satisfies EngineCommand);
        setTimeout(() => worker.terminate(), 500);
      },
    };
  }
  const engine = new Engine(receive);
  engine.handle({ type: "start", canvas, url, software });
  return { send: (command) => engine.handle(command), stop: () => engine.handle({ type: "stop" }) };
}
