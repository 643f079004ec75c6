import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Link } from "../src/engine/link";
import type { LinkPhase } from "../src/engine/messages";
import { controlNews, cursorNews } from "../src/engine/news";
import { sessionFacts } from "../src/engine/session-facts";
import { Statistics } from "../src/engine/stats";
import { AgentControlSchema, NoticeTopic } from "../src/gen/guruconnect/v2/control_pb";
import { CursorMessageSchema } from "../src/gen/guruconnect/v2/cursor_pb";
import { WelcomeSchema } from "../src/gen/guruconnect/v2/hello_pb";
import { type LinkMessage, LinkMessageSchema } from "../src/gen/guruconnect/v2/link_pb";
import { AgentPresence, ConsentState, SessionStateSchema } from "../src/gen/guruconnect/v2/session_pb";
import { decodePacket } from "../src/wire/packet";

/** The relay's end, as far as a socket shows it. */
class FakeSocket {
  static readonly OPEN = 1;
  static all: FakeSocket[] = [];
  readyState = 0;
  bufferedAmount = 0;
  binaryType = "";
  sent: LinkMessage["body"][] = [];
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: unknown }) => void) | null = null;
  onclose: ((event: { code: number }) => void) | null = null;

  constructor(readonly url: string) {
    FakeSocket.all.push(this);
  }

  send(bytes: Uint8Array): void {
    const packet = decodePacket(bytes);
    if (packet.kind === "link") this.sent.push(packet.body);
  }

  close(): void {
    this.readyState = 3;
  }

  async opens(): Promise<void> {
    this.readyState = 1;
    this.onopen?.();
    await vi.advanceTimersByTimeAsync(0);
  }

  closes(code: number): void {
    this.readyState = 3;
    this.onclose?.({ code });
  }
}

function world(prepared: Promise<void> = Promise.resolve()) {
  const phases: [LinkPhase, string | null][] = [];
  const told = { tokens: 0, broken: 0, closed: 0, understood: true };
  const link = new Link("ws://server", "test", {
    stats: new Statistics(false),
    phase: (phase, cause) => phases.push([phase, cause?.code ?? null]),
    tokenWanted: () => {
      told.tokens += 1;
    },
    prepared: () => prepared,
    codecs: () => [],
    received: () => told.understood,
    broken: () => {
      told.broken += 1;
    },
    closed: () => {
      told.closed += 1;
    },
  });
  const socket = () => FakeSocket.all.at(-1) as FakeSocket;
  return { link, phases, told, socket };
}

const body = (init: MessageInitShape<typeof LinkMessageSchema>["body"]) =>
  create(LinkMessageSchema, { body: init }).body;
const welcome = create(WelcomeSchema, { version: 2, heartbeatMs: 1000, silenceMs: 5000 });

