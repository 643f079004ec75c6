import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { causeFacts } from "../src/engine/cause";
import type { CauseFacts } from "../src/engine/messages";
import { FileDesk } from "../src/files/desk";
import type { FilesEvent, LocalItem, RemotePath } from "../src/files/facts";
import { type PeerChannel, PeerSink } from "../src/files/peer";
import type { FileBody } from "../src/files/task";
import { FileAction, FileKind, FileMessageSchema, FileOutcome } from "../src/gen/guruconnect/v2/file_pb";
import { DragEdge } from "../src/viewer/drag-edge";
import { type DropFacts, FileDrop } from "../src/viewer/file-drop";
import { type PeerOffer, PeerOffers, type Tabs } from "../src/viewer/peer-offers";

const noise = (length: number, seed: number): Uint8Array<ArrayBuffer> => {
  const data = new Uint8Array(length);
  for (let at = 0; at < length; at += 1) data[at] = (at * 7 + seed + (at >> 8)) & 255;
  return data;
};

/** Two ends of a channel; what is said is copied, as the browser does. */
function channels() {
  type End = { hear: ((message: unknown) => void) | null; gone: (() => void) | null; open: boolean };
  const ends: Record<"giver" | "taker", End> = {
    giver: { hear: null, gone: null, open: true },
    taker: { hear: null, gone: null, open: true },
  };
  let carried = 0;
  const end = (side: "giver" | "taker"): PeerChannel => {
    const [own, other] = side === "giver" ? [ends.giver, ends.taker] : [ends.taker, ends.giver];
    return {
      send: (message) => {
        const copy: unknown = structuredClone(message);
        if (message.say === "data") carried += message.data.length;
        queueMicrotask(() => other.open && other.hear?.(copy));
      },
      listen: (hear) => {
        own.hear = hear;
      },
      watch: (gone) => {
        own.gone = gone;
      },
      close: () => {
        own.open = false;
      },
    };
  };
  return { end, ends, carried: () => carried };
}

/** A desk that takes files from another page, and an agent that the test plays. */
function taker(channel: PeerChannel, refuse: (path: string) => boolean = () => false) {
  const events: FilesEvent[] = [];
  const got = new Map<string, number[]>();
  const heads = new Map<number, { path: string; size: number }>();
  let received = 0;
  const say = (body: FileBody) =>
    queueMicrotask(() => desk.receive(toBinary(FileMessageSchema, create(FileMessageSchema, { body }))));
  const desk: FileDesk = new FileDesk({
    send: (payload) => {
      const { body } = fromBinary(FileMessageSchema, payload.slice());
      if (body.case === "heads") {
        for (const { index, path, kind, size } of body.value.heads) {
          heads.set(index, { path, size: Number(size) });
          const { transfer } = body.value;
          if (kind === FileKind.FOLDER) {
            say({ case: "result", value: { transfer, index, outcome: FileOutcome.DONE } });
          } else if (refuse(path)) {
            const cause = { code: 122 };
            say({ case: "result", value: { transfer, index, outcome: FileOutcome.FAILED, cause } });
          } else {
            got.set(path, []);
            say({ case: "answer", value: { transfer, index, action: FileAction.SEND } });
          }
        }
      } else if (body.case === "chunk") {
        got.get(heads.get(body.value.index)?.path ?? "")?.push(...body.value.data);
        received += body.value.data.length;
        say({ case: "ack", value: { received: BigInt(received), room: 8n << 20n } });
      } else if (body.case === "end") {
        const { transfer, index, cause } = body.value;
        const outcome = cause ? FileOutcome.FAILED : FileOutcome.DONE;
        say({ case: "result", value: { transfer, index, outcome, ...(cause ? { cause } : {}) } });
      }
    },
    post: (event) => events.push(event),
    unsent: () => 0,
    now: () => performance.now() / 1000,
    channel: () => channel,
  });
  desk.linkUp();
  desk.handle({
    do: "fetch",
    folder: { place: "pasted", parts: [] },
    below: "now",
    channel: "x",
    asked: { token: 5, title: "two" },
  });
  const over = () => events.find((event) => event.what === "uploaded");
  return { desk, got, over };
}

const facts = (size: number) => ({ size, modifiedMs: 1_700_000_000_000 });

async function give(sink: PeerSink, path: string, data: Uint8Array<ArrayBuffer>): Promise<void> {
  const writer = await sink.open(path.split("/"), false, facts(data.length));
  for (let at = 0; at < data.length; at += 60_000) await writer.write(data.slice(at, at + 60_000));
  await writer.finish();
}

