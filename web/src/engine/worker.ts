import zstdUrl from "virtual:zstd-decoder";
import { Engine } from "./engine";
import type { EngineCommand, EngineEvent } from "./messages";

interface WorkerScope {
  onmessage: ((event: MessageEvent<EngineCommand>) => void) | null;
  postMessage(event: EngineEvent, transfer: Transferable[]): void;
}

declare global {
  var guruconnectEngine: ((post: (event: EngineEvent) => void) => Engine) | undefined;
}

// Begins with the script: it is there before anybody has said which session is meant.
const zstd = WebAssembly.compileStreaming(fetch(zstdUrl));
zstd.catch(() => undefined);

if (typeof document === "undefined") {
  const scope = globalThis as unknown as WorkerScope;
  const engine = new Engine(
    (event, transfer) => scope.postMessage(event, transfer ?? []),
    () => zstd,
  );
  scope.onmessage = (event) => engine.handle(event.data);
} else {
  // Loaded by a page whose browser cannot draw in a worker: the same file, so that the
  // decoder is not shipped twice.
  globalThis.guruconnectEngine = (post) => new Engine(post, () => zstd);
}
