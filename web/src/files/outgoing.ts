// The sending end of one upload.

import { sha256 } from "@noble/hashes/sha2.js";
import { causeFacts } from "../engine/cause";
import type { FileAnswer, FileHead, FileResult } from "../gen/guruconnect/v2/file_pb";
import { FileAction, FileKind, FileOutcome } from "../gen/guruconnect/v2/file_pb";
import type { LocalBytes, LocalItem } from "./facts";
import type { PeerSource } from "./peer";
import type { Say, Task } from "./task";

const MAX_AHEAD = 256;
const HEADS_BYTES = 24 << 10;
/** Bytes read from the disk at once. */
const READ = 1 << 20;

interface Ahead {
  item: LocalItem;
  size: number;
  hashed: boolean;
  failed: boolean;
  moved: number;
}

interface Reading {
  index: number;
  file: LocalBytes;
  hash: ReturnType<typeof sha256.create>;
  offset: number;
  restart: boolean;
  /** What was read ahead, and where it begins. */
  block: Uint8Array<ArrayBuffer>;
  blockAt: number;
}

export type Turn =
  | { chunk: { index: number; offset: number; data: Uint8Array; restart: boolean } }
  | "busy"
  | "idle";

/** Tells causes apart by their number on the wire. */
const FILE_CHANGED = 124;
const FILE_IO_FAILED = 135;

export class Outgoing {
  private next = 0;
  private at = 0;
  private toldLast = false;
  private readonly ahead = new Map<number, Ahead>();
  private readonly wanted: { index: number; offset: number; prefix: Uint8Array | null }[] = [];
  private current: Reading | null = null;
  /** Items that are counted, and their bytes. */
  private counted = 0;
  private countedBytes = 0;

  constructor(
    private readonly task: Task,
    private readonly items: LocalItem[],
    private readonly say: Say,
    /** From where more items come, one after the other. */
    private readonly source: PeerSource | null = null,
  ) {
    task.files = 0;
    task.bytes = 0;
    this.count();
  }

  private count(): void {
    const { task, items, source } = this;
    // They come one by one: each is looked at once, however many there are.
    for (; this.counted < items.length; this.counted += 1) {
      this.countedBytes += items[this.counted]?.file?.size ?? 0;
    }
    task.totalFiles = Math.max(items.length, source?.totalFiles ?? 0);
    task.totalBytes = Math.max(this.countedBytes, source?.totalBytes ?? 0);
  }

  get over(): boolean {
    return this.toldLast && this.ahead.size === 0;
  }

  private tellHeads(): boolean {
    if (this.toldLast || this.ahead.size > MAX_AHEAD / 2) return false;
    const more = this.source?.more ?? false;
    if (more && this.at >= this.items.length) return false;
    if (this.source) this.count();
    const heads: Omit<FileHead, "$typeName">[] = [];
    let bytes = 0;
    while (this.ahead.size < MAX_AHEAD && bytes < HEADS_BYTES && !this.toldLast) {
      const item = this.items[this.at];
      if (!item) {
        this.toldLast = !more;
        break;
      }
      this.at += 1;
      const size = item.file?.size ?? 0;
      if (this.task.done.has(item.path)) {
        this.task.files += 1;
        this.task.bytes += size;
        continue;
      }
      const index = this.next;
      this.next += 1;
      heads.push({
        index,
        path: item.path,
        kind: item.file ? FileKind.FILE : FileKind.FOLDER,
        size: BigInt(size),
        modifiedUnixMs: BigInt(Math.floor(item.modifiedMs)),
      });
      bytes += item.path.length * 2 + 32;
      this.ahead.set(index, { item, size, hashed: false, failed: false, moved: 0 });
    }
    if (this.at >= this.items.length && !more) this.toldLast = true;
    this.say({
      case: "heads",
      value: {
        transfer: this.task.number,
        heads,
        last: this.toldLast,
        totalFiles: BigInt(this.task.totalFiles),
        totalBytes: BigInt(this.task.totalBytes),
      },
    });
    return true;
  }

  /** The next thing to do; `chunk` is how many bytes may be sent, 0 for none. */
  async turn(chunk: number): Promise<Turn> {
    if (this.task.paused) return "idle";
    if (this.tellHeads()) return "busy";
    if (!this.current) {
      const wanted = this.wanted.shift();
      if (!wanted) return "idle";
      await this.begin(wanted.index, wanted.offset, wanted.prefix);
      return "busy";
    }
    const current = this.current;
    try {
      return await this.read(current, chunk);
    } catch (error) {
      const changed = error instanceof DOMException && error.name === "NotReadableError";
      this.fail(current.index, changed ? FILE_CHANGED : FILE_IO_FAILED);
      return "busy";
    }
  }

