// The limits of crates/proto/src/limits.rs: what no peer may exceed.

import { ClipboardFormat } from "../gen/guruconnect/v2/clipboard_pb";

/** Bytes of one WebSocket message that comes from an agent. */
export const MAX_AGENT_MESSAGE = 4 << 20;
/** Bytes of one WebSocket message that a viewer may send. */
export const MAX_VIEWER_MESSAGE = 64 << 10;
/** Width or height of a picture, pixels. */
export const MAX_PICTURE_SIDE = 16_384;
/** Pixels of a picture. */
export const MAX_PICTURE_PIXELS = 1 << 26;
/** Width or height of a cursor, pixels. */
export const MAX_CURSOR_SIDE = 256;
/** Events of one input message. */
export const MAX_INPUT_EVENTS = 64;
/** Characters of one text event. */
export const MAX_TYPED_TEXT = 512;
/** Bytes of a clipboard content by format. */
export const MAX_CLIPBOARD = {
  [ClipboardFormat.TEXT]: 1 << 20,
  [ClipboardFormat.HTML]: 2 << 20,
  [ClipboardFormat.RTF]: 4 << 20,
  [ClipboardFormat.IMAGE]: 20 << 20,
  [ClipboardFormat.FILES]: 256 << 10,
} as const;
/** Files and folders of one clipboard content. */
export const MAX_CLIPBOARD_PATHS = 1000;
/** Bytes of a clipboard content in one piece. */
export const MAX_CLIPBOARD_PIECE = 32 << 10;
/** Formats of one clipboard content. */
export const MAX_CLIPBOARD_PARTS = 8;
/** Width or height of a picture on the clipboard, pixels. */
export const MAX_CLIPBOARD_SIDE = 16_384;
/** Pixels of a picture on the clipboard. */
export const MAX_CLIPBOARD_PIXELS = 1 << 25;
/** Operations of one frame message. */
export const MAX_OPERATIONS = 16_384;
/** Largest zstd window that a peer may ask for, bytes. */
export const MAX_ZSTD_WINDOW = 8 << 20;
/** Largest content of a tile's zstd frame, bytes; a tile of 4096 x 4096 pixels. */
export const MAX_TILE_BYTES = 64 << 20;
/** A message may draw this many times the surface, no more. */
export const MAX_OVERDRAW = 16;
