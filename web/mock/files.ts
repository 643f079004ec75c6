// The machine's files: a small tree, in memory, that takes and gives anything.

import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { sha256 } from "@noble/hashes/sha2.js";
import type { FileBody } from "../src/files/task";
import {
  FileAction,
  FileKind,
  FileMessageSchema,
  FileOutcome,
  type FilePath,
  TransferDirection,
} from "../src/gen/guruconnect/v2/file_pb";

interface Node {
  name: string;
  size: number;
  modified: number;
  children: Node[] | null;
}

const DAY = 86_400_000;
let age = 0;
function file(name: string, size: number): Node {
  age += 1;
  return { name, size, modified: Date.UTC(2026, 10, 20) - age * 1.7 * DAY, children: null };
}
function folder(name: string, children: Node[]): Node {
  return { ...file(name, 0), children };
}

const top = folder("", [
  folder("Home", [
    folder("Documents", [file("Report 2026.docx", 84_211), file("Budget.xlsx", 40_120)]),
    folder("Downloads", []),
    folder("Pictures", [file("front door.jpg", 3_841_220)]),
    file("notes.txt", 812),
    file("printer-driver-installer-x64-signed-2026.4.1.exe", 58_114_003),
    file("backup.zip", 41_221_901),
    file("crash.log", 18_442),
  ]),
  folder("Computer", [folder("etc", []), folder("home", [])]),
]);

function find(path: FilePath | undefined): Node | undefined {
  if (!path || path.place === "") return top;
  let node = top.children?.find(({ name }) => name.toLowerCase() === path.place);
  for (const part of path.parts) node = node?.children?.find(({ name }) => name === part);
  return node;
}

/** What is sent is a row of the same letter. */
const contents = (size: number) => new Uint8Array(size).fill(0x67);

export function serveFiles(send: (payload: Uint8Array) => void): {
  begin(): void;
  receive(payload: Uint8Array): void;
} {
  const say = (body: FileBody) => send(toBinary(FileMessageSchema, create(FileMessageSchema, { body })));
  let received = 0;
  const into = new Map<number, { folder: Node; heads: Map<number, { path: string; size: number }> }>();
  const from = new Map<number, Node[]>();

  const parent = (path: FilePath | undefined) => find(path && { ...path, parts: path.parts.slice(0, -1) });
  const change = (path: FilePath | undefined, step: (siblings: Node[], at: number, name: string) => void) => {
    const name = path?.parts.at(-1) ?? "";
    const siblings = parent(path)?.children ?? [];
    step(
      siblings,
      siblings.findIndex((node) => node.name === name),
      name,
    );
  };

  return {
    begin: () => {
      received = 0;
      say({ case: "policy", value: { upload: true, download: true } });
    },
    receive: (payload) => {
      const { body } = fromBinary(FileMessageSchema, payload);
      if (body.case === "request") {
        const { request, step } = body.value;
        let nodes: Node[] = [];
        if (step.case === "list") nodes = find(step.value)?.children ?? [];
        else if (step.case === "make")
          change(step.value, (siblings, _, name) => siblings.push(folder(name, [])));
        else if (step.case === "delete") change(step.value, (siblings, at) => siblings.splice(at, 1));
        else if (step.case === "rename") {
          const { name } = step.value;
          change(step.value.path, (siblings, at) => {
            const node = siblings[at];
            if (node) node.name = name;
          });
        }
        const entries = nodes.map(({ name, size, modified, children }) => ({
          name,
          size: BigInt(size),
          modifiedUnixMs: BigInt(Math.floor(modified)),
          kind: children ? FileKind.FOLDER : FileKind.FILE,
          place: name.toLowerCase(),
        }));
        say({ case: "reply", value: { request, entries, last: true } });
      } else if (body.case === "open") {
        const { transfer, direction, folder: target, sources } = body.value;
        if (direction === TransferDirection.UPLOAD) {
          into.set(transfer, { folder: find(target) ?? top, heads: new Map() });
          return;
        }
        const nodes = sources.flatMap((source) => find(source) ?? []).filter(({ children }) => !children);
        from.set(transfer, nodes);
        const heads = nodes.map(({ name, size, modified }, index) => ({
          index,
          path: name,
          kind: FileKind.FILE,
          size: BigInt(Math.min(size, 400_000)),
          modifiedUnixMs: BigInt(Math.floor(modified)),
        }));
        const totalBytes = heads.reduce((sum, { size }) => sum + size, 0n);
        say({
          case: "heads",
          value: { transfer, heads, last: true, totalFiles: BigInt(heads.length), totalBytes },
        });
      } else if (body.case === "answer" && body.value.action === FileAction.SEND) {
        const { transfer, index, offset } = body.value;
        const data = contents(Math.min(from.get(transfer)?.[index]?.size ?? 0, 400_000));
        for (let at = Number(offset); at < data.length; at += 50_000) {
          say({
            case: "chunk",
            value: { transfer, index, offset: BigInt(at), data: data.slice(at, at + 50_000) },
          });
        }
        say({ case: "end", value: { transfer, index, sha256: sha256(data) } });
      } else if (body.case === "heads") {
        const { transfer } = body.value;
        for (const { index, path, kind, size } of body.value.heads) {
          if (kind === FileKind.FOLDER) {
            say({ case: "result", value: { transfer, index, outcome: FileOutcome.DONE } });
            continue;
          }
          into.get(transfer)?.heads.set(index, { path, size: Number(size) });
          say({ case: "answer", value: { transfer, index, action: FileAction.SEND } });
        }
      } else if (body.case === "chunk") {
        received += body.value.data.length;
        say({ case: "ack", value: { received: BigInt(received), room: BigInt(8 << 20) } });
      } else if (body.case === "end") {
        const { transfer, index } = body.value;
        const job = into.get(transfer);
        const head = job?.heads.get(index);
        if (job && head) {
          const [name = "", ...rest] = head.path.split("/");
          const there = job.folder.children?.some((node) => node.name === name);
          if (!there) job.folder.children?.push(rest.length > 0 ? folder(name, []) : file(name, head.size));
        }
        say({ case: "result", value: { transfer, index, outcome: FileOutcome.DONE } });
      }
    },
  };
}
