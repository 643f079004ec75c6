import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { sha256 } from "@noble/hashes/sha2.js";
import { describe, expect, it, vi } from "vitest";
import { FileDesk } from "../src/files/desk";
import type { FilesEvent } from "../src/files/facts";
import { bytes, timeLeft } from "../src/files/format";
import { numbered, portableParts } from "../src/files/names";
import { Pace } from "../src/files/pace";
import type { FileBody } from "../src/files/task";
import {
  FileAction,
  FileKind,
  type FileMessage,
  FileMessageSchema,
  FileOutcome,
} from "../src/gen/guruconnect/v2/file_pb";

type Body = FileMessage["body"];

const noise = (length: number): Uint8Array<ArrayBuffer> => {
  const data = new Uint8Array(length);
  let state = 12345;
  for (let at = 0; at < length; at += 1) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    data[at] = state >>> 24;
  }
  return data;
};

/** A desk, and an agent that the test plays. */
function world(agent: (body: Body, say: (body: FileBody) => void) => void) {
  const events: FilesEvent[] = [];
  const sent: Body[] = [];
  const desk: FileDesk = new FileDesk({
    send: (payload) => {
      const { body } = fromBinary(FileMessageSchema, payload.slice());
      sent.push(body);
      agent(body, say);
    },
    post: (event) => events.push(event),
    unsent: () => 0,
    channel: () => {
      throw new Error("no other page");
    },
    now: () => performance.now() / 1000,
  });
  const say = (body: FileBody) =>
    queueMicrotask(() => desk.receive(toBinary(FileMessageSchema, create(FileMessageSchema, { body }))));
  const state = () =>
    events.filter((event) => event.what === "state").at(-1) as Extract<FilesEvent, { what: "state" }>;
  return { desk, events, sent, say, state };
}

/** An agent that takes everything; what came, by way. */
function taker(got: Map<string, Uint8Array>, cutAt = Number.POSITIVE_INFINITY) {
  const parts = new Map<number, { path: string; size: number; data: number[] }>();
  const kept = new Map<string, number[]>();
  let received = 0;
  let total = 0;
  const take = (body: Body, say: (body: FileBody) => void) => {
    if (body.case === "open") {
      parts.clear();
      received = 0;
    } else if (body.case === "heads") {
      for (const head of body.value.heads) {
        const { index } = head;
        const transfer = body.value.transfer;
        if (head.kind === FileKind.FOLDER) {
          say({ case: "result", value: { transfer, index, outcome: FileOutcome.DONE } });
          continue;
        }
        const data = kept.get(head.path) ?? [];
        kept.set(head.path, data);
        parts.set(index, { path: head.path, size: Number(head.size), data });
        const prefixSha256 = data.length > 0 ? sha256(Uint8Array.from(data)) : new Uint8Array();
        const offset = BigInt(data.length);
        say({ case: "answer", value: { transfer, index, action: FileAction.SEND, offset, prefixSha256 } });
      }
    } else if (body.case === "chunk") {
      if (total >= cutAt) return;
      const part = parts.get(body.value.index);
      expect(Number(body.value.offset)).toBe(part?.data.length);
      expect(body.value.data.length).toBeLessThanOrEqual(60 << 10);
      for (const byte of body.value.data) part?.data.push(byte);
      received += body.value.data.length;
      total += body.value.data.length;
      say({ case: "ack", value: { received: BigInt(received), room: BigInt(8 << 20) } });
    } else if (body.case === "end") {
      const part = parts.get(body.value.index);
      if (!part || total >= cutAt) return;
      const data = Uint8Array.from(part.data);
      expect(sha256(data)).toEqual(body.value.sha256);
      got.set(part.path, data);
      const { transfer, index } = body.value;
      say({ case: "result", value: { transfer, index, outcome: FileOutcome.DONE } });
    }
  };
  return {
    take,
    heal: () => {
      cutAt = Number.POSITIVE_INFINITY;
    },
  };
}

const upload = (files: [string, Uint8Array<ArrayBuffer> | null][]) => ({
  do: "upload" as const,
  folder: { place: "", parts: [] },
  rule: "ask" as const,
  items: files.map(([path, data]) => ({
    path,
    file: data ? new File([data], path.split("/").at(-1) ?? "") : null,
    modifiedMs: 1_700_000_000_000,
  })),
});

