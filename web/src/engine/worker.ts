import { Engine } from "./engine";
import type { EngineCommand, EngineEvent } from "./messages";

interface WorkerScope {
  onmessage: ((event: MessageEvent<EngineCommand>) => void) | null;
  postMessage(event: EngineEvent, transfer: Transferable[]): void;
}

const scope = globalThis as unknown as WorkerScope;
const engine = new Engine((event, transfer) => scope.postMessage(event, transfer ?? []));
scope.onmessage = (event) => engine.handle(event.data);
