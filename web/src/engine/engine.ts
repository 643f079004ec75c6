// The viewer's half of a session: link, picture, clipboard. It runs in a worker where
// the browser can draw there, else in the page; it never touches the document.

import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { FileDesk } from "../files/desk";
import { openChannel } from "../files/peer";
import { CauseCode } from "../gen/guruconnect/v2/cause_pb";
import { type ClipboardPiece, ClipboardPieceSchema } from "../gen/guruconnect/v2/clipboard_pb";
import { AgentControlSchema, NoticeTopic, ViewerControlSchema } from "../gen/guruconnect/v2/control_pb";
import { CursorMessageSchema } from "../gen/guruconnect/v2/cursor_pb";
import { VideoCodec, type Welcome } from "../gen/guruconnect/v2/hello_pb";
import { InputMessageSchema } from "../gen/guruconnect/v2/input_pb";
import type { Close, LinkMessage } from "../gen/guruconnect/v2/link_pb";
import {
  type AgentPresence,
  type ConsentState,
  ControlVerb,
  type SessionState,
} from "../gen/guruconnect/v2/session_pb";
import {
  Preset,
  RefreshCause,
  VideoFeedbackSchema,
  VideoMessageSchema,
} from "../gen/guruconnect/v2/video_pb";
import { MAX_INPUT_EVENTS, MAX_PICTURE_SIDE, MAX_VIEWER_MESSAGE } from "../wire/limits";
import { decodePacket, encodeLink } from "../wire/packet";
import { Channel, encodeRecord, Flags, HEADER_LEN, type RecordHeader } from "../wire/record";
import { cleanText, validateCursor } from "../wire/validate";
import { Zstd } from "../wire/zstd";
import { ACTION_NUMBERS, readAbilities } from "./actions";
import { backoff } from "./backoff";
import { causeFacts, closeFacts } from "./cause";
import { type ClipboardContent, ClipboardExchange, crossed, fitting } from "./clipboard";
import { printOf } from "./clipboard-print";
import { canDecodeH264, canDecodeHevc, WebCodecsDecoders } from "./decoder";
import { desktopSessions } from "./desktop-sessions";
import type {
  CauseFacts,
  EngineCommand,
  EngineEvent,
  InputEventInit,
  LinkPhase,
  NoticeTopicName,
  QualitySettings,
  SessionFacts,
} from "./messages";
import { type DrawTarget, Picture, type RefreshReason } from "./picture";
import { RegionLog } from "./regions";
import { Statistics } from "./stats";

const PROTOCOL_VERSION = 2;
const OPENING_MS = 10_000;
const CONSENT_RETRY_MS = 2_000;
const STATS_EVERY_MS = 200;
/** The same while someone reads them and nothing comes. */
const STATS_SHOWN_MS = 500;
const REGIONS_EVERY_MS = 100;
/** Unsent bytes above which pointer moves are left out. */
const CROWDED_BYTES = 16 << 10;

const PRESETS: Record<QualitySettings["preset"], Preset> = {
  auto: Preset.AUTO,
  low: Preset.LOW,
  balanced: Preset.BALANCED,
  high: Preset.HIGH,
  custom: Preset.CUSTOM,
};
const VERBS = {
  ask: ControlVerb.ASK,
  give: ControlVerb.GIVE,
  refuse: ControlVerb.REFUSE,
  release: ControlVerb.RELEASE,
};
const CONSENT = { 1: "not_required", 2: "pending", 3: "granted", 4: "denied" } as const;
const PRESENCE = { 1: "online", 2: "stalled", 3: "offline" } as const;
const TOPICS: Partial<Record<NoticeTopic, NoticeTopicName>> = {
  [NoticeTopic.PICTURE]: "picture",
  [NoticeTopic.INPUT]: "input",
  [NoticeTopic.CLIPBOARD]: "clipboard",
  [NoticeTopic.ENCODER]: "encoder",
  [NoticeTopic.ACTION]: "action",
  [NoticeTopic.CAPTURE]: "capture",
  [NoticeTopic.DESKTOP_SESSION]: "desktop_session",
};