describe("uploads", () => {
  it("send files and empty folders with their hashes", async () => {
    const got = new Map<string, Uint8Array>();
    const { desk, state } = world(taker(got).take);
    desk.linkUp();
    const data = noise(300_001);
    desk.handle(
      upload([
        ["d/a.bin", data],
        ["d/empty", new Uint8Array()],
        ["d/hollow", null],
      ]),
    );
    await vi.waitFor(() => expect(state().transfers[0]?.status).toBe("done"), 5000);
    expect(got.get("d/a.bin")).toEqual(new Uint8Array(data));
    expect(got.get("d/empty")).toEqual(new Uint8Array());
    expect(state().transfers[0]).toMatchObject({ title: "d", files: 3, bytes: 300_001, failures: 0 });
  });

  it("go on after a lost link where they were", async () => {
    const got = new Map<string, Uint8Array>();
    const agent = taker(got, 60_000);
    const { desk, state, sent } = world(agent.take);
    desk.linkUp();
    const data = noise(400_000);
    desk.handle(upload([["a.bin", data]]));
    await vi.waitFor(() => expect(sent.filter((body) => body.case === "chunk").length).toBeGreaterThan(4));
    desk.lost();
    await vi.waitFor(() => expect(state().transfers[0]?.status).toBe("waiting"));
    agent.heal();
    const before = sent.length;
    desk.linkUp();
    await vi.waitFor(() => expect(state().transfers[0]?.status).toBe("done"), 5000);
    expect(got.get("a.bin")).toEqual(new Uint8Array(data));
    const again = sent.slice(before).filter((body) => body.case === "chunk");
    expect(Number(again[0]?.case === "chunk" && again[0].value.offset)).toBeGreaterThanOrEqual(60_000);
  });

  it("ask what to do about a name that is taken", async () => {
    const { desk, state, sent } = world((body, say) => {
      if (body.case === "heads") {
        const value = { transfer: 1, index: 0, action: FileAction.ASK, existingSize: 7n };
        say({ case: "answer", value });
      } else if (body.case === "choice") {
        say({ case: "result", value: { transfer: 1, index: 0, outcome: FileOutcome.SKIPPED } });
      }
    });
    desk.linkUp();
    desk.handle(upload([["a", noise(10)]]));
    await vi.waitFor(() => expect(state().conflicts[0]).toMatchObject({ path: "a", existingSize: 7 }));
    desk.handle({ do: "choose", transfer: 1, index: 0, rule: "skip", all: false });
    await vi.waitFor(() => expect(state().transfers[0]?.status).toBe("done"));
    expect(sent.some((body) => body.case === "chunk")).toBe(false);
  });

  it("say why they were stopped", async () => {
    const { desk, state } = world((body, say) => {
      if (body.case === "open") say({ case: "stop", value: { transfer: 1, cause: { code: 120 } } });
    });
    desk.linkUp();
    desk.handle(upload([["a", noise(10)]]));
    await vi.waitFor(() => expect(state().transfers[0]?.cause?.code).toBe("files_denied"));
  });
});

describe("downloads", () => {
  const giver =
    (path: string, data: Uint8Array, wrong: Partial<{ hash: Uint8Array; offset: bigint }> = {}) =>
    (body: Body, say: (body: FileBody) => void) => {
      if (body.case === "open") {
        const head = { index: 0, path, kind: FileKind.FILE, size: BigInt(data.length), modifiedUnixMs: 0n };
        say({ case: "heads", value: { transfer: 1, heads: [head], last: true, totalFiles: 1n } });
      } else if (body.case === "answer" && body.value.action === FileAction.SEND) {
        for (let at = 0; at < data.length; at += 50_000) {
          const offset = wrong.offset ?? BigInt(at);
          say({ case: "chunk", value: { transfer: 1, index: 0, offset, data: data.slice(at, at + 50_000) } });
        }
        say({ case: "end", value: { transfer: 1, index: 0, sha256: wrong.hash ?? sha256(data) } });
      }
    };
  const fetch = {
    do: "download" as const,
    sources: [{ place: "home", parts: ["a"] }],
    folder: null,
    rule: "ask" as const,
  };

  it("are saved when their hash agrees", async () => {
    const data = noise(120_000);
    const { desk, events, state, sent } = world(giver("d/a.bin", data));
    desk.linkUp();
    desk.handle(fetch);
    await vi.waitFor(() => expect(state().transfers[0]?.status).toBe("done"));
    const saved = events.find((event) => event.what === "save");
    expect(saved?.what === "save" && saved.name).toBe("a.bin");
    const blob = saved?.what === "save" ? saved.data : new Blob();
    expect(new Uint8Array(await blob.arrayBuffer())).toEqual(new Uint8Array(data));
    await vi.waitFor(() => {
      const acks = sent.filter((body) => body.case === "ack");
      expect(acks.at(-1)?.value).toMatchObject({ received: 120_000n });
    });
  });

  it("are not saved when it does not, or when they break the rules", async () => {
    for (const [wrong, code] of [
      [{ hash: new Uint8Array(32) }, "file_hash_mismatch"],
      [{ offset: 7n }, "file_protocol"],
    ] as const) {
      const { desk, events, state } = world(giver("a", noise(60_000), wrong));
      desk.linkUp();
      desk.handle(fetch);
      await vi.waitFor(() => {
        const [transfer] = state().transfers;
        expect(transfer?.cause?.code ?? transfer?.failed[0]?.cause.code).toBe(code);
      });
      expect(events.some((event) => event.what === "save")).toBe(false);
    }
  });

  it("go nowhere but below the chosen folder", async () => {
    const { desk, events, state } = world(giver("../../a", noise(10)));
    desk.linkUp();
    desk.handle(fetch);
    await vi.waitFor(() => expect(state().transfers[0]?.failed[0]?.cause.code).toBe("file_name_not_allowed"));
    expect(events.some((event) => event.what === "save")).toBe(false);
  });
});