describe("files of another session", () => {
  it("go through, however large, with little on the way", async () => {
    const { end, carried } = channels();
    const { got, over } = taker(end("taker"), (path) => path.endsWith(".exe"));
    const sink = new PeerSink(end("giver"), () => undefined);
    const large = noise(2_600_001, 1);
    // Refused by the other machine: its bytes hold nobody up.
    await give(sink, "d/bad.exe", noise(2_400_000, 2));
    await give(sink, "d/large.bin", large);
    await sink.folder(["d", "hollow"], 0);
    await give(sink, "empty", new Uint8Array());
    sink.over(null);
    await vi.waitFor(
      () => expect(over()).toMatchObject({ token: 5, cause: { code: "file_type_blocked" } }),
      8000,
    );
    expect(Uint8Array.from(got.get("now/d/large.bin") ?? [])).toEqual(large);
    expect(got.get("now/empty")).toEqual([]);
    expect(carried()).toBe(5_000_001);
  }, 30_000);

  it("wait when nobody takes them", async () => {
    const { end, ends } = channels();
    const giver = end("giver");
    let sent = 0;
    const sink = new PeerSink(
      {
        ...giver,
        send: (message) => {
          if (message.say === "data") sent += message.data.length;
        },
      },
      () => undefined,
    );
    const writing = give(sink, "a", noise(9_000_000, 3)).catch((error: Error) => error.message);
    await new Promise((done) => setTimeout(done, 20));
    expect(sent).toBeGreaterThan(1_000_000);
    expect(sent).toBeLessThan(2_300_000);
    // The other page is closed.
    ends.giver.gone?.();
    expect(await writing).toBe("the other page is gone");
  });

  it("fail when the page that has them is gone", async () => {
    const { end, ends } = channels();
    const { over } = taker(end("taker"));
    const sink = new PeerSink(end("giver"), () => undefined);
    const writer = await sink.open(["a"], false, facts(100));
    await writer.write(noise(50, 4));
    await vi.waitFor(() => expect(ends.taker.gone).not.toBeNull());
    ends.taker.gone?.();
    await vi.waitFor(() => expect(over()).toMatchObject({ cause: { code: "file_changed" } }));
  });

  it("fail with the link that they were sent by", async () => {
    const { end, ends } = channels();
    const { desk, over } = taker(end("taker"));
    let stopped = false;
    const sink = new PeerSink(end("giver"), () => {
      stopped = true;
    });
    const writer = await sink.open(["a"], false, facts(100));
    await writer.write(noise(50, 4));
    desk.lost();
    expect(over()).toMatchObject({ cause: { code: "file_peer_gone" } });
    await vi.waitFor(() => expect(stopped).toBe(true));
    expect(ends.taker.open).toBe(false);
  });
});

/** Tabs of one browser. */
function tabs() {
  const all = new Set<(message: unknown) => void>();
  return (): Tabs => {
    let own: ((message: unknown) => void) | null = null;
    return {
      send: (message) => {
        const copy: unknown = structuredClone(message);
        for (const hear of all) if (hear !== own) queueMicrotask(() => all.has(hear) && hear(copy));
      },
      listen: (hear) => {
        own = hear;
        all.add(hear);
      },
      close: () => void (own && all.delete(own)),
    };
  };
}

describe("tabs", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());
  const settle = () => vi.advanceTimersByTimeAsync(0);
  const offer = { machine: "desk-1", count: 2, names: ["a", "b"] };

  function tab(open: () => Tabs, session: string) {
    const seen: { offer: PeerOffer | null; given: string[] } = { offer: null, given: [] };
    const peers = new PeerOffers({
      tabs: open(),
      session,
      changed: (offer) => {
        seen.offer = offer;
      },
      give: (channel) => seen.given.push(channel),
    });
    return { peers, seen };
  }

  it("tell each other what they have, and only other sessions hear of it", async () => {
    const open = tabs();
    const a = tab(open, "A");
    a.peers.announce(offer);
    const b = tab(open, "B");
    const twin = tab(open, "A");
    await settle();
    expect(b.seen.offer).toMatchObject(offer);
    expect(twin.seen.offer).toBeNull();
    a.peers.announce(null);
    await settle();
    expect(b.seen.offer).toBeNull();
  });

  it("begin when both are ready", async () => {
    const open = tabs();
    const [a, b] = [tab(open, "A"), tab(open, "B")];
    a.peers.announce(offer);
    await settle();
    const order: string[] = [];
    const taking = b.peers.take(b.seen.offer as PeerOffer, (channel) => {
      order.push(channel);
      expect(a.seen.given).toEqual([]);
    });
    await settle();
    expect(await taking).toBe(true);
    expect(a.seen.given).toEqual(order);
    expect(order[0]).toMatch(/^[0-9a-f]{32}$/);
  });

  it("give nothing that was replaced, and nothing when they are gone", async () => {
    const open = tabs();
    const [a, b] = [tab(open, "A"), tab(open, "B")];
    a.peers.announce(offer);
    await settle();
    const old = b.seen.offer as PeerOffer;
    a.peers.announce({ ...offer, count: 3 });
    await settle();
    const late = b.peers.take(old, () => undefined);
    await settle();
    expect(await late).toBe(false);
    const fresh = b.seen.offer as PeerOffer;
    expect(fresh.count).toBe(3);
    a.peers.close();
    const gone = b.peers.take(fresh, () => undefined);
    await vi.advanceTimersByTimeAsync(3_000);
    expect(await gone).toBe(false);
    expect(b.seen.offer).toBeNull();
    expect(a.seen.given).toEqual([]);
  });
});

