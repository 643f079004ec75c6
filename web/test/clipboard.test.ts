import { create, fromBinary } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import { type ClipboardContent, ClipboardExchange, crossed, fitting } from "../src/engine/clipboard";
import { type ClipboardPrint, isEchoOf, isPartOf, pngSize, printOf } from "../src/engine/clipboard-print";
import { ClipboardFormat, ClipboardPieceSchema } from "../src/gen/guruconnect/v2/clipboard_pb";

/** As printOf, but a picture is its bytes: there is no browser here. */
function print(content: ClipboardContent): ClipboardPrint {
  const made: ClipboardPrint = {};
  if (content.text !== undefined) made.text = content.text;
  if (content.html !== undefined) made.html = content.html;
  if (content.rtf) made.rtf = String(content.rtf);
  if (content.png) made.image = `${content.png.length}:${content.png[0]}`;
  return made;
}

/** Everything that the other end would put on its clipboard; it answers each piece. */
function deliver(
  from: ClipboardExchange,
  to: ClipboardExchange,
  copied: ClipboardContent,
): ClipboardContent[] {
  const content = fitting(copied);
  const arrived: ClipboardContent[] = [];
  if (!content || !from.local(content, print(content))) return arrived;
  for (let piece = from.next(); piece; piece = from.next()) {
    const taken = to.receive(fromBinary(ClipboardPieceSchema, piece.payload));
    if (taken.received) from.acknowledged(taken.received);
    if (taken.content && to.accept(print(taken.content))) arrived.push(taken.content);
  }
  return arrived;
}

const piece = (init: object) =>
  create(ClipboardPieceSchema, { serial: 1, format: ClipboardFormat.TEXT, total: 4, ...init });