  private async begin(index: number, offset: number, prefix: Uint8Array | null): Promise<void> {
    const ahead = this.ahead.get(index);
    const file = ahead?.item.file;
    if (!ahead || !file) return;
    const current: Reading = {
      index,
      file,
      hash: sha256.create(),
      offset: 0,
      restart: false,
      block: new Uint8Array(),
      blockAt: 0,
    };
    try {
      while (prefix && current.offset < offset) {
        const data = await this.bytes(current, Math.min(READ, offset - current.offset));
        current.hash.update(data);
        current.offset += data.length;
      }
    } catch {
      this.fail(index, FILE_CHANGED);
      return;
    }
    if (prefix) {
      const own = current.hash.clone().digest();
      if (own.every((byte, at) => byte === prefix[at])) {
        this.task.bytes += offset;
      } else {
        // What the machine has is of another file.
        current.hash = sha256.create();
        current.offset = 0;
        current.restart = true;
      }
    }
    this.current = current;
  }

  private async bytes(current: Reading, length: number): Promise<Uint8Array<ArrayBuffer>> {
    const from = current.offset - current.blockAt;
    if (from >= 0 && from + length <= current.block.length) {
      return current.block.subarray(from, from + length);
    }
    const end = Math.min(current.offset + Math.max(READ, length), current.file.size);
    const block = new Uint8Array(await current.file.slice(current.offset, end).arrayBuffer());
    if (block.length < length) throw new DOMException("the file became shorter", "NotReadableError");
    current.block = block;
    current.blockAt = current.offset;
    return block.subarray(0, length);
  }

  private async read(current: Reading, chunk: number): Promise<Turn> {
    const ahead = this.ahead.get(current.index);
    if (!ahead) {
      this.current = null;
      return "busy";
    }
    if (current.offset >= ahead.size) {
      ahead.hashed = true;
      this.current = null;
      this.say({
        case: "end",
        value: { transfer: this.task.number, index: current.index, sha256: current.hash.digest() },
      });
      return "busy";
    }
    if (chunk === 0) return "idle";
    const wanted = Math.min(chunk, ahead.size - current.offset);
    const { arriving } = current.file;
    if (arriving?.ready === 0) return "idle";
    const data = arriving ? arriving.take(wanted) : await this.bytes(current, wanted);
    if (this.current !== current) return "busy";
    current.hash.update(data);
    const { offset, restart } = current;
    current.offset += data.length;
    current.restart = false;
    ahead.moved += data.length;
    this.task.bytes += data.length;
    this.task.current = ahead.item.path;
    return { chunk: { index: current.index, offset, data, restart } };
  }

  private fail(index: number, code: number): void {
    const ahead = this.ahead.get(index);
    if (ahead) {
      ahead.failed = true;
      ahead.item.file?.arriving?.release();
    }
    if (this.current?.index === index) this.current = null;
    this.say({ case: "end", value: { transfer: this.task.number, index, cause: { code } } });
  }

  /** False: the other end broke the rules. */
  answer(answer: FileAnswer): boolean {
    const ahead = this.ahead.get(answer.index);
    if (!ahead) return answer.index < this.next;
    if (ahead.failed) return true;
    switch (answer.action) {
      case FileAction.SEND: {
        const offset = Number(answer.offset);
        const known = this.wanted.some((one) => one.index === answer.index);
        if (offset > ahead.size || known || this.current?.index === answer.index || ahead.hashed)
          return false;
        const prefix = offset > 0 ? answer.prefixSha256 : null;
        if (prefix && prefix.length !== 32) return false;
        this.wanted.push({ index: answer.index, offset, prefix });
        return true;
      }
      case FileAction.SKIP:
        return true;
      case FileAction.ASK:
        this.task.asked({
          index: answer.index,
          path: ahead.item.path,
          size: ahead.size,
          existingSize: Number(answer.existingSize),
          existingModifiedMs: Number(answer.existingModifiedUnixMs),
        });
        return true;
      default:
        return false;
    }
  }

  result(result: FileResult): boolean {
    const ahead = this.ahead.get(result.index);
    if (!ahead) return false;
    this.ahead.delete(result.index);
    ahead.item.file?.arriving?.release();
    if (this.current?.index === result.index) {
      this.current = null;
      this.task.bytes += ahead.size - ahead.moved;
    } else if (!ahead.hashed) {
      this.task.bytes += ahead.size;
    }
    this.task.files += 1;
    if (result.outcome === FileOutcome.DONE || result.outcome === FileOutcome.SKIPPED) {
      this.task.done.add(ahead.item.path);
    } else {
      this.task.fileFailed(ahead.item.path, causeFacts(result.cause?.code ?? FILE_IO_FAILED));
    }
    return true;
  }
}
