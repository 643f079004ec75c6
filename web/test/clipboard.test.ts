import { create, fromBinary } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import { ClipboardExchange, ClipboardTooLarge } from "../src/engine/clipboard";
import { ClipboardFormat, ClipboardPieceSchema } from "../src/gen/guruconnect/v2/clipboard_pb";

function deliver(from: ClipboardExchange, to: ClipboardExchange, text: string): string | null {
  let result: string | null = null;
  for (const piece of from.send(text)) {
    result = to.receive(fromBinary(ClipboardPieceSchema, piece.payload));
  }
  return result;
}
const piece = (init: object) =>
  create(ClipboardPieceSchema, { serial: 1, format: ClipboardFormat.TEXT, total: 4, ...init });

describe("clipboard", () => {
  it("crosses in pieces of at most 32 KiB", () => {
    const [here, there] = [new ClipboardExchange(), new ClipboardExchange()];
    const text = "ä€😀".repeat(12_000);
    const pieces = here.send(text);
    expect(pieces.length).toBe(Math.ceil(new TextEncoder().encode(text).length / 32768));
    expect(pieces.map(({ last }) => last).lastIndexOf(true)).toBe(pieces.length - 1);
    expect(deliver(new ClipboardExchange(), there, text)).toBe(text);
  });

  it("does not come back as an echo", () => {
    const [here, there] = [new ClipboardExchange(), new ClipboardExchange()];
    expect(deliver(here, there, "a\r\nb")).toBe("a\nb");
    expect(there.send("a\r\nb")).toEqual([]);
    expect(here.send("a\nb")).toEqual([]);
    expect(deliver(there, here, "c")).toBe("c");
  });

  it("is sent again after a new link", () => {
    const here = new ClipboardExchange();
    expect(here.send("x")).toHaveLength(1);
    here.restart();
    expect(here.send("x")).toHaveLength(1);
  });

  it("has a limit of 1 MiB", () => {
    expect(() => new ClipboardExchange().send("x".repeat((1 << 20) + 1))).toThrow(ClipboardTooLarge);
    expect(new ClipboardExchange().send("x".repeat(1 << 20))).toHaveLength(32);
  });

  it.each([
    ["more than announced", [piece({ data: new Uint8Array(3) }), piece({ data: new Uint8Array(3) })]],
    [
      "another total under way",
      [piece({ data: new Uint8Array(1) }), piece({ total: 5, data: new Uint8Array(1) })],
    ],
    ["an unknown format", [piece({ format: 0, data: new Uint8Array(1) })]],
    ["a total beyond the limit", [piece({ total: (1 << 20) + 1, data: new Uint8Array(1) })]],
    ["a piece beyond the limit", [piece({ total: 1 << 20, data: new Uint8Array((32 << 10) + 1) })]],
    ["what is not UTF-8", [piece({ total: 1, data: new Uint8Array([0xff]) })]],
  ])("refuses %s", (_name, pieces) => {
    const exchange = new ClipboardExchange();
    expect(() => {
      for (const one of pieces) exchange.receive(one);
    }).toThrow();
  });

  it("starts over when a new content interrupts", () => {
    const exchange = new ClipboardExchange();
    expect(exchange.receive(piece({ data: new Uint8Array(2) }))).toBeNull();
    expect(exchange.receive(piece({ serial: 2, total: 1, data: new Uint8Array([0x61]) }))).toBe("a");
  });
});