describe("names from the machine", () => {
  it("are one plain way or nothing", () => {
    for (const path of ["", "..", "a/../b", "/etc/passwd", "C:\\x", "a\\b", "a\0b", "a//b", "  "]) {
      expect(portableParts(path), path).toBeNull();
    }
    expect(portableParts("d/CON/a.")).toEqual(["d", "_CON", "a_"]);
    expect(portableParts("a\u202etxt.exe")).toEqual(["a_txt.exe"]);
    expect(portableParts("ü/b (2).txt")).toEqual(["ü", "b (2).txt"]);
    expect(numbered("a.tar.gz", 2)).toBe("a.tar (2).gz");
    expect(numbered(".bashrc", 2)).toBe(".bashrc (2)");
  });
});

describe("the pace", () => {
  /** A line of a rate at each time; the receiver acknowledges 2 ms after the first byte. */
  function run(rateAt: (now: number) => number, roundTrip: number, from: number, end: number) {
    const pace = new Pace(0, 8 << 20);
    const arrivals: { at: number; upTo: number }[] = [];
    const acks: { at: number; upTo: number }[] = [];
    let due = Number.POSITIVE_INFINITY;
    let [now, free, sent, taken, worst, moved] = [0, 0, 0, 0, 0, 0];
    while (now < end) {
      for (let chunk = pace.chunk; chunk > 0; chunk = pace.chunk) {
        sent += chunk;
        pace.sent(chunk, now);
        free = Math.max(free, now) + chunk / rateAt(now);
        if (now > (from + end) / 2) worst = Math.max(worst, free - now);
        arrivals.push({ at: free + roundTrip / 2, upTo: sent });
      }
      const never = Number.POSITIVE_INFINITY;
      now = Math.min(arrivals[0]?.at ?? never, acks[0]?.at ?? never, due);
      expect(now).toBeLessThan(never);
      for (; arrivals[0] && arrivals[0].at <= now; arrivals.shift()) {
        if (now >= from) moved += arrivals[0].upTo - taken;
        taken = arrivals[0].upTo;
        due = Math.min(due, now + 0.002);
      }
      if (due <= now) {
        due = never;
        acks.push({ at: now + roundTrip / 2, upTo: taken });
      }
      for (; acks[0] && acks[0].at <= now; acks.shift()) {
        expect(pace.acknowledged(acks[0].upTo, 8 << 20, now)).toBe(true);
      }
    }
    expect(pace.acknowledged(sent + 1, 0, now)).toBe(false);
    return { share: moved / (rateAt(now) * (end - from)), worst };
  }

  it("fills a line and keeps its queue short", () => {
    for (const [rate, roundTrip] of [
      [2_500_000, 0.02],
      [2_500_000, 0.1],
      [25_000_000, 0.03],
    ] as const) {
      const { share, worst } = run(() => rate, roundTrip, 4, 16);
      expect(share).toBeGreaterThan(0.9);
      expect(worst).toBeLessThan(roundTrip / 8 + 0.0075);
    }
  });

  it("finds out that a line became faster", () => {
    const { share } = run((now) => (now < 3 ? 350_000 : 2_500_000), 0.02, 5, 10);
    expect(share).toBeGreaterThan(0.9);
  });
});

describe("figures for people", () => {
  it("are short", () => {
    expect(bytes(999)).toBe("999 B");
    expect(bytes(1_234_567)).toBe("1.2 MB");
    expect(timeLeft(0.2)).toBe("1 s");
    expect(timeLeft(90)).toBe("2 min");
    expect(timeLeft(3 * 3600 + 61)).toBe("3 h 2 min");
  });
});
