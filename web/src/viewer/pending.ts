// Requests to the machine that wait for its answer.

import type { CauseFacts } from "../engine/messages";

/** Nothing is waited for longer; Windows takes two minutes for a user's no. */
const PATIENCE_MS = 180_000;

const lost: CauseFacts = {
  code: "connection_lost",
  sentence: "The connection was lost before the machine answered.",
  detail: "",
};
const silent: CauseFacts = { code: "no_answer", sentence: "The machine did not answer.", detail: "" };

type Done = (cause: CauseFacts | null) => void;

export class PendingRequests {
  private next = 0;
  private readonly waiting = new Map<number, { done: Done; timer: ReturnType<typeof setTimeout> }>();

  /** Sends with a number of its own; resolves to why it was not done, or null. */
  ask(send: (id: number) => void): Promise<CauseFacts | null> {
    this.next = (this.next % 0xffff_ffff) + 1;
    const id = this.next;
    return new Promise((resolve) => {
      const timer = setTimeout(() => this.answered(id, silent), PATIENCE_MS);
      this.waiting.set(id, { done: resolve, timer });
      send(id);
    });
  }

  answered(id: number, cause: CauseFacts | null): void {
    const one = this.waiting.get(id);
    if (!one) return;
    clearTimeout(one.timer);
    this.waiting.delete(id);
    one.done(cause);
  }

  /** The link is gone, and with it every answer. */
  lost(): void {
    for (const id of [...this.waiting.keys()]) this.answered(id, lost);
  }
}
