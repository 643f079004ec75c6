import { readFileSync } from "node:fs";
import { fromBinary, fromJson, type JsonValue, toBinary, toJson } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import { ClipboardPieceSchema } from "../src/gen/guruconnect/v2/clipboard_pb";
import { AgentControlSchema, ViewerControlSchema } from "../src/gen/guruconnect/v2/control_pb";
import { CursorMessageSchema } from "../src/gen/guruconnect/v2/cursor_pb";
import { FileMessageSchema } from "../src/gen/guruconnect/v2/file_pb";
import { InputMessageSchema } from "../src/gen/guruconnect/v2/input_pb";
import { LinkMessageSchema } from "../src/gen/guruconnect/v2/link_pb";
import { VideoFeedbackSchema, VideoMessageSchema } from "../src/gen/guruconnect/v2/video_pb";
import { decodePacket } from "../src/wire/packet";
import { Channel, decodeHeader, encodeRecord, HEADER_LEN, RecordError } from "../src/wire/record";

const golden = new URL("../../crates/proto/tests/golden/", import.meta.url);

interface Vector {
  name: string;
  kind: string;
  message?: string;
  fields?: JsonValue;
  [more: string]: unknown;
}

const { vectors } = JSON.parse(readFileSync(new URL("golden.json", golden), "utf8")) as { vectors: Vector[] };
const bytesOf = (name: string) =>
  new Uint8Array(Buffer.from(readFileSync(new URL(`${name}.hex`, golden), "utf8").replace(/\s/g, ""), "hex"));

const MESSAGES = {
  LinkMessage: LinkMessageSchema,
  VideoMessage: VideoMessageSchema,
  VideoFeedback: VideoFeedbackSchema,
  InputMessage: InputMessageSchema,
  CursorMessage: CursorMessageSchema,
  FileMessage: FileMessageSchema,
  ClipboardPiece: ClipboardPieceSchema,
  AgentControl: AgentControlSchema,
  ViewerControl: ViewerControlSchema,
};

describe("golden vectors", () => {
  it("are there", () => {
    expect(vectors.length).toBeGreaterThan(20);
  });

  for (const vector of vectors) {
    const valid = vector.message !== undefined && vector.fields !== undefined;
    if (!valid) {
      it(`refuses ${vector.name}`, () => {
        expect(() => decodePacket(bytesOf(vector.name))).toThrow();
      });
      continue;
    }
    it(`reads and writes ${vector.name}`, () => {
      const schema = MESSAGES[vector.message as keyof typeof MESSAGES];
      const bytes = bytesOf(vector.name);
      const packet = decodePacket(bytes);
      const payload = packet.kind === "link" ? bytes.subarray(1) : packet.payload;
      const message = fromBinary(schema, payload);
      const meant = fromJson(schema, vector.fields as JsonValue);
      expect(toJson(schema, message)).toEqual(toJson(schema, meant));
      if (packet.kind === "record") {
        expect(encodeRecord(packet.header, payload)).toEqual(bytes);
        expect(fromBinary(schema, toBinary(schema, meant))).toEqual(message);
      }
    });
  }
});

describe("record header", () => {
  const header = {
    channel: Channel.Video,
    flags: 5,
    participant: 0x0102,
    epoch: 3,
    sequence: 0xfffffffe,
    session: new TextEncoder().encode("0123456789abcdef"),
  };

  it("survives the wire", () => {
    const bytes = encodeRecord(header, new Uint8Array([1, 2, 3]));
    expect(decodeHeader(bytes)).toEqual(header);
    expect([...bytes.subarray(HEADER_LEN)]).toEqual([1, 2, 3]);
  });

  it.each([
    [0, 9, "kind"],
    [1, 9, "version"],
    [2, 8, "channel"],
    [3, 0x80, "reserved"],
    [6, 1, "reserved"],
  ])("is refused with byte %i = %i", (at, value, fault) => {
    const bytes = encodeRecord(header, new Uint8Array());
    bytes[at] = value;
    expect(() => decodeHeader(bytes)).toThrow(new RecordError(fault as "kind"));
  });

  it("is refused when cut off", () => {
    expect(() => decodeHeader(encodeRecord(header, new Uint8Array()).subarray(0, 31))).toThrow("truncated");
  });
});