describe("the link", () => {
  beforeEach(() => {
    FakeSocket.all = [];
    vi.useFakeTimers();
    vi.stubGlobal("WebSocket", FakeSocket);
  });
  afterEach(() => {
    vi.useRealTimers();
    vi.unstubAllGlobals();
  });

  it("says hello when the decoders are known, and pings once it is welcome", async () => {
    let ready: () => void = () => undefined;
    const { link, phases, socket } = world(new Promise((resolve) => (ready = resolve)));
    link.begin();
    link.connect("secret");
    await socket().opens();
    expect(socket().sent).toEqual([]);
    ready();
    await vi.advanceTimersByTimeAsync(0);
    expect(socket().sent.map(({ case: kind }) => kind)).toEqual(["hello"]);
    link.welcomed(welcome);
    expect(phases).toEqual([
      ["connecting", null],
      ["live", null],
    ]);
    await vi.advanceTimersByTimeAsync(1000);
    expect(socket().sent.map(({ case: kind }) => kind)).toEqual(["hello", "heartbeat"]);
  });

  it("comes back by itself when it breaks, and not when the session is over", async () => {
    const { link, phases, told, socket } = world();
    link.begin();
    link.connect("secret");
    await socket().opens();
    link.welcomed(welcome);
    socket().closes(1006);
    expect(phases.at(-1)).toEqual(["reconnecting", "connection_lost"]);
    expect(told.broken).toBe(1);
    await vi.advanceTimersByTimeAsync(15_000);
    expect(told.tokens).toBe(2);
    link.connect("another");
    await socket().opens();
    expect(link.hear(body({ case: "close", value: { code: 4410 } }))).toBe(true);
    socket().closes(1000);
    expect(phases.at(-1)).toEqual(["ended", "session_ended"]);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(told.tokens).toBe(2);
  });

  it("gives up after some refusals in a row, until a person tries again", async () => {
    const { link, phases, told, socket } = world();
    link.begin();
    for (let turn = 0; turn < 3; turn += 1) {
      link.connect("secret");
      socket().closes(1008);
      await vi.advanceTimersByTimeAsync(15_000);
    }
    expect(phases.at(-1)).toEqual(["failed", "policy"]);
    expect(told.tokens).toBe(3);
    link.retry();
    expect(told.tokens).toBe(4);
  });

  it("is lost when nothing comes for long, or when the beginning makes no sense", async () => {
    const { link, phases, told, socket } = world();
    link.begin();
    link.connect("secret");
    await vi.advanceTimersByTimeAsync(10_000);
    expect(phases.at(-1)).toEqual(["reconnecting", "timed_out"]);
    await vi.advanceTimersByTimeAsync(15_000);
    link.connect("secret");
    await socket().opens();
    socket().onmessage?.({ data: new ArrayBuffer(4) });
    link.welcomed(welcome);
    await vi.advanceTimersByTimeAsync(4_000);
    expect(phases.at(-1)).toEqual(["live", null]);
    await vi.advanceTimersByTimeAsync(2_000);
    expect(phases.at(-1)).toEqual(["reconnecting", "timed_out"]);
    await vi.advanceTimersByTimeAsync(15_000);
    link.connect("secret");
    await socket().opens();
    told.understood = false;
    socket().onmessage?.({ data: new ArrayBuffer(4) });
    expect(phases.at(-1)).toEqual(["reconnecting", "protocol_error"]);
    expect(link.open).toBe(false);
  });

  it("waits for consent, and fails for good without a decoder", async () => {
    const cause = { code: "consent_pending", sentence: "", detail: "" };
    const waiting = world();
    waiting.link.begin();
    waiting.link.tokenFailed("consent", cause);
    await vi.advanceTimersByTimeAsync(2000);
    expect(waiting.told.tokens).toBe(2);
    expect(waiting.phases.at(-1)).toEqual(["consent", "consent_pending"]);
    waiting.link.tokenFailed("never", cause);
    expect(waiting.phases.at(-1)).toEqual(["ended", "consent_pending"]);
    const blind = world(Promise.reject(new Error("no decoder")));
    blind.link.begin();
    blind.link.connect("secret");
    await blind.socket().opens();
    expect(blind.phases.at(-1)).toEqual(["failed", "no_decoder"]);
  });
});

describe("what the page is told", () => {
  const control = (init: MessageInitShape<typeof AgentControlSchema>["body"]) =>
    controlNews(create(AgentControlSchema, { body: init }).body);

  it("has clean texts, and nothing of what is not known here", () => {
    const list = control({
      case: "displays",
      value: {
        selected: 1,
        displays: [{ id: 1, name: "a\u202eb\u0007", width: 2, height: 3, primary: true }],
      },
    });
    expect(list).toMatchObject({ type: "displays", selected: 1, displays: [{ name: "ab" }] });
    expect(
      control({ case: "notice", value: { topic: NoticeTopic.INPUT, cause: { code: 120 } } }),
    ).toMatchObject({
      topic: "input",
      cause: { code: "files_denied" },
    });
    // Over: what was told is taken back.
    expect(control({ case: "notice", value: { topic: NoticeTopic.INPUT } })).toMatchObject({ cause: null });
    expect(control({ case: "notice", value: { topic: 99 as NoticeTopic } })).toBeNull();
    expect(control({ case: "clipboardReceived", value: {} })).toBeNull();
  });

  it("has pointers whose hot spot is within them, and none that break the rules", () => {
    const shape = (init: object) =>
      cursorNews(
        create(CursorMessageSchema, { body: { case: "shape", value: { rgba: new Uint8Array(1), ...init } } })
          .body,
        (_, size) => new Uint8Array(size),
      );
    expect(shape({ width: 2, height: 3, hotspotX: 9, hotspotY: 1 })).toMatchObject({
      shape: { width: 2, height: 3, x: 1, y: 1, rgba: new Uint8Array(24) },
    });
    expect(shape({ rgba: new Uint8Array() })).toEqual({ type: "cursor", shape: null });
    expect(() => shape({ width: 100_000, height: 1 })).toThrow();
  });

  it("has a session with the rights of its own seat", () => {
    const seat = { session: new Uint8Array(16), participant: 2, rights: 1, epoch: 1 };
    const state = create(SessionStateSchema, {
      consent: ConsentState.GRANTED,
      agent: AgentPresence.STALLED,
      machineName: "M\u202e1",
      participants: [
        { participant: 1, name: "Ada", rights: 15 },
        { participant: 2, name: "Ben", rights: 7, asksForControl: true },
      ],
    });
    expect(sessionFacts(state, seat)).toMatchObject({
      consent: "granted",
      agent: "stalled",
      machineName: "M1",
      self: 2,
      rights: 7,
    });
    expect(sessionFacts(create(SessionStateSchema, {}), seat)).toMatchObject({
      consent: "unknown",
      agent: "unknown",
      rights: 1,
    });
  });
});
