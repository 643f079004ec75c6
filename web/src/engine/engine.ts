// The viewer's half of a session: link, picture, clipboard. It runs in a worker where
// the browser can draw there, else in the page; it never touches the document.

import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { FileDesk } from "../files/desk";
import { openChannel } from "../files/peer";
import { CauseCode } from "../gen/guruconnect/v2/cause_pb";
import { ClipboardPieceSchema } from "../gen/guruconnect/v2/clipboard_pb";
import { AgentControlSchema, ViewerControlSchema } from "../gen/guruconnect/v2/control_pb";
import { CursorMessageSchema } from "../gen/guruconnect/v2/cursor_pb";
import { VideoCodec, type Welcome } from "../gen/guruconnect/v2/hello_pb";
import { InputMessageSchema } from "../gen/guruconnect/v2/input_pb";
import type { LinkMessage } from "../gen/guruconnect/v2/link_pb";
import { ControlVerb, type SessionState } from "../gen/guruconnect/v2/session_pb";
import {
  Preset,
  RefreshCause,
  VideoFeedbackSchema,
  VideoMessageSchema,
} from "../gen/guruconnect/v2/video_pb";
import { MAX_INPUT_EVENTS, MAX_VIEWER_MESSAGE } from "../wire/limits";
import { decodePacket } from "../wire/packet";
import { Channel, encodeRecord, Flags, HEADER_LEN, type RecordHeader } from "../wire/record";
import { cleanText } from "../wire/validate";
import { Zstd } from "../wire/zstd";
import { ACTION_NUMBERS } from "./actions";
import { causeFacts } from "./cause";
import { ClipboardDesk } from "./clipboard-desk";
import { canDecodeH264, canDecodeHevc, WebCodecsDecoders } from "./decoder";
import { Link, PROTOCOL_VERSION } from "./link";
import type { EngineCommand, EngineEvent, InputEventInit, QualitySettings, SessionFacts } from "./messages";
import { controlNews, cursorNews } from "./news";
import { type DrawTarget, Picture, type RefreshReason } from "./picture";
import { Reports } from "./reports";
import { type Seat, sessionFacts } from "./session-facts";
import { Statistics } from "./stats";

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

type Context2d = DrawTarget & {
  imageSmoothingEnabled: boolean;
  getImageData(x: number, y: number, width: number, height: number): ImageData;
};

export class Engine {
  private context: Context2d | null = null;
  private picture: Picture | null = null;
  private stats = new Statistics(false);
  private link: Link | null = null;
  private seat: Seat | null = null;
  private sequences = new Map<Channel, number>();
  private quality: QualitySettings | null = null;
  private codecs: VideoCodec[] = [];
  private zstd: Zstd | null = null;
  private lastSession: SessionFacts | null = null;
  private filesEpoch = -1;
  private readonly reports = new Reports(
    () => this.stats,
    (event) => this.post(event),
  );
  private readonly clipboard = new ClipboardDesk({
    post: (event) => this.post(event),
    received: (value) => this.sendControl({ case: "clipboardReceived", value }),
    send: (payload, last) => this.sendRecord(Channel.Clipboard, payload, last ? Flags.end : Flags.none),
    failed: () => {
      this.stats.decodeErrors += 1;
    },
  });
  private readonly files = new FileDesk({
    send: (payload) => this.sendRecord(Channel.Files, payload, Flags.none),
    post: (event) => this.post({ type: "files", event }),
    unsent: () => this.link?.unsent ?? 0,
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
        this.seat = null;
        this.link?.connect(command.token);
        break;
      case "token-failed":
        this.link?.tokenFailed(command.failure.retry, command.failure.cause);
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
        this.clipboard.set(command.enabled);
        this.sendControl({ case: "clipboardSync", value: { enabled: command.enabled } });
        break;
      case "clipboard-content":
        if (this.seat) this.clipboard.send(command.content);
        break;
      case "control":
        this.link?.say({
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
        this.reports.watch(command.stats, command.regions);
        break;
      case "retry":
        this.link?.retry();
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
    const offscreen = typeof OffscreenCanvas === "function" && canvas instanceof OffscreenCanvas;
    this.stats = new Statistics(offscreen);
    this.stats.reached("engine");
    // One type for both kinds of canvas: their contexts agree on what is used here.
    const context = (canvas as OffscreenCanvas).getContext("2d", { alpha: false });
    if (!context) {
      const sentence = "This browser cannot draw here. Update it or use another one.";
      const cause = { code: "no_canvas", sentence, detail: "" };
      this.post({ type: "phase", phase: "failed", cause, retryInMs: null });
      return;
    }
    context.imageSmoothingEnabled = false;
    this.context = context;
    // Beside the token and the socket: none of them waits for another.
    const prepared = this.prepare(context);
    this.link = new Link(url, software, {
      stats: this.stats,
      phase: (phase, cause, retryInMs) => this.post({ type: "phase", phase, cause, retryInMs }),
      tokenWanted: () => this.post({ type: "token-wanted" }),
      prepared: () => prepared,
      codecs: () => this.codecs,
      received: (bytes, now) => this.receive(bytes, now),
      broken: () => {
        this.picture?.restart();
        this.stats.restart();
      },
      closed: () => this.filesLost(),
    });
    this.link.begin();
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
        this.reports.regions.restart();
        this.post({ type: "surface", width, height, displayId });
      },
      drawn: (kind, rect, ms) => {
        this.stats.drawn(kind, rect.width * rect.height, ms);
        if (this.reports.regions.on) {
          this.reports.regions.drawn(kind, rect);
          this.reports.regionsSoon();
        }
      },
    });
  }

