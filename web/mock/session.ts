// Relay and agent in one: a picture that moves and answers input.

import { execFileSync } from "node:child_process";
import { create, fromBinary, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import type { WebSocket } from "ws";
import { ClipboardPieceSchema } from "../src/gen/guruconnect/v2/clipboard_pb";
import { AgentControlSchema, ViewerControlSchema } from "../src/gen/guruconnect/v2/control_pb";
import { CursorMessageSchema } from "../src/gen/guruconnect/v2/cursor_pb";
import { InputMessageSchema } from "../src/gen/guruconnect/v2/input_pb";
import { AgentPresence, ConsentState, ControlVerb } from "../src/gen/guruconnect/v2/session_pb";
import {
  type OperationSchema,
  VideoFeedbackSchema,
  VideoMessageSchema,
} from "../src/gen/guruconnect/v2/video_pb";
import { decodePacket, encodeLink } from "../src/wire/packet";
import { Channel, encodeRecord } from "../src/wire/record";
import { serveFiles } from "./files";
import { storeZstd } from "./zstd-stored";

type OperationInit = MessageInitShape<typeof OperationSchema>;

const WIDTH = 1280;
const HEIGHT = 800;
const CLIP = { x: 720, y: 300, width: 480, height: 270 };
const SESSION = new Uint8Array(16).fill(7);

/** What the session has received, for a look from outside. */
export const sessionLog: { kind: string; value: unknown }[] = [];
function log(kind: string, value: unknown): void {
  sessionLog.push({ kind, value });
  if (sessionLog.length > 500) sessionLog.shift();
}

/** Access units of a short H.264 clip, if there is a tool to make one. */
function makeClip(): Uint8Array[] {
  try {
    const source = `testsrc2=size=${CLIP.width}x${CLIP.height}:rate=30:duration=2`;
    const stream = execFileSync(
      "ffmpeg",
      [
        "-v",
        "error",
        "-f",
        "lavfi",
        "-i",
        source,
        "-pix_fmt",
        "yuv420p",
        "-c:v",
        "libx264",
        "-profile:v",
        "baseline",
        "-tune",
        "zerolatency",
        "-x264-params",
        "aud=1:keyint=60:slices=1",
        "-f",
        "h264",
        "-",
      ],
      { maxBuffer: 64 << 20 },
    );
    const units: Uint8Array[] = [];
    let start = 0;
    for (let i = 4; i + 5 < stream.length; i++) {
      const delimiter = stream.readUInt32BE(i) === 1 && (stream[i + 4] ?? 0) === 9;
      if (!delimiter) continue;
      units.push(stream.subarray(start, i));
      start = i;
    }
    units.push(stream.subarray(start));
    return units;
  } catch {
    return [];
  }
}
const clip = makeClip();

function tile(
  x: number,
  y: number,
  width: number,
  height: number,
  at: (x: number, y: number) => number,
): OperationInit {
  const pixels = new Uint32Array(width * height);
  for (let row = 0; row < height; row++) {
    for (let column = 0; column < width; column++) {
      pixels[row * width + column] = (0xff000000 | at(x + column, y + row)) >>> 0;
    }
  }
  return {
    rect: { x, y, width, height },
    draw: { case: "tile", value: { encoding: 1, data: storeZstd(new Uint8Array(pixels.buffer)) } },
  };
}

function fill(x: number, y: number, width: number, height: number, color: number): OperationInit {
  return { rect: { x, y, width, height }, draw: { case: "fill", value: { color } } };
}

const wallpaper = (x: number, y: number) =>
  ((20 + y / 12) << 16) | ((60 + (x + y) / 26) << 8) | Math.round(90 + x / 16);

function desktop(): OperationInit[] {
  const operations: OperationInit[] = [];
  for (let y = 0; y < HEIGHT; y += 200) operations.push(tile(0, y, WIDTH, 200, wallpaper));
  operations.push(
    fill(0, 760, WIDTH, 40, 0x16202b),
    fill(16, 768, 24, 24, 0x3fb8af),
    fill(90, 80, 560, 420, 0xf4f6f7),
    fill(90, 80, 560, 30, 0x27455c),
  );
  for (let line = 0; line < 11; line++) {
    const width = 220 + ((line * 97) % 260);
    operations.push(
      tile(114, 136 + line * 30, width, 12, (x, y) => ((x * 7 + y * 3) % 5 < 3 ? 0x2a3440 : 0xf4f6f7)),
    );
  }
  return operations;
}

function arrow(): Uint8Array {
  const rgba = new Uint8Array(12 * 19 * 4);
  for (let y = 0; y < 19; y++) {
    for (let x = 0; x < 12; x++) {
      const inside = x <= y && x + y < 23 && y < 17;
      const edge = inside && (x === 0 || x === y || x + y >= 21);
      if (inside) rgba.set(edge ? [0, 0, 0, 255] : [255, 255, 255, 255], (y * 12 + x) * 4);
    }
  }
  return rgba;
}

export function serveSession(socket: WebSocket): void {
  const sequences = new Map<number, number>();
  const send = (bytes: Uint8Array) => socket.readyState === socket.OPEN && socket.send(bytes);
  const record = (channel: Channel, payload: Uint8Array) => {
    const sequence = sequences.get(channel) ?? 0;
    sequences.set(channel, sequence + 1);
    send(encodeRecord({ channel, flags: 4, participant: 0, epoch: 1, sequence, session: SESSION }, payload));
  };
  const video = (body: MessageInitShape<typeof VideoMessageSchema>["body"]) =>
    record(Channel.Video, toBinary(VideoMessageSchema, create(VideoMessageSchema, { body })));

  const files = serveFiles((payload) => record(Channel.Files, payload));

  let frameId = 0;
  let inFlight = 0;
  let step = 0;
  let viewOnly = false;
  let controller = 2;
  let asks = false;
  const frame = (operations: OperationInit[], key = false) => {
    frameId += 1;
    inFlight += 1;
    video({
      case: "frame",
      value: {
        generation: 1,
        frameId,
        operations,
        last: true,
        key,
        captureUs: 2400,
        encodeUs: 900,
        grabUs: 400,
      },
    });
  };
  const state = () =>
    send(
      encodeLink({
        case: "sessionState",
        value: {
          sessionId: SESSION,
          consent: ConsentState.NOT_REQUIRED,
          agent: AgentPresence.ONLINE,
          agentSinceUnixMs: BigInt(Date.now()),
          controller,
          participants: [
            { participant: 1, name: "Ada Marsh", rights: viewOnly ? 1 : 15, asksForControl: asks },
            { participant: 2, name: "Ben Okafor", rights: 15 },
          ],
          machineName: "FRONT-001",
          epoch: 1,
        },
      }),
    );

  const opened = () => {
    send(
      encodeLink({
        case: "welcome",
        value: {
          version: 2,
          heartbeatMs: 5000,
          silenceMs: 20_000,
          serverSoftware: "mock",
          seat: { sessionId: SESSION, participant: 1, rights: viewOnly ? 1 : 15, epoch: 1 },
        },
      }),
    );
    state();
    const displays = [
      { id: 1, name: "Built-in", width: WIDTH, height: HEIGHT, primary: true },
      { id: 2, name: "HDMI-1", origin: { x: WIDTH, y: 0 }, width: 1920, height: 1080 },
    ];
    record(
      Channel.Control,
      toBinary(
        AgentControlSchema,
        create(AgentControlSchema, { body: { case: "displays", value: { displays, selected: 1 } } }),
      ),
    );
    const desktopSessions = {
      sessions: [
        { id: 1, user: "CONTOSO\\erika", state: 2, kind: 1, name: "Console" },
        { id: 3, user: "CONTOSO\\max", state: 1, kind: 2, name: "RDP-Tcp#0" },
      ],
      current: 1,
      followsConsole: true,
    };
    record(
      Channel.Control,
      toBinary(
        AgentControlSchema,
        create(AgentControlSchema, { body: { case: "desktopSessions", value: desktopSessions } }),
      ),
    );
    const shape = { width: 12, height: 19, hotspotX: 0, hotspotY: 0, rgba: storeZstd(arrow()) };
    record(
      Channel.Cursor,
      toBinary(CursorMessageSchema, create(CursorMessageSchema, { body: { case: "shape", value: shape } })),
    );
    video({ case: "surface", value: { generation: 1, width: WIDTH, height: HEIGHT, displayId: 1 } });
    video({
      case: "status",
      value: {
        settings: { preset: 1, fps: 30, kbps: 4000 },
        codec: clip.length > 0 ? 1 : 0,
        encoder: "openh264",
        roundTripUs: 8200,
        targetKbps: 6000,
      },
    });
    frame(desktop(), true);
    files.begin();
    const bytes = new TextEncoder().encode("text from the machine");
    record(
      Channel.Clipboard,
      toBinary(
        ClipboardPieceSchema,
        create(ClipboardPieceSchema, { serial: 1, format: 1, total: bytes.length, data: bytes }),
      ),
    );
  };

  const timer = setInterval(() => {
    if (frameId === 0 || inFlight > 2) return;
    step += 1;
    const operations: OperationInit[] = [fill(100 + ((step * 6) % 500), 520, 40, 20, 0xffb454)];
    const at = (step - 1) % Math.max(1, clip.length);
    const unit = clip[at];
    if (unit) {
      const draw = { case: "h264" as const, value: { accessUnit: unit, key: at === 0, stream: 1 } };
      operations.push({ rect: CLIP, draw });
    }
    frame(operations);
  }, 33);
  socket.on("close", () => clearInterval(timer));

  socket.on("message", (data: Buffer) => {
    const packet = decodePacket(new Uint8Array(data));
    if (packet.kind === "link") {
      const { body } = packet;
      if (body.case === "hello" && body.value.endpoint.case === "viewer") {
        viewOnly = body.value.endpoint.value.token.endsWith("view_only");
        controller = body.value.endpoint.value.token.startsWith("00000000-0000-4000-8000-000000000003")
          ? 2
          : 0;
        log("hello", { codecs: body.value.endpoint.value.capabilities?.codecs });
        opened();
      } else if (body.case === "heartbeat") {
        send(encodeLink({ case: "heartbeatAck", value: { nonce: body.value.nonce } }));
      } else if (body.case === "controlAction") {
        log("control", body.value.verb);
        if (body.value.verb === ControlVerb.ASK && controller === 0) controller = 1;
        else if (body.value.verb === ControlVerb.ASK) asks = true;
        else if (body.value.verb === ControlVerb.RELEASE) controller = 0;
        else if (body.value.verb === ControlVerb.GIVE) controller = body.value.participant;
        state();
      }
      return;
    }
    switch (packet.header.channel) {
      case Channel.Video: {
        const { body } = fromBinary(VideoFeedbackSchema, packet.payload);
        if (body.case === "ack") inFlight -= 1;
        else {
          log("refresh", body.value?.cause);
          inFlight = 0;
          step = 0;
          frame(desktop(), true);
        }
        break;
      }
      case Channel.Input:
        for (const { event } of fromBinary(InputMessageSchema, packet.payload).events) {
          log(event.case ?? "none", event.value);
          const at =
            event.case === "pointerMove" || event.case === "pointerButton" ? event.value.position : undefined;
          if (at)
            frame([
              fill(
                Math.max(0, Math.min(WIDTH - 6, at.x)),
                Math.max(0, Math.min(HEIGHT - 6, at.y)),
                6,
                6,
                0xff5555,
              ),
            ]);
        }
        break;
      case Channel.Control:
        log("viewer-control", fromBinary(ViewerControlSchema, packet.payload).body);
        break;
      case Channel.Files:
        files.receive(packet.payload);
        break;
      case Channel.Clipboard:
        log("clipboard", new TextDecoder().decode(fromBinary(ClipboardPieceSchema, packet.payload).data));
        break;
      default:
        break;
    }
  });
}