describe("clipboard", () => {
  it("crosses in pieces of at most 32 KiB", () => {
    const [here, there] = [new ClipboardExchange(), new ClipboardExchange()];
    const text = "ä€😀".repeat(12_000);
    expect(deliver(here, there, { text })).toEqual([{ text }]);
    const bytes = new TextEncoder().encode(text).length;
    const other = new ClipboardExchange();
    other.local({ text }, { text });
    const last: boolean[] = [];
    for (let piece = other.next(); piece; piece = other.next()) last.push(piece.last);
    expect(last.length).toBe(Math.ceil(bytes / 32768));
    expect(last.indexOf(true)).toBe(last.length - 1);
  });

  it("carries every format in one content", () => {
    const content = { text: "a", html: "<b>a</b>", rtf: new Uint8Array([1, 2]), png: new Uint8Array([3]) };
    expect(deliver(new ClipboardExchange(), new ClipboardExchange(), content)).toEqual([content]);
    expect(crossed(content)).toEqual({ formats: ["text", "HTML", "RTF", "image"], bytes: 12 });
  });

  it("does not make text wait for a large picture", () => {
    const content = { text: "a", png: new Uint8Array(600_000) };
    const arrived = deliver(new ClipboardExchange(), new ClipboardExchange(), content);
    expect(arrived).toEqual([{ text: "a" }, content]);
  });

  it("sends no more than the other end takes, apart from text for one that never says", () => {
    const here = new ClipboardExchange();
    const content = { text: "x".repeat(400_000), png: new Uint8Array(600_000) };
    here.local(content, print(content));
    let text = 0;
    for (let next = here.next(); next; next = here.next()) {
      const sent = fromBinary(ClipboardPieceSchema, next.payload);
      expect(sent.format).toBe(ClipboardFormat.TEXT);
      text += sent.data.length;
    }
    expect(text).toBe(400_000);
    expect(here.acknowledged({ serial: 1, bytes: 500_000 })).toBe(false);
    expect(here.next()).toBeNull();
    expect(here.acknowledged({ serial: 1, bytes: 400_000 })).toBe(false);
    expect(here.next()).not.toBeNull();
  });

  it("does not come back as an echo", () => {
    const [here, there] = [new ClipboardExchange(), new ClipboardExchange()];
    expect(deliver(here, there, { text: "a\r\nb", html: "<b>a b</b>" })).toEqual([
      { text: "a\nb", html: "<b>a b</b>" },
    ]);
    expect(deliver(there, here, { text: "a\r\nb", html: "<b style='margin: 0'>a b</b>" })).toEqual([]);
    expect(deliver(there, here, { text: "a\nb" })).toEqual([]);
    expect(deliver(here, there, { text: "a\nb" })).toEqual([]);
    expect(deliver(there, here, { text: "c" })).toEqual([{ text: "c" }]);
  });

  it("is superseded by what is newer, whichever end it comes from", () => {
    const [here, there] = [new ClipboardExchange(), new ClipboardExchange()];
    const large = { png: new Uint8Array(600_000) };
    here.local(large, print(large));
    const first = here.next();
    there.receive(fromBinary(ClipboardPieceSchema, first?.payload ?? new Uint8Array()));
    expect(deliver(there, here, { text: "newer" })).toEqual([{ text: "newer" }]);
    expect(here.next()).toBeNull();
    expect(deliver(here, there, { text: "newest" })).toEqual([{ text: "newest" }]);
  });

  it("is sent again after a new link", () => {
    const here = new ClipboardExchange();
    const content = { text: "x" };
    expect(here.local(content, print(content))).toBe(true);
    expect(here.local(content, print(content))).toBe(false);
    here.restart();
    expect(here.local(content, print(content))).toBe(true);
  });

  it("has limits by format", () => {
    expect(fitting({ text: "x".repeat((1 << 20) + 1) })).toBeNull();
    expect(fitting({ text: "x", html: "y".repeat((2 << 20) + 1) })).toEqual({ text: "x" });
    expect(fitting({ png: new Uint8Array((20 << 20) + 1) })).toBeNull();
    expect(fitting({ text: "x".repeat(1 << 20) })?.text?.length).toBe(1 << 20);
    expect(fitting({ text: "" })).toBeNull();
  });

  const parts = (...list: [number, number][]) => list.map(([format, total]) => ({ format, total }));
  it.each([
    ["more than announced", [piece({ data: new Uint8Array(3) }), piece({ data: new Uint8Array(3) })]],
    [
      "another total under way",
      [piece({ data: new Uint8Array(1) }), piece({ total: 5, data: new Uint8Array(1) })],
    ],
    ["no format", [piece({ format: 0, data: new Uint8Array(1) })]],
    ["a format without parts", [piece({ format: 2, data: new Uint8Array(4) })]],
    ["a total beyond the limit", [piece({ total: (1 << 20) + 1, data: new Uint8Array(1) })]],
    ["a piece beyond the limit", [piece({ total: 1 << 20, data: new Uint8Array((32 << 10) + 1) })]],
    ["what is not UTF-8", [piece({ total: 1, data: new Uint8Array([0xff]) })]],
    ["a part twice", [piece({ data: new Uint8Array(1), parts: parts([1, 4], [1, 4]) })]],
    ["an empty part", [piece({ data: new Uint8Array(1), parts: parts([1, 4], [2, 0]) })]],
    ["a part beyond its limit", [piece({ data: new Uint8Array(1), parts: parts([1, 4], [99, 2 ** 31]) })]],
    ["an older serial", [piece({ serial: 9, total: 1, data: new Uint8Array(1) }), piece({ serial: 8 })]],
  ])("refuses %s", (_name, pieces) => {
    const exchange = new ClipboardExchange();
    expect(() => {
      for (const one of pieces) exchange.receive(one);
    }).toThrow();
  });

  it("skips a format of a newer machine", () => {
    const exchange = new ClipboardExchange();
    const list = parts([99, 2], [1, 1]);
    expect(
      exchange.receive(piece({ format: 99, total: 2, data: new Uint8Array(2), parts: list })).content,
    ).toBeNull();
    const end = exchange.receive(piece({ total: 1, data: new Uint8Array([0x61]) }));
    expect(end).toEqual({ content: { text: "a" }, received: { serial: 1, bytes: 3 } });
  });

  it("starts over when a new content interrupts", () => {
    const exchange = new ClipboardExchange();
    expect(exchange.receive(piece({ data: new Uint8Array(2) })).content).toBeNull();
    const next = exchange.receive(piece({ serial: 2, total: 1, data: new Uint8Array([0x61]) }));
    expect(next.content).toEqual({ text: "a" });
    // A machine of before formats is told nothing.
    expect(next.received).toBeNull();
  });
});

describe("what a content is known by", () => {
  it("is what it says and shows, not how it is written", () => {
    const sent = { text: "a", html: "h", image: "i" };
    expect(isEchoOf({ text: "a", html: "other" }, sent)).toBe(true);
    expect(isEchoOf({ image: "i" }, sent)).toBe(true);
    expect(isEchoOf({ text: "b" }, sent)).toBe(false);
    expect(isEchoOf({ text: "a", rtf: "new" }, sent)).toBe(false);
    expect(isEchoOf({ html: "other" }, sent)).toBe(false);
    expect(isPartOf({ text: "a", html: "other" }, sent)).toBe(false);
    expect(isPartOf({ text: "a" }, sent)).toBe(true);
  });

  it("takes no picture larger than one may be, whatever its header says", async () => {
    const header = (width: number, height: number) => {
      const png = new Uint8Array(40);
      png.set([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 13, 0x49, 0x48, 0x44, 0x52]);
      new DataView(png.buffer).setUint32(16, width);
      new DataView(png.buffer).setUint32(20, height);
      return png;
    };
    expect(pngSize(header(1920, 1080))).toEqual({ width: 1920, height: 1080 });
    for (const [width, height] of [
      [0, 1],
      [16_385, 1],
      [8_000, 8_000],
      [2 ** 32 - 1, 2 ** 32 - 1],
    ] as const) {
      expect(pngSize(header(width, height))).toBeNull();
    }
    expect(pngSize(new Uint8Array(40))).toBeNull();
    const content: ClipboardContent = { text: "a", png: header(20_000, 20_000) };
    expect((await printOf(content)).image).toBeUndefined();
    expect(content.png).toBeUndefined();
  });
});
