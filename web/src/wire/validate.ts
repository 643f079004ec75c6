// What crates/proto/src/validate.rs checks, plus the limits that only the end which
// draws can know: that operations stay inside the surface.

import type { ClipboardPiece } from "../gen/guruconnect/v2/clipboard_pb";
import { ClipboardFormat } from "../gen/guruconnect/v2/clipboard_pb";
import type { CursorShape } from "../gen/guruconnect/v2/cursor_pb";
import type { Rect } from "../gen/guruconnect/v2/geometry_pb";
import type { LinkMessage } from "../gen/guruconnect/v2/link_pb";
import type { Frame, Surface } from "../gen/guruconnect/v2/video_pb";
import {
  MAX_CLIPBOARD,
  MAX_CLIPBOARD_PARTS,
  MAX_CLIPBOARD_PIECE,
  MAX_CURSOR_SIDE,
  MAX_OPERATIONS,
  MAX_OVERDRAW,
  MAX_PICTURE_PIXELS,
  MAX_PICTURE_SIDE,
} from "./limits";

/** A decoded message whose content breaks the protocol. */
export class InvalidMessage extends Error {
  constructor(readonly field: string) {
    super(`${field} is out of its limits`);
  }
}

function require(holds: boolean, field: string): asserts holds {
  if (!holds) throw new InvalidMessage(field);
}

/** Link messages that a viewer receives; one that this version does not know is refused. */
export function validateLink(body: LinkMessage["body"]): void {
  switch (body.case) {
    case undefined:
      throw new InvalidMessage("body");
    case "welcome": {
      const seat = body.value.seat;
      if (!seat) break;
      require(seat.sessionId.length === 16, "session_id");
      require(seat.participant >= 1 && seat.participant <= 0xffff, "participant");
      break;
    }
    case "sessionState":
      require(body.value.sessionId.length === 16, "session_id");
      require(body.value.participants.length <= 64, "participants");
      break;
    case "controlChanged":
      require(body.value.sessionId.length === 16, "session_id");
      require(body.value.controller <= 0xffff, "controller");
      break;
    case "sessionEnd":
    case "sessionOffer":
    case "sessionAnswer":
    case "participantJoined":
    case "participantLeft":
    case "pictureNeeded":
    case "auditReport":
      require(body.value.sessionId.length === 16, "session_id");
      break;
    case "close":
      require(new TextEncoder().encode(body.value.reason).length <= 120, "reason");
      break;
    default:
      break;
  }
}

export function validateSurface(surface: Surface): void {
  const { width, height } = surface;
  require(width >= 1 && width <= MAX_PICTURE_SIDE, "width");
  require(height >= 1 && height <= MAX_PICTURE_SIDE, "height");
  require(width * height <= MAX_PICTURE_PIXELS, "width x height");
}

interface Size {
  width: number;
  height: number;
}

function inside(x: number, y: number, size: Size, surface: Size): boolean {
  return x + size.width <= surface.width && y + size.height <= surface.height;
}

export function validateRect(rect: Rect | undefined, surface: Size): asserts rect is Rect {
  require(rect !== undefined && rect.width > 0 && rect.height > 0, "rect");
  require(inside(rect.x, rect.y, rect, surface), "rect");
}

/** A frame whose generation is that of `surface`. */
export function validateFrame(frame: Frame, surface: Size): void {
  require(frame.frameId !== 0, "frame_id");
  require(frame.operations.length <= MAX_OPERATIONS, "operations");
  let left = surface.width * surface.height * MAX_OVERDRAW;
  for (const operation of frame.operations) {
    const rect = operation.rect;
    validateRect(rect, surface);
    left -= rect.width * rect.height;
    require(left >= 0, "operations");
    const draw = operation.draw;
    switch (draw.case) {
      case "copy":
        require(inside(draw.value.x, draw.value.y, rect, surface), "copy");
        break;
      case "h264":
      case "hevc":
        require([0, 1, 2, 4].includes(draw.value.scale), "scale");
        break;
      case "tile":
      case "fill":
        break;
      default:
        throw new InvalidMessage("draw");
    }
  }
}

export function validateCursor(shape: CursorShape): void {
  const { width, height, rgba } = shape;
  const hidden = width === 0 && height === 0 && rgba.length === 0;
  const fits = (side: number) => side >= 1 && side <= MAX_CURSOR_SIDE;
  require(hidden || (fits(width) && fits(height)), "cursor size");
}

export function validatePiece(piece: ClipboardPiece): void {
  const limits: Record<number, number> = MAX_CLIPBOARD;
  // A format of a newer machine is skipped; it is bounded as the largest known one is.
  const limit = (format: number) => limits[format] ?? MAX_CLIPBOARD[ClipboardFormat.IMAGE];
  require(piece.format !== ClipboardFormat.UNSPECIFIED, "format");
  require(piece.data.length <= MAX_CLIPBOARD_PIECE && piece.data.length <= piece.total, "data");
  require(piece.total <= limit(piece.format), "total");
  require(piece.parts.length <= MAX_CLIPBOARD_PARTS, "parts");
  require(new Set(piece.parts.map(({ format }) => format)).size === piece.parts.length, "parts");
  for (const part of piece.parts) {
    require(part.format !== ClipboardFormat.UNSPECIFIED && part.total <= limit(part.format), "parts");
  }
}

/** Peer text for a label: no control or direction-changing characters, bounded. */
export function cleanText(text: string, limit = 255): string {
  let out = "";
  let count = 0;
  for (const character of text) {
    if (/[\p{Cc}\u200B-\u200F\u2028-\u202E\u2066-\u2069\uFEFF]/u.test(character)) continue;
    out += character;
    count += 1;
    if (count === limit) break;
  }
  return out;
}
