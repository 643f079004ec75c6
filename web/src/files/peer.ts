// Files from one session into another: two pages of this browser hand the bytes over by
// a channel whose name, a random one, only they know. What is on its way is bounded.

import { causeFacts } from "../engine/cause";
import type { CauseFacts } from "../engine/messages";
import { CauseCode } from "../gen/guruconnect/v2/cause_pb";
import type { ByteStream, LocalBytes, LocalItem } from "./facts";
import type { FileFacts, Sink, Writer } from "./sink";

/** Bytes that may be handed over before the other page has taken them. */
const WINDOW = 2 << 20;
/** How often, and how far apart, the other page's lock is looked for until it counts as gone. */
const LOOKS = 100;
const LOOK_MS = 50;
/** How long the last words of a page that has gone may take. */
const GRACE_MS = 3_000;

type FromGiver =
  | { say: "file"; id: number; path: string; size: number; modifiedMs: number }
  | { say: "data"; id: number; data: Uint8Array<ArrayBuffer> }
  | { say: "end" | "lost"; id: number }
  | { say: "folder"; path: string; modifiedMs: number }
  | { say: "total"; files: number; bytes: number }
  | { say: "over"; code: number };

type FromTaker = { say: "took"; bytes: number } | { say: "stop" };

/** What both need of the browser; tests have their own. */
export interface PeerChannel {
  send(message: FromGiver | FromTaker): void;
  listen(hear: (message: unknown) => void): void;
  /** Calls when the other page is gone. */
  watch(gone: () => void): void;
  close(): void;
}

/** The browser's. Nobody of another origin can have it; whoever closes or crashes lets go
 * of a lock, which tells the other one. */
export function openChannel(name: string, side: "giver" | "taker"): PeerChannel {
  const channel = new BroadcastChannel(`guruconnect-files-${name}`);
  const own = self.location.origin;
  const abort = new AbortController();
  const other = side === "giver" ? "taker" : "giver";
  const lock = (who: string) => `guruconnect-files-${name}-${who}`;
  // Only on secure pages; elsewhere a page that crashes is not noticed.
  const locks = (navigator as Partial<Navigator>).locks;
  void locks?.request(
    lock(side),
    () =>
      new Promise<void>((free) => {
        abort.signal.addEventListener("abort", () => free());
      }),
  );
  return {
    send: (message) => channel.postMessage(message),
    listen: (hear) => {
      channel.onmessage = (event: MessageEvent) => {
        if (event.origin === own) hear(event.data);
      };
    },
    watch: (gone) => {
      const miss = async (held: LockManager) => {
        // The other page has asked for its lock, and the browser may not have heard of it
        // yet: who asks for it too early is given it, and takes the other for gone.
        for (let look = 0; look < LOOKS && !abort.signal.aborted; look += 1) {
          const now = await held.query();
          if (now.held?.some(({ name: known }) => known === lock(other))) break;
          await new Promise((wake) => setTimeout(wake, LOOK_MS));
        }
        await held.request(lock(other), { signal: abort.signal }, () => undefined);
        // What it said last may come later than its lock.
        setTimeout(gone, GRACE_MS);
      };
      // Closed before.
      if (locks) miss(locks).catch(() => undefined);
    },
    close: () => {
      channel.close();
      abort.abort();
    },
  };
}

/** The page that has the files: a place for a download. */
export class PeerSink implements Sink {
  private lastId = 0;
  private outstanding = 0;
  private waiting: (() => void)[] = [];
  private watched = false;
  private closed = false;

  constructor(
    private readonly channel: PeerChannel,
    /** The other page wants no more. */
    private readonly stop: () => void,
  ) {
    channel.listen((data) => this.hear(data as FromTaker));
  }

  private hear(message: FromTaker): void {
    if (this.closed) return;
    if (message.say === "took") {
      this.outstanding -= message.bytes;
      for (const wake of this.waiting.splice(0)) wake();
    } else if (message.say === "stop") {
      this.leave();
    }
  }

  /** The other page has listened for long; from now on it can be missed. */
  private send(message: FromGiver): void {
    if (this.closed) return;
    if (!this.watched) this.channel.watch(() => this.leave());
    this.watched = true;
    this.channel.send(message);
  }

  private leave(): void {
    if (this.closed) return;
    this.close();
    this.stop();
  }

  private close(): void {
    this.closed = true;
    this.channel.close();
    for (const wake of this.waiting.splice(0)) wake();
  }

  existing(): Promise<null> {
    return Promise.resolve(null);
  }

  total(files: number, bytes: number): void {
    this.send({ say: "total", files, bytes });
  }

