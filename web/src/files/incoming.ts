// The receiving end of one download.

import { sha256 } from "@noble/hashes/sha2.js";
import { causeFacts } from "../engine/cause";
import { CauseCode } from "../gen/guruconnect/v2/cause_pb";
import type { FileChunk, FileEnd, FileHead, FileHeads } from "../gen/guruconnect/v2/file_pb";
import { FileAction, FileKind, FileOutcome } from "../gen/guruconnect/v2/file_pb";
import type { Rule } from "./facts";
import { type LocalCause, localCause } from "./local-cause";
import { portableParts } from "./names";
import type { Sink, Writer } from "./sink";
import type { Say, Task } from "./task";

const MAX_AHEAD = 256;

interface Open {
  writer: Writer;
  hash: ReturnType<typeof sha256.create>;
  offset: number;
}

interface Expected {
  path: string;
  parts: string[];
  size: number;
  key: string;
  modifiedMs: number;
  replace: boolean;
  asking: boolean;
}

function wireCause(wire: number): LocalCause {
  return { wire, facts: causeFacts(wire) };
}

/** The other end broke the rules; the transfer is stopped. */
export class Breach extends Error {}

export class Incoming {
  private next = 0;
  private last = false;
  private readonly expected = new Map<number, Expected>();
  private current: { index: number; open: Open } | null = null;
  /** What was received of files on an earlier link. */
  private kept = new Map<string, Open>();

  constructor(
    private readonly task: Task,
    private readonly sink: Sink,
    private rule: Rule,
    private readonly say: Say,
  ) {}

  get over(): boolean {
    return this.last && this.expected.size === 0 && !this.current;
  }

  /** A new link: the sender begins anew, and nothing that is here is fetched again. */
  restart(): void {
    if (this.current) {
      const expected = this.expected.get(this.current.index);
      if (expected) this.kept.set(expected.key, this.current.open);
    }
    this.current = null;
    this.expected.clear();
    this.next = 0;
    this.last = false;
    this.task.files = 0;
    this.task.bytes = 0;
  }

  async heads(heads: FileHeads): Promise<void> {
    if (this.last) throw new Breach();
    this.task.totalFiles = Number(heads.totalFiles);
    this.task.totalBytes = Number(heads.totalBytes);
    this.sink.total?.(this.task.totalFiles, this.task.totalBytes);
    for (const head of heads.heads) {
      if (head.index !== this.next || this.expected.size >= MAX_AHEAD) throw new Breach();
      this.next += 1;
      await this.head(head);
    }
    this.last = heads.last;
  }

  private async head(head: FileHead): Promise<void> {
    const size = Number(head.size);
    if (!Number.isSafeInteger(size)) throw new Breach();
    const parts = portableParts(head.path);
    if (!parts) {
      this.failed(head.index, head.path, size, wireCause(CauseCode.FILE_NAME_NOT_ALLOWED));
      return;
    }
    try {
      if (head.kind === FileKind.FOLDER) {
        await this.sink.folder(parts, Number(head.modifiedUnixMs));
        this.task.files += 1;
        this.result(head.index, FileOutcome.DONE);
        return;
      }
      if (head.kind !== FileKind.FILE) {
        this.failed(head.index, head.path, size, wireCause(CauseCode.FILE_NOT_REGULAR));
        return;
      }
      if (this.task.done.has(head.path)) {
        this.task.files += 1;
        this.task.bytes += size;
        this.result(head.index, FileOutcome.SKIPPED);
        return;
      }
      const key = `${head.path}\n${size}\n${head.modifiedUnixMs}`;
      const modifiedMs = Number(head.modifiedUnixMs);
      const expected: Expected = {
        path: head.path,
        parts,
        size,
        key,
        modifiedMs,
        replace: false,
        asking: false,
      };
      this.expected.set(head.index, expected);
      const existing = this.kept.has(key) ? null : await this.sink.existing(parts);
      if (!existing) {
        this.send(head.index, expected);
      } else if (this.rule === "ask") {
        expected.asking = true;
        this.task.asked({
          index: head.index,
          path: head.path,
          size,
          existingSize: existing.size,
          existingModifiedMs: existing.modifiedMs,
        });
      } else {
        this.settle(head.index, expected, this.rule);
      }
    } catch (error) {
      this.failed(head.index, head.path, size, localCause(error));
    }
  }

  /** A person has decided. */
  choose(index: number, rule: Rule, all: boolean): void {
    if (all) this.rule = rule;
    for (const [at, expected] of [...this.expected]) {
      if (expected.asking && (all || at === index)) {
        expected.asking = false;
        this.settle(at, expected, rule);
      }
    }
  }

