// What runs first, and hence small: the login is resumed and the viewer begins while the
// much larger console is still on its way.

import { api } from "./api/client";
import { viewerAddress } from "./viewer/address";

/** How long the console waits for the viewer's first requests to be on their way, ms. */
const VIEWER_FIRST_MS = 1000;

void api.resume();
void start();

async function start(): Promise<void> {
  const viewer = viewerAddress(location.pathname, location.search);
  if (viewer) {
    // Before the console, which keeps this thread busy for a while once it has arrived.
    // Should that fail, the page of the viewer tries again and says so.
    await import("./viewer/early").then(
      ({ begin }) => begin(viewer),
      () => undefined,
    );
    const late = new Promise((resolve) => setTimeout(resolve, VIEWER_FIRST_MS));
    await Promise.race([api.settled(), late]);
  }
  await import("./app/start");
}