  open(parts: string[], _replace: boolean, { size, modifiedMs }: FileFacts): Promise<Writer> {
    this.lastId += 1;
    const id = this.lastId;
    if (this.closed) return Promise.reject(new Error("the other page is gone"));
    this.send({ say: "file", id, path: parts.join("/"), size, modifiedMs });
    return Promise.resolve({
      write: async (data: Uint8Array<ArrayBuffer>) => {
        while (this.outstanding >= WINDOW && !this.closed) {
          await new Promise<void>((wake) => this.waiting.push(wake));
        }
        if (this.closed) throw new Error("the other page is gone");
        this.outstanding += data.length;
        this.send({ say: "data", id, data });
      },
      finish: () => {
        this.send({ say: "end", id });
        return Promise.resolve(parts.at(-1) ?? "");
      },
      discard: () => {
        this.send({ say: "lost", id });
        return Promise.resolve();
      },
    });
  }

  folder(parts: string[], modifiedMs: number): Promise<void> {
    this.send({ say: "folder", path: parts.join("/"), modifiedMs });
    return Promise.resolve();
  }

  /** The download is over. */
  over(cause: CauseFacts | null, code = CauseCode.FILE_PEER_GONE): void {
    if (this.closed) return;
    this.send({ say: "over", code: cause ? code : 0 });
    this.close();
  }
}

class PeerFile implements LocalBytes, ByteStream {
  private readonly blocks: Uint8Array<ArrayBuffer>[] = [];
  private at = 0;
  private have = 0;
  private lost = false;
  private released = false;

  constructor(
    readonly size: number,
    private readonly took: (bytes: number) => void,
  ) {}

  get arriving(): ByteStream {
    return this;
  }

  /** Only for files that can be read anywhere. */
  slice(): { arrayBuffer(): Promise<ArrayBuffer> } {
    return { arrayBuffer: () => Promise.reject(new DOMException("read once", "NotReadableError")) };
  }

  push(data: Uint8Array<ArrayBuffer>): void {
    if (this.released) {
      this.took(data.length);
      return;
    }
    this.blocks.push(data);
    this.have += data.length;
  }

  lose(): void {
    this.lost = true;
  }

  get ready(): number {
    if (this.have === 0 && this.lost) throw new DOMException("it is gone", "NotReadableError");
    return this.have;
  }

  take(length: number): Uint8Array<ArrayBuffer> {
    const out = new Uint8Array(Math.min(length, this.have));
    for (let filled = 0; filled < out.length; ) {
      const [block] = this.blocks;
      if (!block) break;
      const some = block.subarray(this.at, this.at + out.length - filled);
      out.set(some, filled);
      filled += some.length;
      this.at += some.length;
      if (this.at === block.length) {
        this.blocks.shift();
        this.at = 0;
      }
    }
    this.have -= out.length;
    this.took(out.length);
    return out;
  }

  release(): void {
    if (this.released) return;
    this.released = true;
    this.blocks.length = 0;
    this.took(this.have);
    this.have = 0;
  }
}

/** The page that takes the files: things to upload, more and more of them. */
export class PeerSource {
  readonly items: LocalItem[] = [];
  totalFiles = 0;
  totalBytes = 0;
  /** Why something is missing that was to come. */
  cause: CauseFacts | null = null;
  private done = false;
  private readonly files = new Map<number, PeerFile>();

  constructor(
    private readonly channel: PeerChannel,
    /** Everything goes below this folder. */
    private readonly below: string,
    private readonly changed: () => void,
  ) {
    channel.listen((data) => this.hear(data as FromGiver));
  }

  get more(): boolean {
    return !this.done;
  }

  private hear(message: FromGiver): void {
    if (this.done) return;
    switch (message.say) {
      case "file": {
        const { id, path, size, modifiedMs } = message;
        const file = new PeerFile(size, (bytes) => {
          if (bytes > 0 && !this.done) this.channel.send({ say: "took", bytes });
        });
        this.files.set(id, file);
        this.items.push({ path: `${this.below}/${path}`, file, modifiedMs });
        if (this.files.size === 1) this.channel.watch(() => this.fail(CauseCode.FILE_PEER_GONE));
        break;
      }
      case "data":
        this.files.get(message.id)?.push(message.data);
        break;
      case "end":
        this.files.delete(message.id);
        break;
      case "lost":
        this.files.get(message.id)?.lose();
        this.files.delete(message.id);
        this.cause ??= causeFacts(CauseCode.FILE_IO_FAILED);
        break;
      case "folder":
        this.items.push({
          path: `${this.below}/${message.path}`,
          file: null,
          modifiedMs: message.modifiedMs,
        });
        break;
      case "total":
        this.totalFiles = message.files;
        this.totalBytes = message.bytes;
        break;
      case "over":
        if (message.code !== 0) this.fail(message.code);
        else this.finish();
        return;
    }
    this.changed();
  }

  private fail(code: number): void {
    if (this.done) return;
    this.cause ??= causeFacts(code);
    for (const file of this.files.values()) file.lose();
    this.finish();
  }

  private finish(): void {
    this.done = true;
    this.channel.close();
    this.changed();
  }

  /** Nobody wants the rest. */
  stop(): void {
    if (this.done) return;
    this.channel.send({ say: "stop" });
    this.done = true;
    this.channel.close();
  }
}
