// The clipboard shared with the machine: contents in pieces of at most 32 KiB, text
// first, no more under way than the machine has taken, and no echo of what has just
// come from there. The rules are those of crates/clipboard.

import { create, toBinary } from "@bufbuild/protobuf";
import type { RemotePath } from "../files/facts";
import {
  ClipboardFormat,
  type ClipboardPiece,
  ClipboardPieceSchema,
  type ClipboardReceived,
} from "../gen/guruconnect/v2/clipboard_pb";
import { MAX_CLIPBOARD, MAX_CLIPBOARD_PATHS, MAX_CLIPBOARD_PIECE } from "../wire/limits";
import { validatePiece } from "../wire/validate";
import { decodeFiles, encodeFiles } from "./clipboard-files";
import { type ClipboardPrint, isEchoOf, isPartOf } from "./clipboard-print";

/** The same thing in one to several formats, as somebody copied it. */
export interface ClipboardContent {
  text?: string;
  /** Of the machine, by name; at least one. */
  files?: RemotePath[];
  html?: string;
  rtf?: Uint8Array<ArrayBuffer>;
  png?: Uint8Array<ArrayBuffer>;
}

export interface OutgoingPiece {
  payload: Uint8Array;
  last: boolean;
}

/** What has come so far of a content, when the other end is to be told. */
export interface Taken {
  content: ClipboardContent | null;
  received: { serial: number; bytes: number } | null;
}

/** Bytes that may be under way beyond what the other end has taken, text apart. */
const WINDOW = 256 << 10;
/** What is larger is not waited for by the formats before it. */
const PROMPT = 256 << 10;
const TOLD_EVERY = 64 << 10;

interface Part {
  format: number;
  total: number;
}

interface Outgoing {
  parts: (Part & { data: Uint8Array<ArrayBuffer> })[];
  at: number;
  offset: number;
  sent: number;
  acknowledged: number;
}

interface Incoming {
  serial: number;
  parts: Part[];
  announced: boolean;
  at: number;
  data: Uint8Array<ArrayBuffer>;
  taken: number;
  received: number;
  told: number;
  whole: ClipboardContent;
}

/** Line ends are LF on the wire. */
export function normaliseText(text: string): string {
  return text.replace(/\r\n?/g, "\n");
}

/** The content without what is too large; null when nothing is left. */
export function fitting(content: ClipboardContent): ClipboardContent | null {
  const fits: ClipboardContent = {};
  const parts = encoded(content);
  for (const { format, data } of parts) {
    if (data.length > MAX_CLIPBOARD[format]) continue;
    if (format === ClipboardFormat.TEXT) fits.text = normaliseText(content.text ?? "");
    else if (format === ClipboardFormat.FILES && content.files) fits.files = content.files;
    else if (format === ClipboardFormat.HTML && content.html !== undefined) fits.html = content.html;
    else if (format === ClipboardFormat.RTF && content.rtf) fits.rtf = content.rtf;
    else if (format === ClipboardFormat.IMAGE && content.png) fits.png = content.png;
  }
  return Object.keys(fits).length > 0 ? fits : null;
}

/** For people: which formats crossed, and how much. */
export interface Crossed {
  formats: string[];
  bytes: number;
}

export function crossed(content: ClipboardContent): Crossed {
  const names = {
    [ClipboardFormat.TEXT]: "text",
    [ClipboardFormat.FILES]: "files",
    [ClipboardFormat.HTML]: "HTML",
    [ClipboardFormat.RTF]: "RTF",
    [ClipboardFormat.IMAGE]: "image",
  };
  const parts = encoded(content);
  return {
    formats: parts.map(({ format }) => names[format]),
    bytes: parts.reduce((sum, { data }) => sum + data.length, 0),
  };
}

interface Encoded {
  format: keyof typeof MAX_CLIPBOARD;
  data: Uint8Array<ArrayBuffer>;
}

