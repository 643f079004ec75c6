// The viewer of the address that the page was opened with begins before there is a page:
// worker, decoder, token and connection need no markup.

import { api } from "../api/client";
import type { ViewerAddress } from "./address";
import { ViewerController } from "./controller";

let prepared: (ViewerAddress & { controller: ViewerController }) | null = null;

export function begin(address: ViewerAddress): void {
  const controller = new ViewerController(address.sessionId, address.access);
  prepared = { ...address, controller };
  controller.begin();
  void api.settled().then((auth) => {
    // Whoever has to sign in first comes back with a page that is already there.
    if (auth.phase !== "signed-in") take(address)?.stop();
  });
}

/** Hands over the viewer that has begun, once, if it is the one that is meant. */
export function take({ sessionId, access }: ViewerAddress): ViewerController | null {
  if (prepared?.sessionId !== sessionId || prepared.access !== access) return null;
  const { controller } = prepared;
  prepared = null;
  return controller;
}