describe("a drag out of the picture", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());
  const picture = { left: 100, top: 100, right: 900, bottom: 700 };
  const window = { left: 0, top: 0, right: 1000, bottom: 800 };

  it("is noticed once, when it is well outside", () => {
    let out = 0;
    const edge = new DragEdge(() => {
      out += 1;
    });
    const move = (x: number, y: number, held = true) => edge.move(x, y, held, picture, window);
    move(500, 300);
    move(95, 300);
    expect(out).toBe(0);
    move(80, 300);
    move(60, 300);
    expect(out).toBe(1);
    move(500, 300);
    move(500, 720);
    expect(out).toBe(2);
    move(50, 50, false);
    expect(out).toBe(2);
  });

  it("is noticed at the edge of the screen, where it rests", async () => {
    let out = 0;
    const edge = new DragEdge(() => {
      out += 1;
    });
    const move = (x: number, held = true) => edge.move(x, 300, held, window, window);
    move(0);
    await vi.advanceTimersByTimeAsync(200);
    move(50);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(out).toBe(0);
    move(999);
    await vi.advanceTimersByTimeAsync(500);
    expect(out).toBe(1);
    move(999);
    move(0);
    await vi.advanceTimersByTimeAsync(2_000);
    expect(out).toBe(1);
  });
});

describe("a drop at a point", () => {
  function world() {
    const shown: { drop: DropFacts | null; all: string[] } = { drop: null, all: [] };
    const uploads: LocalItem[][] = [];
    const drops: { folder: RemotePath; x: number; y: number }[] = [];
    let upload: CauseFacts | null = null;
    let answer: { cause: CauseFacts | null; folder: RemotePath | null } = { cause: null, folder: null };
    const drop = new FileDrop({
      files: {
        uploaded: (items) => {
          uploads.push(items);
          return Promise.resolve(upload);
        },
        upload: (items) => void uploads.push(items),
        drop: (folder, x, y) => {
          drops.push({ folder, x, y });
          return Promise.resolve(answer);
        },
      },
      changed: (facts) => {
        shown.drop = facts;
        if (facts) shown.all.push(facts.at);
      },
      now: () => new Date(2026, 10, 22, 15, 4, 5),
    });
    const begin = (...names: string[]) =>
      drop.begin(Promise.resolve(names.map((path) => ({ path, file: null, modifiedMs: 0 }))), 30, 40);
    return {
      drop,
      shown,
      uploads,
      drops,
      begin,
      fail: (code: number) => {
        upload = causeFacts(code);
      },
      answer: (code: number, folder: RemotePath | null) => {
        answer = { cause: causeFacts(code), folder };
      },
    };
  }

  it("goes up first, into a folder of its own, and is dropped there", async () => {
    const { shown, uploads, drops, begin } = world();
    await begin("a", "b/c");
    expect(shown.all).toEqual(["sending", "dropping"]);
    expect(shown.drop).toBeNull();
    const folder = uploads[0]?.[0]?.path.split("/")[0] ?? "";
    expect(uploads[0]?.map(({ path }) => path)).toEqual([`${folder}/a`, `${folder}/b/c`]);
    expect(drops).toEqual([{ folder: { place: "pasted", parts: [folder] }, x: 30, y: 40 }]);
  });

  it("says where the files are when nobody takes them", async () => {
    const { drop, shown, uploads, begin, answer } = world();
    const folder = { place: "/", parts: ["home", "ada", "Downloads"] };
    answer(200, folder);
    await begin("a");
    expect(shown.drop).toMatchObject({ at: "kept", title: "a", folder });
    expect(uploads.length).toBe(1);
    drop.dismiss();
    expect(shown.drop).toBeNull();
    // They could not be moved: they are sent to where uploads go.
    answer(203, null);
    await begin("a");
    expect(uploads[2]?.[0]?.path).toBe("a");
    expect(shown.drop).toMatchObject({ at: "failed" });
  });

  it("is not dropped when it did not arrive", async () => {
    const { shown, drops, begin, fail } = world();
    fail(122);
    await begin("a.exe");
    expect(drops).toEqual([]);
    expect(shown.drop).toMatchObject({ at: "failed", sentence: causeFacts(122).sentence });
  });
});