  private settle(index: number, expected: Expected, rule: Rule): void {
    if (rule === "skip") {
      this.expected.delete(index);
      this.task.files += 1;
      this.task.bytes += expected.size;
      this.task.done.add(expected.path);
      this.answer(index, FileAction.SKIP, 0);
      this.result(index, FileOutcome.SKIPPED);
      return;
    }
    expected.replace = rule === "overwrite";
    this.send(index, expected);
  }

  private send(index: number, expected: Expected): void {
    const kept = this.kept.get(expected.key);
    const prefix = kept && kept.offset > 0 ? kept.hash.clone().digest().slice() : undefined;
    this.answer(index, FileAction.SEND, prefix ? (kept?.offset ?? 0) : 0, prefix);
  }

  private answer(index: number, action: FileAction, offset: number, prefixSha256 = new Uint8Array()): void {
    const value = { transfer: this.task.number, index, action, offset: BigInt(offset), prefixSha256 };
    this.say({ case: "answer", value });
  }

  private result(index: number, outcome: FileOutcome, code = 0): void {
    const cause = code > 0 ? { cause: { code } } : {};
    this.say({ case: "result", value: { transfer: this.task.number, index, outcome, ...cause } });
  }

  private failed(index: number, path: string, size: number, { wire, facts }: LocalCause): void {
    this.expected.delete(index);
    this.task.files += 1;
    this.task.bytes += size;
    this.task.fileFailed(path, facts);
    this.result(index, FileOutcome.FAILED, wire);
  }

  async chunk(chunk: FileChunk): Promise<void> {
    if (chunk.index >= this.next || chunk.data.length === 0) throw new Breach();
    const expected = this.expected.get(chunk.index);
    // Given up here while this was on its way.
    if (!expected) return;
    if (this.current && this.current.index !== chunk.index) throw new Breach();
    if (!this.current && !(await this.begin(chunk.index, expected, chunk.restart))) return;
    const open = this.current?.open;
    if (!open) return;
    if (Number(chunk.offset) !== open.offset || open.offset + chunk.data.length > expected.size) {
      throw new Breach();
    }
    const data = chunk.data.slice();
    try {
      await open.writer.write(data);
    } catch (error) {
      await this.abandon(chunk.index, expected, localCause(error));
      return;
    }
    open.hash.update(data);
    open.offset += data.length;
    this.task.bytes += data.length;
    this.task.current = expected.path;
  }

  private async begin(index: number, expected: Expected, restart: boolean): Promise<boolean> {
    const kept = this.kept.get(expected.key);
    this.kept.delete(expected.key);
    try {
      if (kept && !restart) {
        this.task.bytes += kept.offset;
        this.current = { index, open: kept };
        return true;
      }
      await kept?.writer.discard();
      const writer = await this.sink.open(expected.parts, expected.replace, expected);
      this.current = { index, open: { writer, hash: sha256.create(), offset: 0 } };
      return true;
    } catch (error) {
      await this.abandon(index, expected, localCause(error));
      return false;
    }
  }

  async end(end: FileEnd): Promise<void> {
    const expected = this.expected.get(end.index);
    if (!expected) {
      if (end.index >= this.next) throw new Breach();
      return;
    }
    if (end.cause) {
      await this.abandon(end.index, expected, wireCause(end.cause.code));
      return;
    }
    if (!this.current && !(await this.begin(end.index, expected, false))) return;
    const current = this.current;
    if (!current || current.index !== end.index) throw new Breach();
    if (current.open.offset !== expected.size) {
      await this.abandon(end.index, expected, wireCause(CauseCode.FILE_PROTOCOL));
      throw new Breach();
    }
    const own = current.open.hash.digest();
    if (end.sha256.length !== 32 || !own.every((byte, at) => byte === end.sha256[at])) {
      await this.abandon(end.index, expected, wireCause(CauseCode.FILE_HASH_MISMATCH));
      return;
    }
    try {
      await current.open.writer.finish();
    } catch (error) {
      await this.abandon(end.index, expected, localCause(error));
      return;
    }
    this.current = null;
    this.expected.delete(end.index);
    this.task.files += 1;
    this.task.done.add(expected.path);
    this.result(end.index, FileOutcome.DONE);
  }

  private async abandon(index: number, expected: Expected, cause: LocalCause): Promise<void> {
    if (this.current?.index === index) {
      this.task.bytes -= this.current.open.offset;
      await this.current.open.writer.discard().catch(() => undefined);
      this.current = null;
    }
    this.failed(index, expected.path, expected.size, cause);
  }

  /** Nothing half-written stays. */
  async discard(): Promise<void> {
    const open = [...this.kept.values()];
    if (this.current) open.push(this.current.open);
    this.current = null;
    this.kept.clear();
    this.expected.clear();
    for (const one of open) await one.writer.discard().catch(() => undefined);
  }
}