type Context2d = DrawTarget & {
  imageSmoothingEnabled: boolean;
  getImageData(x: number, y: number, width: number, height: number): ImageData;
};

interface Seat {
  session: Uint8Array;
  participant: number;
  rights: number;
  epoch: number;
}

export class Engine {
  private url = "";
  private software = "";
  private context: Context2d | null = null;
  private picture: Picture | null = null;
  private stats = new Statistics(false);
  private socket: WebSocket | null = null;
  private seat: Seat | null = null;
  private phase: LinkPhase = "connecting";
  private attempt = 0;
  private retriesOfClose = 0;
  private retryTimer: ReturnType<typeof setTimeout> | null = null;
  private openingTimer: ReturnType<typeof setTimeout> | null = null;
  private heartbeatTimer: ReturnType<typeof setInterval> | null = null;
  private statsTimer: ReturnType<typeof setTimeout> | null = null;
  private statsAt = 0;
  private shownTimer: ReturnType<typeof setInterval> | null = null;
  private readonly regions = new RegionLog();
  private regionsTimer: ReturnType<typeof setTimeout> | null = null;
  private lastReceived = 0;
  private nonce = 0;
  private pings = new Map<number, number>();
  private sequences = new Map<Channel, number>();
  private readonly clipboard = new ClipboardExchange();
  private clipboardOn = true;
  /** What was sent last has files. */
  private sentFiles = false;
  /** Contents are looked at one after the other: pictures take a moment. */
  private clipboardWork: Promise<void> = Promise.resolve();
  private quality: QualitySettings | null = null;
  private closing: Close | null = null;
  private codecs: VideoCodec[] = [];
  private zstd: Zstd | null = null;
  /** Settles when this browser's decoders are known and the picture can be drawn. */
  private prepared: Promise<void> = Promise.resolve();
  private lastSession: SessionFacts | null = null;
  private filesEpoch = -1;
  private readonly files = new FileDesk({
    send: (payload) => this.sendRecord(Channel.Files, payload, Flags.none),
    post: (event) => this.post({ type: "files", event }),
    unsent: () => this.socket?.bufferedAmount ?? 0,
    channel: openChannel,
    now: () => performance.now() / 1000,
  });

  constructor(
    private readonly post: (event: EngineEvent, transfer?: Transferable[]) => void,
    private readonly loadZstd: () => Promise<WebAssembly.Module>,
  ) {}

  handle(command: EngineCommand): void {
    switch (command.type) {
      case "start":
        this.start(command.canvas, command.url, command.software);
        break;
      case "token":
        this.open(command.token);
        break;
      case "token-failed":
        this.tokenFailed(command.failure.retry, command.failure.cause);
        break;
      case "input":
        this.sendInput(command.events);
        break;
      case "select-display":
        this.sendControl({ case: "selectDisplay", value: { id: command.id } });
        break;
      case "select-desktop-session":
        this.sendControl({ case: "selectDesktopSession", value: { id: command.id } });
        break;
      case "quality":
        this.quality = command.settings;
        this.sendQuality();
        break;
      case "clipboard-sync":
        this.clipboardOn = command.enabled;
        if (!command.enabled) this.clipboard.forget();
        this.sendControl({ case: "clipboardSync", value: { enabled: command.enabled } });
        break;
      case "clipboard-content":
        this.sendClipboard(command.content);
        break;
      case "control":
        this.sendLink({
          case: "controlAction",
          value: { verb: VERBS[command.verb], participant: command.participant },
        });
        break;
      case "action":
        this.sendControl({
          case: "machineAction",
          value: { requestId: command.id, action: ACTION_NUMBERS[command.action], on: command.on },
        });
        break;
      case "files":
        this.files.handle(command.command);
        break;
      case "refresh":
        this.sendRefresh(RefreshCause.USER);
        break;
      case "watch":
        this.watch(command.stats, command.regions);
        break;
      case "retry":
        this.attempt = 0;
        this.retriesOfClose = 0;
        this.wantToken();
        break;
      case "read-pixels":
        this.readPixels(command.id, command.x, command.y, command.width, command.height);
        break;
      case "stop":
        this.stop();
        break;
    }
  }