  // The link ---------------------------------------------------------------

  private receive(bytes: Uint8Array, now: number): boolean {
    let understood = true;
    this.stats.received(bytes.length, now);
    try {
      const packet = decodePacket(bytes);
      if (packet.kind === "link") this.receiveLink(packet.body);
      else this.receiveRecord(packet.header, packet.payload, now);
    } catch {
      // A peer that breaks the protocol loses the message, not the session; what
      // matters for the picture has asked for a new one.
      this.stats.decodeErrors += 1;
      understood = this.seat !== null;
    }
    this.reports.soon(now);
    return understood;
  }

  private receiveLink(body: LinkMessage["body"]): void {
    if (this.link?.hear(body)) return;
    switch (body.case) {
      case "welcome":
        this.welcome(body.value);
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
        this.link?.end(
          causeFacts(cause?.code ?? CauseCode.ENDED_BY_TECHNICIAN, cleanText(cause?.detail ?? "", 200)),
        );
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
    this.link?.welcomed(welcome);
    this.sendWishes();
  }

  private sessionState(state: SessionState): void {
    const seat = this.seat;
    if (!seat) return;
    if (state.epoch !== seat.epoch) this.adoptEpoch(seat, state.epoch);
    this.lastSession = sessionFacts(state, seat);
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
    if (!this.clipboard.on) this.sendControl({ case: "clipboardSync", value: { enabled: false } });
    this.sendQuality();
  }

  private stop(): void {
    this.link?.stop();
    this.picture?.close();
    this.files.close();
    this.reports.close();
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
        if (this.clipboard.on) this.clipboard.receive(fromBinary(ClipboardPieceSchema, payload));
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
    const { body } = fromBinary(CursorMessageSchema, payload);
    const news = cursorNews(body, (packed, size) => this.zstd?.decode(packed, size).slice());
    if (news?.type === "cursor" && news.shape) this.post(news, [news.shape.rgba.buffer]);
    else if (news) this.post(news);
  }

  private receiveControl(payload: Uint8Array): void {
    const { body } = fromBinary(AgentControlSchema, payload);
    if (body.case === "clipboardReceived") {
      this.clipboard.acknowledged(body.value);
      return;
    }
    const news = controlNews(body);
    if (news) this.post(news);
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
    if (presented && this.stats.reached("picture")) this.reports.now();
    else this.reports.soon(now);
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
    const { link } = this;
    if (!this.seat || !link?.open) return;
    const wanted =
      link.unsent > CROWDED_BYTES + this.files.allowance
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
    this.link?.send(encodeRecord(header, payload));
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
