// Contents of the clipboard on their way between the page and the machine.

import { CauseCode } from "../gen/guruconnect/v2/cause_pb";
import type { ClipboardPiece, ClipboardReceived } from "../gen/guruconnect/v2/clipboard_pb";
import { causeFacts } from "./cause";
import { type ClipboardContent, ClipboardExchange, crossed, fitting } from "./clipboard";
import { printOf } from "./clipboard-print";
import type { EngineEvent } from "./messages";

export interface ClipboardPorts {
  post(event: EngineEvent): void;
  /** Tells the machine what arrived here. */
  received(received: { serial: number; bytes: number }): void;
  /** One piece to the machine. */
  send(payload: Uint8Array, last: boolean): void;
  /** Something could not be looked at. */
  failed(): void;
}

export class ClipboardDesk {
  private readonly exchange = new ClipboardExchange();
  private enabled = true;
  /** What was sent last has files. */
  private sentFiles = false;
  /** Contents are looked at one after the other: pictures take a moment. */
  private work: Promise<void> = Promise.resolve();

  constructor(private readonly ports: ClipboardPorts) {}

  get on(): boolean {
    return this.enabled;
  }

  set(enabled: boolean): void {
    this.enabled = enabled;
    if (!enabled) this.exchange.forget();
  }

  /** A new link, or a new agent, knows nothing. */
  restart(): void {
    this.exchange.restart();
  }

  receive(piece: ClipboardPiece): void {
    const { content, received } = this.exchange.receive(piece);
    if (received) this.ports.received(received);
    if (!content) return;
    this.later(async () => {
      const print = await printOf(content);
      const empty = Object.keys(content).length === 0;
      if (!this.enabled || empty || !this.exchange.accept(print)) return;
      this.ports.post({ type: "clipboard", content, crossed: crossed(content) });
    });
  }

  /** The machine has what was sent. */
  acknowledged(received: ClipboardReceived): void {
    if (this.exchange.acknowledged(received)) {
      this.ports.post({ type: "clipboard-delivered", files: this.sentFiles });
    }
    this.flush();
  }

  send(content: ClipboardContent): void {
    if (!this.enabled) return;
    const fits = fitting(content);
    if (!fits) {
      const tooLarge = Object.values(content).some((part) => part.length > 0);
      if (tooLarge) {
        this.ports.post({ type: "clipboard-refused", cause: causeFacts(CauseCode.CLIPBOARD_TOO_LARGE) });
      }
      return;
    }
    this.later(async () => {
      const print = await printOf(fits);
      if (!this.enabled) return;
      const files = fits.files !== undefined;
      if (!this.exchange.local(fits, print)) {
        this.ports.post({ type: "clipboard-known", files });
        return;
      }
      this.sentFiles = files;
      this.ports.post({ type: "clipboard-sent", crossed: crossed(fits) });
      this.flush();
    });
  }

  private later(work: () => Promise<void>): void {
    this.work = this.work.then(work).catch(() => this.ports.failed());
  }

  /** Sends what may be sent now. */
  private flush(): void {
    for (let piece = this.exchange.next(); piece; piece = this.exchange.next()) {
      this.ports.send(piece.payload, piece.last);
    }
  }
}