  private start(canvas: OffscreenCanvas | HTMLCanvasElement, url: string, software: string): void {
    this.url = url;
    this.software = software;
    const offscreen = typeof OffscreenCanvas === "function" && canvas instanceof OffscreenCanvas;
    this.stats = new Statistics(offscreen);
    this.stats.reached("engine");
    // One type for both kinds of canvas: their contexts agree on what is used here.
    const context = (canvas as OffscreenCanvas).getContext("2d", { alpha: false });
    if (!context) {
      this.enter("failed", {
        code: "no_canvas",
        sentence: "This browser cannot draw here. Update it or use another one.",
        detail: "",
      });
      return;
    }
    context.imageSmoothingEnabled = false;
    this.context = context;
    // Beside the token and the socket: none of them waits for another.
    this.prepared = this.prepare(context);
    this.wantToken();
  }

  private async prepare(context: Context2d): Promise<void> {
    const [module, h264, hevc] = await Promise.all([this.loadZstd(), canDecodeH264(), canDecodeHevc()]);
    this.stats.reached("prepared");
    this.codecs = [...(h264 ? [VideoCodec.H264] : []), ...(hevc ? [VideoCodec.HEVC] : [])];
    this.zstd = new Zstd(module);
    this.picture = new Picture(context, this.zstd, (failed) => new WebCodecsDecoders({ failed }), {
      settled: (frameId, receivedAt, presented) => this.settled(frameId, receivedAt, presented),
      refresh: (reason) => this.refresh(reason),
      surface: ({ width, height, displayId }) => {
        this.regions.restart();
        this.post({ type: "surface", width, height, displayId });
      },
      drawn: (kind, rect, ms) => {
        this.stats.drawn(kind, rect.width * rect.height, ms);
        if (this.regions.on) {
          this.regions.drawn(kind, rect);
          this.reportRegions();
        }
      },
    });
  }

  // The link ---------------------------------------------------------------

  private wantToken(): void {
    this.clearRetry();
    this.closeSocket();
    if (this.phase !== "consent" && this.phase !== "reconnecting") this.enter("connecting", null);
    this.post({ type: "token-wanted" });
  }

  private tokenFailed(retry: "soon" | "consent" | "never", cause: CauseFacts): void {
    if (retry === "never") {
      this.enter("ended", cause);
    } else if (retry === "consent") {
      this.enter("consent", cause);
      this.retryIn(CONSENT_RETRY_MS);
    } else {
      this.reconnect(cause, 0);
    }
  }

  private open(token: string): void {
    this.closeSocket();
    this.seat = null;
    this.closing = null;
    const socket = new WebSocket(this.url, ["guruconnect.v2"]);
    socket.binaryType = "arraybuffer";
    this.socket = socket;
    this.openingTimer = setTimeout(() => this.lost(socket, 4408), OPENING_MS);
    this.stats.reached("token");
    socket.onopen = () => {
      this.stats.reached("connected");
      this.prepared.then(
        () => this.socket === socket && this.hello(token),
        () => {
          this.closeSocket();
          this.enter("failed", {
            code: "no_decoder",
            sentence: "This browser cannot unpack the picture. Reload the page, or use another one.",
            detail: "",
          });
        },
      );
    };
    socket.onmessage = (event: MessageEvent<ArrayBuffer | string>) => {
      if (this.socket !== socket) return;
      if (typeof event.data === "string") {
        this.lost(socket, 1003);
        return;
      }
      this.receive(socket, new Uint8Array(event.data));
    };
    socket.onclose = (event) => this.lost(socket, event.code);
  }

