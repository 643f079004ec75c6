// What the machine tells beside the picture, as the page is told of it.

import { type AgentControl, NoticeTopic } from "../gen/guruconnect/v2/control_pb";
import type { CursorMessage } from "../gen/guruconnect/v2/cursor_pb";
import { cleanText, validateCursor } from "../wire/validate";
import { readAbilities } from "./actions";
import { causeFacts } from "./cause";
import { desktopSessions } from "./desktop-sessions";
import type { EngineEvent, NoticeTopicName } from "./messages";

const MOST_DISPLAYS = 64;

const TOPICS: Partial<Record<NoticeTopic, NoticeTopicName>> = {
  [NoticeTopic.PICTURE]: "picture",
  [NoticeTopic.INPUT]: "input",
  [NoticeTopic.CLIPBOARD]: "clipboard",
  [NoticeTopic.ENCODER]: "encoder",
  [NoticeTopic.ACTION]: "action",
  [NoticeTopic.CAPTURE]: "capture",
  [NoticeTopic.DESKTOP_SESSION]: "desktop_session",
};

/** Null for what is not for the page, or of a newer machine. */
export function controlNews(body: AgentControl["body"]): EngineEvent | null {
  switch (body.case) {
    case "displays": {
      const displays = body.value.displays.slice(0, MOST_DISPLAYS).map((one) => ({
        id: one.id,
        name: cleanText(one.name, 64),
        width: one.width,
        height: one.height,
        primary: one.primary,
      }));
      return { type: "displays", displays, selected: body.value.selected };
    }
    case "machineActions":
      return { type: "actions", abilities: readAbilities(body.value) };
    case "machineActionResult": {
      const { requestId, cause } = body.value;
      const facts = cause ? causeFacts(cause.code, cleanText(cause.detail, 200)) : null;
      return { type: "action-result", id: requestId, cause: facts };
    }
    case "desktopSessions":
      return { type: "desktop-sessions", list: desktopSessions(body.value) };
    case "notice": {
      const topic = TOPICS[body.value.topic];
      if (!topic) return null;
      const { cause } = body.value;
      const facts = cause?.code ? causeFacts(cause.code, cleanText(cause.detail, 200)) : null;
      return { type: "notice", topic, cause: facts };
    }
    default:
      return null;
  }
}

/** Throws for a shape that breaks the protocol; null for one that cannot be shown yet. */
export function cursorNews(
  body: CursorMessage["body"],
  unpack: (packed: Uint8Array, size: number) => Uint8Array<ArrayBuffer> | undefined,
): EngineEvent | null {
  if (body.case === "position") {
    const point = body.value.position;
    return point ? { type: "cursor-position", x: point.x, y: point.y } : null;
  }
  if (body.case !== "shape") return null;
  const shape = body.value;
  validateCursor(shape);
  if (shape.width === 0) return { type: "cursor", shape: null };
  const { width, height } = shape;
  const rgba = unpack(shape.rgba, width * height * 4);
  if (!rgba) return null;
  const x = Math.min(shape.hotspotX, width - 1);
  const y = Math.min(shape.hotspotY, height - 1);
  return { type: "cursor", shape: { width, height, x, y, rgba } };
}
