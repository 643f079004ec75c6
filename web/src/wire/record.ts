// The outer header of a record; see crates/proto/src/record.rs for its table.

export const LINK_KIND = 0x01;
export const RECORD_KIND = 0x02;
export const HEADER_LEN = 32;
const RECORD_VERSION = 1;
const KNOWN_FLAGS = 7;

export enum Channel {
  Control = 0,
  Input = 1,
  Cursor = 2,
  Video = 3,
  Clipboard = 4,
  Files = 5,
  Chat = 6,
  Terminal = 7,
}

export const Flags = { none: 0, keyFrame: 1, droppable: 2, end: 4 } as const;

export interface RecordHeader {
  channel: Channel;
  /** Bit set of `Flags`. */
  flags: number;
  /** From a viewer: its own number. From the agent: the viewer meant, or 0 for all. */
  participant: number;
  epoch: number;
  sequence: number;
  /** 16 bytes. */
  session: Uint8Array;
}

export type RecordFault = "truncated" | "kind" | "version" | "channel" | "reserved";

export class RecordError extends Error {
  constructor(readonly fault: RecordFault) {
    super(`record header: ${fault}`);
  }
}

/** Reads a header; throws `RecordError`. The session id is a view of `bytes`. */
export function decodeHeader(bytes: Uint8Array): RecordHeader {
  if (bytes.length < HEADER_LEN) throw new RecordError("truncated");
  if (bytes[0] !== RECORD_KIND) throw new RecordError("kind");
  if (bytes[1] !== RECORD_VERSION) throw new RecordError("version");
  const view = new DataView(bytes.buffer, bytes.byteOffset, HEADER_LEN);
  const channel = view.getUint8(2);
  if (channel > Channel.Terminal) throw new RecordError("channel");
  const flags = view.getUint8(3);
  if ((flags & ~KNOWN_FLAGS) !== 0 || view.getUint16(6) !== 0) throw new RecordError("reserved");
  return {
    channel,
    flags,
    participant: view.getUint16(4, true),
    epoch: view.getUint32(8, true),
    sequence: view.getUint32(12, true),
    session: bytes.subarray(16, HEADER_LEN),
  };
}

/** Header and payload in one message. */
export function encodeRecord(header: RecordHeader, payload: Uint8Array): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(HEADER_LEN + payload.length);
  const view = new DataView(bytes.buffer);
  view.setUint8(0, RECORD_KIND);
  view.setUint8(1, RECORD_VERSION);
  view.setUint8(2, header.channel);
  view.setUint8(3, header.flags);
  view.setUint16(4, header.participant, true);
  view.setUint32(8, header.epoch, true);
  view.setUint32(12, header.sequence, true);
  bytes.set(header.session.subarray(0, 16), 16);
  bytes.set(payload, HEADER_LEN);
  return bytes;
}