  private hello(token: string): void {
    this.sendLink({
      case: "hello",
      value: {
        versions: { min: PROTOCOL_VERSION, max: PROTOCOL_VERSION },
        software: this.software,
        endpoint: {
          case: "viewer",
          value: {
            token,
            capabilities: {
              codecs: this.codecs,
              scaledMotion: true,
              maxWidth: MAX_PICTURE_SIDE,
              maxHeight: MAX_PICTURE_SIDE,
            },
          },
        },
      },
    });
  }

  private receive(socket: WebSocket, bytes: Uint8Array): void {
    const now = performance.now();
    this.lastReceived = now;
    this.stats.received(bytes.length, now);
    try {
      const packet = decodePacket(bytes);
      if (packet.kind === "link") this.receiveLink(packet.body);
      else this.receiveRecord(packet.header, packet.payload, now);
    } catch {
      // A peer that breaks the protocol loses the message, not the session; what
      // matters for the picture has asked for a new one.
      this.stats.decodeErrors += 1;
      if (!this.seat) this.lost(socket, 1002);
    }
    this.reportStats(now);
  }

  private receiveLink(body: LinkMessage["body"]): void {
    switch (body.case) {
      case "welcome":
        this.welcome(body.value);
        break;
      case "heartbeat":
        this.sendLink({ case: "heartbeatAck", value: { nonce: body.value.nonce } });
        break;
      case "heartbeatAck": {
        const sent = this.pings.get(body.value.nonce);
        this.pings.clear();
        if (sent !== undefined) this.stats.roundTrip((performance.now() - sent) * 1000);
        break;
      }
      case "close":
        this.closing = body.value;
        break;
      case "sessionState":
        this.sessionState(body.value);
        break;
      case "controlChanged":
        if (this.lastSession) {
          this.lastSession = { ...this.lastSession, controller: body.value.controller };
          this.post({ type: "session", session: this.lastSession });
        }
        break;
      case "sessionEnd": {
        const cause = body.value.cause;
        this.enter(
          "ended",
          causeFacts(cause?.code ?? CauseCode.ENDED_BY_TECHNICIAN, cleanText(cause?.detail ?? "", 200)),
        );
        this.closeSocket();
        break;
      }
      default:
        break;
    }
  }

  private welcome(welcome: Welcome): void {
    const seat = welcome.seat;
    if (welcome.version !== PROTOCOL_VERSION || !seat) {
      throw new Error("welcome does not fit");
    }
    if (this.openingTimer !== null) clearTimeout(this.openingTimer);
    this.openingTimer = null;
    this.stats.reached("welcome");
    this.seat = {
      session: seat.sessionId.slice(),
      participant: seat.participant,
      rights: seat.rights,
      epoch: seat.epoch,
    };
    this.sequences.clear();
    this.clipboard.restart();
    this.picture?.restart();
    this.stats.restart();
    this.stats.links += 1;
    this.attempt = 0;
    this.retriesOfClose = 0;
    this.keepAlive(Math.max(500, welcome.heartbeatMs), Math.max(2000, welcome.silenceMs));
    this.enter("live", null);
    this.sendWishes();
  }

  /** Also measures the way to the relay, hence more often than the silence asks for. */
  private keepAlive(heartbeatMs: number, silenceMs: number): void {
    if (this.heartbeatTimer !== null) clearInterval(this.heartbeatTimer);
    const socket = this.socket;
    this.heartbeatTimer = setInterval(
      () => {
        const now = performance.now();
        if (socket && now - this.lastReceived > silenceMs) this.lost(socket, 4408);
        else this.ping(now);
      },
      Math.min(heartbeatMs, 2000),
    );
  }

