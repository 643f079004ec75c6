import { Engine } from "./engine";
import type { EngineCommand, EngineEvent } from "./messages";

interface WorkerScope {
  onmessage: ((event: MessageEvent<EngineCommand>) => void) | null;
  postMessage(event: EngineEvent, transfer: Transferable[]): void;
}

declare global {
  var guruconnectEngine: typeof Engine | undefined;
}

if (typeof document === "undefined") {
  const scope = globalThis as unknown as WorkerScope;
  const engine = new Engine((event, transfer) => scope.postMessage(event, transfer ?? []));
  scope.onmessage = (event) => engine.handle(event.data);
} else {
  // Loaded by a page whose browser cannot draw in a worker: the same file, so that the
  // decoder is not shipped twice.
  globalThis.guruconnectEngine = Engine;
}
