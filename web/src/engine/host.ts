// Starts the engine where it can run best, behind one interface.

import type { EngineCommand, EngineEvent } from "./messages";
import workerUrl from "./worker?worker&url";

export interface EngineHost {
  send(command: EngineCommand): void;
  stop(): void;
}

type Receive = (event: EngineEvent) => void;

function failure(receive: Receive): void {
  const cause = {
    code: "engine_failed",
    sentence: "The viewer stopped working. Reload the page.",
    detail: "",
  };
  receive({ type: "phase", phase: "failed", cause, retryInMs: null });
}

/** Takes over the drawing of `canvas`, which can have only one engine in its life. */
export function startEngine(
  canvas: HTMLCanvasElement,
  url: string,
  software: string,
  receive: Receive,
): EngineHost {
  const offscreen = typeof canvas.transferControlToOffscreen === "function" && typeof Worker === "function";
  return offscreen ? inWorker(canvas, url, software, receive) : inPage(canvas, url, software, receive);
}

function inWorker(canvas: HTMLCanvasElement, url: string, software: string, receive: Receive): EngineHost {
  const worker = new Worker(workerUrl, { type: "module" });
  worker.onmessage = (event: MessageEvent<EngineEvent>) => receive(event.data);
  worker.onerror = () => failure(receive);
  const surface = canvas.transferControlToOffscreen();
  const start: EngineCommand = { type: "start", canvas: surface, url, software };
  worker.postMessage(start, [surface]);
  return {
    send: (command) => worker.postMessage(command),
    stop: () => {
      // Lets the engine close its socket in order before the thread ends.
      worker.postMessage({ type: "stop" } satisfies EngineCommand);
      setTimeout(() => worker.terminate(), 500);
    },
  };
}

function inPage(canvas: HTMLCanvasElement, url: string, software: string, receive: Receive): EngineHost {
  const waiting: EngineCommand[] = [{ type: "start", canvas, url, software }];
  let send = (command: EngineCommand): void => {
    waiting.push(command);
  };
  import(/* @vite-ignore */ workerUrl).then(
    () => {
      const make = globalThis.guruconnectEngine;
      if (!make) {
        failure(receive);
        return;
      }
      const engine = make(receive);
      send = (command) => engine.handle(command);
      for (const command of waiting) send(command);
    },
    () => failure(receive),
  );
  return { send: (command) => send(command), stop: () => send({ type: "stop" }) };
}