  private ping(now: number): void {
    this.nonce = (this.nonce + 1) >>> 0;
    this.pings.clear();
    this.pings.set(this.nonce, now);
    this.sendLink({ case: "heartbeat", value: { nonce: this.nonce } });
  }

  private sessionState(state: SessionState): void {
    const seat = this.seat;
    if (!seat) return;
    if (state.epoch !== seat.epoch) this.adoptEpoch(seat, state.epoch);
    const own = state.participants.find((one) => one.participant === seat.participant);
    this.lastSession = {
      consent: CONSENT[state.consent as Exclude<ConsentState, ConsentState.UNSPECIFIED>] ?? "unknown",
      agent: PRESENCE[state.agent as Exclude<AgentPresence, AgentPresence.UNSPECIFIED>] ?? "unknown",
      agentSinceMs: Number(state.agentSinceUnixMs),
      controller: state.controller,
      participants: state.participants.map((one) => ({
        participant: one.participant,
        name: cleanText(one.name, 64),
        rights: one.rights,
        asks: one.asksForControl,
      })),
      machineName: cleanText(state.machineName, 64),
      cause: state.cause ? causeFacts(state.cause.code, cleanText(state.cause.detail, 200)) : null,
      self: seat.participant,
      rights: own?.rights ?? seat.rights,
    };
    this.syncFiles(seat, this.lastSession.agent);
    this.post({ type: "session", session: this.lastSession });
  }

  /** The agent has a new link: it starts over with a new surface, and knows no wishes. */
  private adoptEpoch(seat: Seat, epoch: number): void {
    seat.epoch = epoch;
    this.sequences.clear();
    this.clipboard.restart();
    this.picture?.restart();
    this.stats.restart();
    this.sendWishes();
  }

  /** Files need an agent that knows this seat: one of the present epoch. */
  private syncFiles(seat: Seat, agent: SessionFacts["agent"]): void {
    if (agent === "offline" || agent === "unknown") {
      if (this.filesEpoch >= 0) this.files.lost();
      this.filesEpoch = -1;
    } else if (this.filesEpoch !== seat.epoch) {
      this.filesEpoch = seat.epoch;
      this.files.linkUp();
    }
  }

  private filesLost(): void {
    this.filesEpoch = -1;
    this.files.lost();
  }

  private sendWishes(): void {
    if (!this.clipboardOn) this.sendControl({ case: "clipboardSync", value: { enabled: false } });
    this.sendQuality();
  }

  private lost(socket: WebSocket, code: number): void {
    if (this.socket !== socket) return;
    const closing = this.closing;
    const facts = closeFacts(closing ? closing.code : code);
    this.closeSocket();
    if (this.phase === "ended" || this.phase === "failed") return;
    const cause: CauseFacts = {
      code: facts.code,
      sentence: facts.sentence,
      detail: cleanText(closing?.reason ?? "", 120),
    };
    this.retriesOfClose += 1;
    if (this.retriesOfClose > facts.retries) {
      const over =
        facts.code === "session_ended" || facts.code === "session_unknown" || facts.code === "superseded";
      this.enter(over ? "ended" : "failed", cause);
    } else {
      this.reconnect(cause, closing?.retryAfterMs ?? 0);
    }
  }

  private reconnect(cause: CauseFacts, notBeforeMs: number): void {
    this.picture?.restart();
    this.stats.restart();
    const delay = Math.max(backoff(this.attempt), Math.min(notBeforeMs, 60_000));
    this.attempt += 1;
    this.phase = "reconnecting";
    this.post({ type: "phase", phase: "reconnecting", cause, retryInMs: delay });
    this.retryIn(delay);
  }

  private retryIn(delay: number): void {
    this.clearRetry();
    this.retryTimer = setTimeout(() => this.wantToken(), delay);
  }

  private clearRetry(): void {
    if (this.retryTimer !== null) clearTimeout(this.retryTimer);
    this.retryTimer = null;
  }

