// A transfer as the viewer keeps it from link to link.

import type { MessageInitShape } from "@bufbuild/protobuf";
import type { CauseFacts } from "../engine/messages";
import type { FileMessageSchema } from "../gen/guruconnect/v2/file_pb";
import type { ConflictFacts, TransferFacts, TransferStatus } from "./facts";

export type FileBody = NonNullable<MessageInitShape<typeof FileMessageSchema>["body"]>;
export type Say = (body: FileBody) => void;

/** Failures that are kept one by one. */
const MOST_FAILED = 100;
const SMOOTH_S = 2;

export class Task {
  files = 0;
  totalFiles = 0;
  bytes = 0;
  totalBytes = 0;
  paused = false;
  current: string | null = null;
  status: TransferStatus = "waiting";
  cause: CauseFacts | null = null;
  /** Ways that came through, on any link. */
  readonly done = new Set<string>();
  conflicts: ConflictFacts[] = [];
  private failed: { path: string; cause: CauseFacts }[] = [];
  private failures = 0;
  private rate = 0;
  private last: { at: number; bytes: number } | null = null;

  constructor(
    readonly number: number,
    /** 16 bytes; the same on every link. */
    readonly id: Uint8Array,
    readonly direction: "upload" | "download",
    readonly title: string,
  ) {}

  asked(conflict: Omit<ConflictFacts, "transfer">): void {
    this.conflicts.push({ transfer: this.number, ...conflict });
  }

  fileFailed(path: string, cause: CauseFacts): void {
    this.failures += 1;
    if (this.failed.length < MOST_FAILED) this.failed.push({ path, cause });
  }

  /** Why the first one that is missing did not come through. */
  get firstFailure(): CauseFacts | null {
    return this.failed[0]?.cause ?? null;
  }

  /** The next rate starts afresh. */
  rest(): void {
    this.rate = 0;
    this.last = null;
  }

  again(): void {
    this.failed = [];
    this.failures = 0;
    this.cause = null;
    this.conflicts = [];
    this.status = "waiting";
    this.rest();
  }

  /** `now` in seconds. */
  facts(now: number): TransferFacts {
    if (this.status === "running") {
      if (!this.last) this.last = { at: now, bytes: this.bytes };
      const passed = now - this.last.at;
      if (passed >= 0.1) {
        const fresh = Math.max(0, this.bytes - this.last.bytes) / passed;
        const weight = this.rate === 0 ? 1 : 1 - Math.exp(-passed / SMOOTH_S);
        this.rate += (fresh - this.rate) * weight;
        this.last = { at: now, bytes: this.bytes };
      }
    } else {
      this.rest();
    }
    const left = (this.totalBytes - this.bytes) / this.rate;
    return {
      number: this.number,
      direction: this.direction,
      title: this.title,
      status: this.status,
      files: this.files,
      totalFiles: this.totalFiles,
      bytes: Math.min(this.bytes, this.totalBytes),
      totalBytes: this.totalBytes,
      rate: this.rate,
      leftS: this.rate > 1 && left >= 0 ? left : null,
      current: this.status === "running" ? this.current : null,
      cause: this.cause,
      failed: this.failed,
      failures: this.failures,
    };
  }
}
