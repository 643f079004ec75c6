// Clipboard text both ways: pieces of at most 32 KiB, and no echo of what has just
// come from the other end.

import { create, toBinary } from "@bufbuild/protobuf";
import {
  ClipboardFormat,
  type ClipboardPiece,
  ClipboardPieceSchema,
} from "../gen/guruconnect/v2/clipboard_pb";
import { MAX_CLIPBOARD_PIECE, MAX_CLIPBOARD_TEXT } from "../wire/limits";
import { validatePiece } from "../wire/validate";

export interface OutgoingPiece {
  payload: Uint8Array;
  last: boolean;
}

/** Line ends are LF on the wire. */
export function normaliseText(text: string): string {
  return text.replace(/\r\n?/g, "\n");
}

export class ClipboardTooLarge extends Error {}

export class ClipboardExchange {
  private serial = 0;
  /** What both ends hold, as far as is known; never sent again. */
  private shared: string | null = null;
  private incoming: { serial: number; total: number; data: Uint8Array; length: number } | null = null;

  /** Pieces to send; none when the other end has this text already. */
  send(text: string): OutgoingPiece[] {
    const normal = normaliseText(text);
    if (normal === this.shared || normal === "") return [];
    const data = new TextEncoder().encode(normal);
    if (data.length > MAX_CLIPBOARD_TEXT) throw new ClipboardTooLarge();
    this.shared = normal;
    this.serial += 1;
    const pieces: OutgoingPiece[] = [];
    for (let at = 0; at < data.length; at += MAX_CLIPBOARD_PIECE) {
      const end = Math.min(at + MAX_CLIPBOARD_PIECE, data.length);
      const piece = create(ClipboardPieceSchema, {
        serial: this.serial,
        format: ClipboardFormat.TEXT,
        total: data.length,
        data: data.subarray(at, end),
      });
      pieces.push({ payload: toBinary(ClipboardPieceSchema, piece), last: end === data.length });
    }
    return pieces;
  }

  /** Text once its last piece is here, else null. Throws on a broken piece. */
  receive(piece: ClipboardPiece): string | null {
    validatePiece(piece);
    let open = this.incoming;
    if (!open || open.serial !== piece.serial) {
      // Grows with what really arrives, not with what is announced.
      open = { serial: piece.serial, total: piece.total, data: new Uint8Array(0), length: 0 };
      this.incoming = open;
    }
    if (piece.total !== open.total || open.length + piece.data.length > open.total) {
      this.incoming = null;
      throw new Error("clipboard pieces do not fit together");
    }
    if (open.data.length < open.length + piece.data.length) {
      const room = Math.min(open.total, Math.max(open.data.length * 2, open.length + piece.data.length));
      const grown = new Uint8Array(room);
      grown.set(open.data.subarray(0, open.length));
      open.data = grown;
    }
    open.data.set(piece.data, open.length);
    open.length += piece.data.length;
    if (open.length < open.total) return null;
    this.incoming = null;
    const text = new TextDecoder("utf-8", { fatal: true }).decode(open.data.subarray(0, open.length));
    if (text === this.shared) return null;
    this.shared = text;
    return text;
  }

  /** A new link: half-received content is gone, and the other end may be new. */
  restart(): void {
    this.incoming = null;
    this.shared = null;
  }
}
