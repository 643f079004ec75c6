import { create, fromBinary, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import { type LinkMessage, LinkMessageSchema } from "../gen/guruconnect/v2/link_pb";
import { decodeHeader, HEADER_LEN, LINK_KIND, RECORD_KIND, type RecordHeader } from "./record";
import { validateLink } from "./validate";

type LinkInit = MessageInitShape<typeof LinkMessageSchema>;

export type Packet =
  | { kind: "link"; body: LinkMessage["body"] }
  | { kind: "record"; header: RecordHeader; payload: Uint8Array };

/** Reads one WebSocket message; throws when it is neither kind or malformed. */
export function decodePacket(bytes: Uint8Array): Packet {
  switch (bytes[0]) {
    case LINK_KIND: {
      const { body } = fromBinary(LinkMessageSchema, bytes.subarray(1));
      validateLink(body);
      return { kind: "link", body };
    }
    case RECORD_KIND:
      return { kind: "record", header: decodeHeader(bytes), payload: bytes.subarray(HEADER_LEN) };
    default:
      throw new Error("message of an unknown kind");
  }
}

/** The bytes of a link message. */
export function encodeLink(body: NonNullable<LinkInit["body"]>): Uint8Array<ArrayBuffer> {
  const message = toBinary(LinkMessageSchema, create(LinkMessageSchema, { body }));
  const bytes = new Uint8Array(1 + message.length);
  bytes[0] = LINK_KIND;
  bytes.set(message, 1);
  return bytes;
}