  private closeSocket(): void {
    const socket = this.socket;
    this.socket = null;
    this.filesLost();
    if (this.heartbeatTimer !== null) clearInterval(this.heartbeatTimer);
    if (this.openingTimer !== null) clearTimeout(this.openingTimer);
    this.heartbeatTimer = null;
    this.openingTimer = null;
    this.pings.clear();
    if (socket && socket.readyState <= WebSocket.OPEN) socket.close(1000);
  }

  private enter(phase: LinkPhase, cause: CauseFacts | null): void {
    this.phase = phase;
    if (phase === "ended" || phase === "failed") this.clearRetry();
    this.post({ type: "phase", phase, cause, retryInMs: null });
  }

  private stop(): void {
    this.phase = "ended";
    this.clearRetry();
    this.closeSocket();
    this.picture?.close();
    this.files.close();
    if (this.statsTimer !== null) clearTimeout(this.statsTimer);
    this.watch(false, false);
  }

  // Records ----------------------------------------------------------------

  private receiveRecord(header: RecordHeader, payload: Uint8Array, now: number): void {
    const seat = this.seat;
    if (!seat || header.epoch < seat.epoch) return;
    if (!header.session.every((byte, i) => byte === seat.session[i])) return;
    // The first record of a new link may overtake the state that announces it.
    if (header.epoch > seat.epoch) this.adoptEpoch(seat, header.epoch);
    switch (header.channel) {
      case Channel.Video:
        this.receiveVideo(payload, now);
        break;
      case Channel.Cursor:
        this.receiveCursor(payload);
        break;
      case Channel.Control:
        this.receiveControl(payload);
        break;
      case Channel.Clipboard: {
        if (this.clipboardOn) this.receiveClipboard(fromBinary(ClipboardPieceSchema, payload));
        break;
      }
      case Channel.Files:
        this.files.receive(payload);
        break;
      default:
        break;
    }
  }

  private receiveVideo(payload: Uint8Array, now: number): void {
    const body = fromBinary(VideoMessageSchema, payload).body;
    switch (body.case) {
      case "surface":
        this.stats.reached("surface");
        this.picture?.setSurface(body.value);
        break;
      case "frame":
        this.stats.reached("frame");
        this.stats.frame(body.value, now);
        this.picture?.frame(body.value, now);
        break;
      case "status":
        this.stats.videoStatus(body.value);
        break;
      default:
        break;
    }
  }

  private receiveCursor(payload: Uint8Array): void {
    const body = fromBinary(CursorMessageSchema, payload).body;
    if (body.case === "position") {
      const point = body.value.position;
      if (point) this.post({ type: "cursor-position", x: point.x, y: point.y });
    } else if (body.case === "shape") {
      const shape = body.value;
      validateCursor(shape);
      if (shape.width === 0) {
        this.post({ type: "cursor", shape: null });
        return;
      }
      const size = shape.width * shape.height * 4;
      const rgba = this.zstd?.decode(shape.rgba, size).slice();
      if (!rgba) return;
      const x = Math.min(shape.hotspotX, shape.width - 1);
      const y = Math.min(shape.hotspotY, shape.height - 1);
      const { width, height } = shape;
      this.post({ type: "cursor", shape: { width, height, x, y, rgba } }, [rgba.buffer]);
    }
  }