function encoded(content: ClipboardContent): Encoded[] {
  const bytes = (text: string) => new TextEncoder().encode(text);
  const { text, files, html, rtf, png } = content;
  const parts: Encoded[] = [];
  if (text) parts.push({ format: ClipboardFormat.TEXT, data: bytes(normaliseText(text)) });
  if (files && files.length > 0 && files.length <= MAX_CLIPBOARD_PATHS) {
    parts.push({ format: ClipboardFormat.FILES, data: encodeFiles(files) });
  }
  if (html) parts.push({ format: ClipboardFormat.HTML, data: bytes(html) });
  if (rtf?.length) parts.push({ format: ClipboardFormat.RTF, data: rtf });
  if (png?.length) parts.push({ format: ClipboardFormat.IMAGE, data: png });
  return parts;
}

export class ClipboardExchange {
  private serial = 0;
  /** What both ends hold, as far as is known; never sent again. */
  private shared: { print: ClipboardPrint; byPeer: boolean } | null = null;
  private outgoing: Outgoing | null = null;
  private incoming: Incoming | null = null;
  private lastSerial: number | null = null;
  /** The rest of this content is of no interest. */
  private givenUp: number | null = null;
  private acknowledges = false;

  /** Somebody copied here. False: the other end has it already, or there is nothing. */
  local(content: ClipboardContent, print: ClipboardPrint): boolean {
    const { shared } = this;
    if (shared && (shared.byPeer ? isEchoOf(print, shared.print) : isPartOf(print, shared.print)))
      return false;
    const parts = encoded(content).map(({ format, data }) => ({ format, data, total: data.length }));
    if (parts.length === 0) return false;
    this.shared = { print, byPeer: false };
    this.serial = (this.serial + 1) >>> 0;
    this.outgoing = { parts, at: 0, offset: 0, sent: 0, acknowledged: 0 };
    this.giveUp();
    return true;
  }

  /** The next piece that may be sent now. It counts as sent. */
  next(): OutgoingPiece | null {
    const out = this.outgoing;
    const part = out?.parts[out.at];
    if (!out || !part) return null;
    const free = part.format === ClipboardFormat.TEXT && !this.acknowledges;
    if (!free && out.sent - out.acknowledged >= WINDOW) return null;
    const end = Math.min(out.offset + MAX_CLIPBOARD_PIECE, part.total);
    const last = end === part.total && out.at === out.parts.length - 1;
    const piece = create(ClipboardPieceSchema, {
      serial: this.serial,
      format: part.format,
      total: part.total,
      data: part.data.subarray(out.offset, end),
      parts: out.sent === 0 ? out.parts.map(({ format, total }) => ({ format, total })) : [],
    });
    out.sent += end - out.offset;
    out.offset = end;
    if (end === part.total) {
      // The bytes are not needed any more, only their count.
      part.data = new Uint8Array(0);
      out.at += 1;
      out.offset = 0;
    }
    return { payload: toBinary(ClipboardPieceSchema, piece), last };
  }

  /** The other end tells what it has. True: all of what was sent last, for the first time. */
  acknowledged(told: Pick<ClipboardReceived, "serial" | "bytes">): boolean {
    this.acknowledges = true;
    const out = this.outgoing;
    if (!out || told.serial !== this.serial || told.bytes > out.sent) return false;
    out.acknowledged = Math.max(out.acknowledged, told.bytes);
    const all = out.at === out.parts.length && out.acknowledged === out.sent;
    if (all) this.outgoing = null;
    return all;
  }

  /** A piece from the other end. Throws on a broken one. */
  receive(piece: ClipboardPiece): Taken {
    try {
      return this.take(piece);
    } catch (error) {
      this.incoming = null;
      throw error;
    }
  }

