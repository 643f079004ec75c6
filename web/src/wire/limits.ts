// The limits of crates/proto/src/limits.rs: what no peer may exceed.

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
/** Bytes of clipboard text. */
export const MAX_CLIPBOARD_TEXT = 1 << 20;
/** Bytes of clipboard text in one piece. */
export const MAX_CLIPBOARD_PIECE = 32 << 10;
/** Operations of one frame message. */
export const MAX_OPERATIONS = 16_384;
/** Largest zstd window that a peer may ask for, bytes. */
export const MAX_ZSTD_WINDOW = 8 << 20;
/** Largest content of a tile's zstd frame, bytes; a tile of 4096 x 4096 pixels. */
export const MAX_TILE_BYTES = 64 << 20;
/** A message may draw this many times the surface, no more. */
export const MAX_OVERDRAW = 16;