  private receiveControl(payload: Uint8Array): void {
    const body = fromBinary(AgentControlSchema, payload).body;
    if (body.case === "displays") {
      const displays = body.value.displays.slice(0, 64).map((one) => ({
        id: one.id,
        name: cleanText(one.name, 64),
        width: one.width,
        height: one.height,
        primary: one.primary,
      }));
      this.post({ type: "displays", displays, selected: body.value.selected });
    } else if (body.case === "machineActions") {
      this.post({ type: "actions", abilities: readAbilities(body.value) });
    } else if (body.case === "machineActionResult") {
      const { requestId, cause } = body.value;
      this.post({
        type: "action-result",
        id: requestId,
        cause: cause ? causeFacts(cause.code, cleanText(cause.detail, 200)) : null,
      });
    } else if (body.case === "desktopSessions") {
      this.post({ type: "desktop-sessions", list: desktopSessions(body.value) });
    } else if (body.case === "clipboardReceived") {
      if (this.clipboard.acknowledged(body.value)) {
        this.post({ type: "clipboard-delivered", files: this.sentFiles });
      }
      this.flushClipboard();
    } else if (body.case === "notice") {
      const topic = TOPICS[body.value.topic];
      const cause = body.value.cause;
      if (topic) {
        this.post({
          type: "notice",
          topic,
          cause: cause?.code ? causeFacts(cause.code, cleanText(cause.detail, 200)) : null,
        });
      }
    }
  }

  private settled(frameId: number, receivedAt: number, presented: boolean): void {
    const now = performance.now();
    const spentMs = Math.max(0, now - receivedAt);
    const drawUs = Math.round(spentMs * 1000);
    this.sendRecord(
      Channel.Video,
      toBinary(
        VideoFeedbackSchema,
        create(VideoFeedbackSchema, { body: { case: "ack", value: { frameId, drawUs } } }),
      ),
    );
    this.stats.settled(frameId, spentMs, presented, now);
    // The first picture is news that does not wait for the next report.
    if (presented && this.stats.reached("picture")) this.report();
    else this.reportStats(now);
  }

  private refresh(reason: RefreshReason): void {
    if (reason === "decode_error") {
      this.stats.decodeErrors += 1;
      this.sendRefresh(RefreshCause.DECODE_ERROR);
    } else {
      this.sendRefresh(RefreshCause.NO_DECODER);
    }
  }

  private sendRefresh(cause: RefreshCause): void {
    this.sendRecord(
      Channel.Video,
      toBinary(
        VideoFeedbackSchema,
        create(VideoFeedbackSchema, { body: { case: "refresh", value: { cause } } }),
      ),
    );
  }

  // Sending ----------------------------------------------------------------

  private sendInput(events: InputEventInit[]): void {
    const socket = this.socket;
    if (!this.seat || !socket) return;
    const wanted =
      socket.bufferedAmount > CROWDED_BYTES + this.files.allowance
        ? events.filter((event) => event.event?.case !== "pointerMove")
        : events;
    for (let at = 0; at < wanted.length; at += MAX_INPUT_EVENTS) {
      const message = create(InputMessageSchema, { events: wanted.slice(at, at + MAX_INPUT_EVENTS) });
      this.sendRecord(Channel.Input, toBinary(InputMessageSchema, message));
    }
  }

  private sendControl(body: NonNullable<Parameters<typeof createControl>[0]>): void {
    this.sendRecord(Channel.Control, toBinary(ViewerControlSchema, createControl(body)));
  }

  private sendQuality(): void {
    const quality = this.quality;
    if (!quality) return;
    this.sendControl({
      case: "videoSettings",
      value: {
        preset: PRESETS[quality.preset],
        fps: quality.fps,
        kbps: quality.kbps,
        hevc: quality.hevc ?? false,
      },
    });
  }

  private receiveClipboard(piece: ClipboardPiece): void {
    const { content, received } = this.clipboard.receive(piece);
    if (received) this.sendControl({ case: "clipboardReceived", value: received });
    if (content) {
      this.laterWithClipboard(async () => {
        const print = await printOf(content);
        const empty = Object.keys(content).length === 0;
        if (!this.clipboardOn || empty || !this.clipboard.accept(print)) return;
        this.post({ type: "clipboard", content, crossed: crossed(content) });
      });
    }
  }

