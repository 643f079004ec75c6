// Files on the clipboard: names on the machine, never bytes. The rules are those of
// crates/clipboard/src/files.rs and StorePath of crates/filetransfer.

import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import type { RemotePath } from "../files/facts";
import { ClipboardFilesSchema } from "../gen/guruconnect/v2/clipboard_pb";
import { MAX_CLIPBOARD_PATHS } from "../wire/limits";

const MAX_PARTS = 64;
const MAX_PLACE = 64;
/** Bytes of one path: twice what a transfer takes, as an existing name may be long. */
const MAX_WAY = 4096;

/** What a path of the machine must keep to before it is shown or asked for. */
export function isPlain({ place, parts }: RemotePath): boolean {
  const bytes = (text: string) => new TextEncoder().encode(text).length;
  const fits =
    parts.length > 0 &&
    parts.length <= MAX_PARTS &&
    bytes(place) <= MAX_PLACE &&
    parts.reduce((sum, part) => sum + bytes(part) + 1, 0) <= MAX_WAY;
  return fits && parts.every((part) => part !== "" && part !== "." && part !== ".." && !/[/\0]/.test(part));
}

export function encodeFiles(paths: RemotePath[]): Uint8Array<ArrayBuffer> {
  return toBinary(ClipboardFilesSchema, create(ClipboardFilesSchema, { paths }));
}

/** What can be fetched of a list of the machine's; null when that is nothing. */
export function decodeFiles(bytes: Uint8Array): RemotePath[] | null {
  const { paths } = fromBinary(ClipboardFilesSchema, bytes);
  if (paths.length > MAX_CLIPBOARD_PATHS) throw new Error("too many files on the clipboard");
  const plain = paths.map(({ place, parts }) => ({ place, parts })).filter(isPlain);
  return plain.length > 0 ? plain : null;
}