  private take(piece: ClipboardPiece): Taken {
    validatePiece(piece);
    if (piece.serial === this.givenUp && piece.serial === this.lastSerial) {
      return { content: null, received: null };
    }
    if (piece.serial !== this.lastSerial) {
      const distance = (piece.serial - (this.lastSerial ?? 0)) >>> 0;
      // Serials wrap, so "newer" is judged by distance.
      if (this.lastSerial !== null && distance >= 2 ** 31) {
        throw new Error("clipboard serial is not expected");
      }
      this.incoming = start(piece);
      this.lastSerial = piece.serial;
    }
    const open = this.incoming;
    const part = open?.parts[open.at];
    if (!open || !part) throw new Error("clipboard piece is not expected");
    const fits =
      piece.format === part.format &&
      piece.total === part.total &&
      open.taken + piece.data.length <= part.total &&
      (piece.data.length > 0 || part.total === 0);
    if (!fits) throw new Error("clipboard pieces do not fit together");
    const known = part.format in MAX_CLIPBOARD;
    if (known) append(open, piece.data, part.total);
    open.taken += piece.data.length;
    open.received += piece.data.length;
    let content: ClipboardContent | null = null;
    if (open.taken === part.total) {
      if (known) keep(open, part.format);
      open.at += 1;
      open.taken = 0;
      // Whoever pastes should not have to wait for a large picture.
      const next = open.parts[open.at]?.total;
      const whole = { ...open.whole };
      if ((next === undefined || next > PROMPT) && Object.keys(whole).length > 0) content = whole;
    }
    const last = open.at === open.parts.length;
    if (last) this.incoming = null;
    let received: Taken["received"] = null;
    if (open.announced && (last || open.received - open.told >= TOLD_EVERY)) {
      open.told = open.received;
      received = { serial: piece.serial, bytes: open.received };
    }
    return { content, received };
  }

  /** A content that came is complete. False: it is here already. */
  accept(print: ClipboardPrint): boolean {
    const known = this.shared !== null && isPartOf(print, this.shared.print);
    if (!known) this.shared = { print, byPeer: true };
    // What was still to be sent was copied before this.
    this.outgoing = null;
    return !known;
  }

  private giveUp(): void {
    if (this.incoming) this.givenUp = this.lastSerial;
    this.incoming = null;
  }

  /** Sharing is off: stops what is on its way; nothing counts as shared any more. */
  forget(): void {
    this.giveUp();
    this.outgoing = null;
    this.shared = null;
  }

  /** A new link, whose other end may be another and counts anew. */
  restart(): void {
    this.forget();
    this.lastSerial = null;
    this.givenUp = null;
    this.acknowledges = false;
  }
}

function start(piece: ClipboardPiece): Incoming {
  const announced = piece.parts.length > 0;
  const parts = announced
    ? piece.parts.map(({ format, total }) => ({ format: format as number, total }))
    : [{ format: piece.format as number, total: piece.total }];
  if (!announced && piece.format !== ClipboardFormat.TEXT) throw new Error("clipboard content without parts");
  if (parts.length > 1 && parts.some(({ total }) => total === 0)) throw new Error("an empty clipboard part");
  return {
    serial: piece.serial,
    parts,
    announced,
    at: 0,
    data: new Uint8Array(0),
    taken: 0,
    received: 0,
    told: 0,
    whole: {},
  };
}

/** Grows with what really arrives, not with what is announced. */
function append(open: Incoming, data: Uint8Array, total: number): void {
  const length = open.taken + data.length;
  if (open.data.length < length) {
    const grown = new Uint8Array(Math.min(total, Math.max(open.data.length * 2, length)));
    grown.set(open.data.subarray(0, open.taken));
    open.data = grown;
  }
  open.data.set(data, open.taken);
}

function keep(open: Incoming, format: number): void {
  const bytes = open.data.slice(0, open.taken);
  open.data = new Uint8Array(0);
  const text = () => new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  if (format === ClipboardFormat.TEXT) open.whole.text = text();
  else if (format === ClipboardFormat.FILES) {
    const files = decodeFiles(bytes);
    if (files) open.whole.files = files;
  } else if (format === ClipboardFormat.HTML) open.whole.html = text();
  else if (format === ClipboardFormat.RTF) open.whole.rtf = bytes;
  else if (format === ClipboardFormat.IMAGE) open.whole.png = bytes;
}