  private sendClipboard(content: ClipboardContent): void {
    if (!this.clipboardOn || !this.seat) return;
    const fits = fitting(content);
    if (!fits) {
      const tooLarge = Object.values(content).some((part) => part.length > 0);
      if (tooLarge) {
        this.post({ type: "clipboard-refused", cause: causeFacts(CauseCode.CLIPBOARD_TOO_LARGE) });
      }
      return;
    }
    this.laterWithClipboard(async () => {
      const print = await printOf(fits);
      if (!this.clipboardOn) return;
      const files = fits.files !== undefined;
      if (!this.clipboard.local(fits, print)) {
        this.post({ type: "clipboard-known", files });
        return;
      }
      this.sentFiles = files;
      this.post({ type: "clipboard-sent", crossed: crossed(fits) });
      this.flushClipboard();
    });
  }

  private laterWithClipboard(work: () => Promise<void>): void {
    this.clipboardWork = this.clipboardWork.then(work).catch(() => {
      this.stats.decodeErrors += 1;
    });
  }

  /** Sends what may be sent now. */
  private flushClipboard(): void {
    for (let piece = this.clipboard.next(); piece; piece = this.clipboard.next()) {
      this.sendRecord(Channel.Clipboard, piece.payload, piece.last ? Flags.end : Flags.none);
    }
  }

  private sendRecord(channel: Channel, payload: Uint8Array, flags: number = Flags.end): void {
    const seat = this.seat;
    if (!seat || payload.length + HEADER_LEN > MAX_VIEWER_MESSAGE) return;
    const sequence = this.sequences.get(channel) ?? 0;
    this.sequences.set(channel, (sequence + 1) >>> 0);
    const header = {
      channel,
      flags,
      participant: seat.participant,
      epoch: seat.epoch,
      sequence,
      session: seat.session,
    };
    this.sendBytes(encodeRecord(header, payload));
  }

  private sendLink(body: Parameters<typeof encodeLink>[0]): void {
    this.sendBytes(encodeLink(body));
  }

  private sendBytes(bytes: Uint8Array<ArrayBuffer>): void {
    const socket = this.socket;
    if (socket?.readyState !== WebSocket.OPEN) return;
    socket.send(bytes);
  }

  // Reports ----------------------------------------------------------------

  private reportStats(now: number): void {
    if (this.statsTimer !== null) return;
    const wait = Math.max(0, this.statsAt + STATS_EVERY_MS - now);
    this.statsTimer = setTimeout(() => this.report(), wait);
  }

  private report(): void {
    if (this.statsTimer !== null) clearTimeout(this.statsTimer);
    this.statsTimer = null;
    this.statsAt = performance.now();
    this.post({ type: "stats", stats: this.stats.snapshot(this.statsAt) });
  }

  /** What somebody looks at costs a timer, the rest nothing. */
  private watch(stats: boolean, regions: boolean): void {
    if (this.shownTimer !== null) clearInterval(this.shownTimer);
    this.shownTimer = stats ? setInterval(() => this.reportStats(performance.now()), STATS_SHOWN_MS) : null;
    if (regions !== this.regions.on) this.regions.watch(regions);
    if (this.regionsTimer !== null) clearTimeout(this.regionsTimer);
    this.regionsTimer = null;
  }

  private reportRegions(): void {
    this.regionsTimer ??= setTimeout(() => {
      this.regionsTimer = null;
      this.post({ type: "regions", regions: this.regions.take() });
    }, REGIONS_EVERY_MS);
  }

  private readPixels(id: number, x: number, y: number, width: number, height: number): void {
    const surface = this.context?.canvas;
    const fits =
      surface &&
      x >= 0 &&
      y >= 0 &&
      width > 0 &&
      height > 0 &&
      x + width <= surface.width &&
      y + height <= surface.height;
    const pixels = fits ? (this.context?.getImageData(x, y, width, height).data ?? null) : null;
    this.post({ type: "pixels", id, pixels: pixels as Uint8ClampedArray | null });
  }
}

function createControl(body: NonNullable<Parameters<typeof create<typeof ViewerControlSchema>>[1]>["body"]) {
  return create(ViewerControlSchema, { body });
}
