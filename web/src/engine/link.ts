// The connection to the relay: opened with a token, kept alive, and opened again when it
// breaks, for as long as that makes sense.

import type { VideoCodec, Welcome } from "../gen/guruconnect/v2/hello_pb";
import type { Close, LinkMessage } from "../gen/guruconnect/v2/link_pb";
import { MAX_PICTURE_SIDE } from "../wire/limits";
import { encodeLink } from "../wire/packet";
import { cleanText } from "../wire/validate";
import { backoff } from "./backoff";
import { closeFacts } from "./cause";
import type { CauseFacts, LinkPhase } from "./messages";
import type { Statistics } from "./stats";

export const PROTOCOL_VERSION = 2;
const OPENING_MS = 10_000;
const CONSENT_RETRY_MS = 2_000;
/** Also measures the way to the relay, hence more often than the silence asks for. */
const PING_MS = 2_000;

export interface LinkPorts {
  readonly stats: Statistics;
  phase(phase: LinkPhase, cause: CauseFacts | null, retryInMs: number | null): void;
  tokenWanted(): void;
  /** Settles when this browser's decoders are known; rejects when there will be no picture. */
  prepared(): Promise<void>;
  codecs(): VideoCodec[];
  /** False: nothing was agreed on yet, and this is no way to begin. */
  received(bytes: Uint8Array, now: number): boolean;
  /** A new link is going to begin with a picture of its own. */
  broken(): void;
  /** There is no socket any more. */
  closed(): void;
}

export class Link {
  private socket: WebSocket | null = null;
  private phase: LinkPhase = "connecting";
  private attempt = 0;
  private retriesOfClose = 0;
  private retryTimer: ReturnType<typeof setTimeout> | null = null;
  private openingTimer: ReturnType<typeof setTimeout> | null = null;
  private heartbeatTimer: ReturnType<typeof setInterval> | null = null;
  private lastReceived = 0;
  private nonce = 0;
  private readonly pings = new Map<number, number>();
  private closing: Close | null = null;

  constructor(
    private readonly url: string,
    private readonly software: string,
    private readonly ports: LinkPorts,
  ) {}

  /** Bytes that the socket has not sent yet. */
  get unsent(): number {
    return this.socket?.bufferedAmount ?? 0;
  }

  get open(): boolean {
    return this.socket !== null;
  }

  // Opening ------------------------------------------------------------------

  begin(): void {
    this.clearRetry();
    this.closeSocket();
    if (this.phase !== "consent" && this.phase !== "reconnecting") this.enter("connecting", null);
    this.ports.tokenWanted();
  }

  /** A person does not want to wait. */
  retry(): void {
    this.attempt = 0;
    this.retriesOfClose = 0;
    this.begin();
  }

  tokenFailed(retry: "soon" | "consent" | "never", cause: CauseFacts): void {
    if (retry === "never") {
      this.enter("ended", cause);
    } else if (retry === "consent") {
      this.enter("consent", cause);
      this.retryIn(CONSENT_RETRY_MS);
    } else {
      this.reconnect(cause, 0);
    }
  }

  /** With a token that was asked for. */
  connect(token: string): void {
    const { stats } = this.ports;
    this.closeSocket();
    this.closing = null;
    const socket = new WebSocket(this.url, ["guruconnect.v2"]);
    socket.binaryType = "arraybuffer";
    this.socket = socket;
    this.openingTimer = setTimeout(() => this.lost(socket, 4408), OPENING_MS);
    stats.reached("token");
    socket.onopen = () => {
      stats.reached("connected");
      this.ports.prepared().then(
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
      const now = performance.now();
      this.lastReceived = now;
      if (!this.ports.received(new Uint8Array(event.data), now)) this.lost(socket, 1002);
    };
    socket.onclose = (event) => this.lost(socket, event.code);
  }

  private hello(token: string): void {
    this.say({
      case: "hello",
      value: {
        versions: { min: PROTOCOL_VERSION, max: PROTOCOL_VERSION },
        software: this.software,
        endpoint: {
          case: "viewer",
          value: {
            token,
            capabilities: {
              codecs: this.ports.codecs(),
              scaledMotion: true,
              maxWidth: MAX_PICTURE_SIDE,
              maxHeight: MAX_PICTURE_SIDE,
            },
          },
        },
      },
    });
  }

  /** The relay has given this viewer a seat. */
  welcomed(welcome: Welcome): void {
    if (this.openingTimer !== null) clearTimeout(this.openingTimer);
    this.openingTimer = null;
    this.attempt = 0;
    this.retriesOfClose = 0;
    this.keepAlive(Math.max(500, welcome.heartbeatMs), Math.max(2000, welcome.silenceMs));
    this.enter("live", null);
  }

  // Life ---------------------------------------------------------------------

  private keepAlive(heartbeatMs: number, silenceMs: number): void {
    if (this.heartbeatTimer !== null) clearInterval(this.heartbeatTimer);
    const socket = this.socket;
    this.heartbeatTimer = setInterval(
      () => {
        const now = performance.now();
        if (socket && now - this.lastReceived > silenceMs) this.lost(socket, 4408);
        else this.ping(now);
      },
      Math.min(heartbeatMs, PING_MS),
    );
  }

  private ping(now: number): void {
    this.nonce = (this.nonce + 1) >>> 0;
    this.pings.clear();
    this.pings.set(this.nonce, now);
    this.say({ case: "heartbeat", value: { nonce: this.nonce } });
  }

  /** What is about the link itself; false for all else. */
  hear(body: LinkMessage["body"]): boolean {
    switch (body.case) {
      case "heartbeat":
        this.say({ case: "heartbeatAck", value: { nonce: body.value.nonce } });
        return true;
      case "heartbeatAck": {
        const sent = this.pings.get(body.value.nonce);
        this.pings.clear();
        if (sent !== undefined) this.ports.stats.roundTrip((performance.now() - sent) * 1000);
        return true;
      }
      case "close":
        this.closing = body.value;
        return true;
      default:
        return false;
    }
  }

  say(body: Parameters<typeof encodeLink>[0]): void {
    this.send(encodeLink(body));
  }

  send(bytes: Uint8Array<ArrayBuffer>): void {
    const { socket } = this;
    if (socket?.readyState !== WebSocket.OPEN) return;
    socket.send(bytes);
  }

  // Its end --------------------------------------------------------------------

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
    this.ports.broken();
    const delay = Math.max(backoff(this.attempt), Math.min(notBeforeMs, 60_000));
    this.attempt += 1;
    this.phase = "reconnecting";
    this.ports.phase("reconnecting", cause, delay);
    this.retryIn(delay);
  }

  private retryIn(delay: number): void {
    this.clearRetry();
    this.retryTimer = setTimeout(() => this.begin(), delay);
  }

  private clearRetry(): void {
    if (this.retryTimer !== null) clearTimeout(this.retryTimer);
    this.retryTimer = null;
  }

  private closeSocket(): void {
    const socket = this.socket;
    this.socket = null;
    this.ports.closed();
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
    this.ports.phase(phase, cause, null);
  }

  /** The session is over. */
  end(cause: CauseFacts): void {
    this.enter("ended", cause);
    this.closeSocket();
  }

  /** Nobody looks any more. */
  stop(): void {
    this.phase = "ended";
    this.clearRetry();
    this.closeSocket();
  }
}
