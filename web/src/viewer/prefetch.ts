// Viewers open in tabs of their own. What they need is fetched into the browser's cache
// while somebody looks at the console.

import zstdUrl from "virtual:zstd-decoder";
import workerUrl from "../engine/worker?worker&url";

let done = false;

export function prefetchViewer(): void {
  if (done) return;
  done = true;
  for (const href of [workerUrl, zstdUrl]) {
    const link = document.createElement("link");
    link.rel = "prefetch";
    link.href = href;
    document.head.append(link);
  }
  // A failure costs nothing now, and is told when a viewer opens.
  void import("./viewer-page").catch(() => undefined);
  void import("../files/panel").catch(() => undefined);
}
