// All file transfers of the viewer: what comes in goes to the right one, what goes out
// takes turns, and all of them together keep to one pace.

import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { causeFacts } from "../engine/cause";
import type { CauseFacts } from "../engine/messages";
import {
  ConflictRule,
  FileKind,
  type FileMessage,
  FileMessageSchema,
  TransferDirection,
} from "../gen/guruconnect/v2/file_pb";
import { cleanText } from "../wire/validate";
import { Drags } from "./drags";
import type {
  AskedUpload,
  FilePolicyFacts,
  FilesCommand,
  FilesEvent,
  FolderStep,
  LocalItem,
  RemoteEntry,
  RemotePath,
  Rule,
} from "./facts";
import { Breach, Incoming } from "./incoming";
import { Outgoing } from "./outgoing";
import { Pace } from "./pace";
import { type PeerChannel, PeerSink, PeerSource } from "./peer";
import { DownloadSink, FolderSink, type Sink } from "./sink";
import { type FileBody, Task } from "./task";

const ROOM = 8 << 20;
const ACK_BYTES = 256 << 10;
const ACK_AFTER_MS = 2;
const STATE_EVERY_MS = 200;
/** Looked at again when the socket has more than it should. */
const CROWDED_MS = 3;
const CANCELLED = 137;
const PROTOCOL = 131;
const PEER_GONE = 126;

const RULES: Record<Rule, ConflictRule> = {
  ask: ConflictRule.ASK,
  rename: ConflictRule.RENAME,
  skip: ConflictRule.SKIP,
  overwrite: ConflictRule.OVERWRITE,
};

interface Job {
  task: Task;
  items: LocalItem[];
  sources: RemotePath[];
  folder: RemotePath;
  rule: Rule;
  /** Somebody waits for the end. */
  token: number | null;
  outgoing: Outgoing | null;
  incoming: Incoming | null;
  /** The files come from, or go to, another page. */
  source: PeerSource | null;
  sink: Sink | null;
  active: boolean;
}

/** What a transfer begins with. */
interface Plan {
  items: LocalItem[];
  sources: RemotePath[];
  folder: RemotePath;
  rule: Rule;
  sink?: Sink;
  source?: PeerSource;
  asked?: AskedUpload | undefined;
}

export interface DeskPorts {
  send(payload: Uint8Array): void;
  post(event: FilesEvent): void;
  /** Bytes that the socket has not sent yet. */
  unsent(): number;
  /** To another page of this browser, by a name that both know. */
  channel(name: string, side: "giver" | "taker"): PeerChannel;
  /** Seconds. */
  now(): number;
}

export class FileDesk {
  private readonly jobs = new Map<number, Job>();
  private last = 0;
  private policy: FilePolicyFacts | null = null;
  private linked = false;
  private pace: Pace;
  private received = 0;
  private acknowledged = 0;
  private ackTimer: ReturnType<typeof setTimeout> | null = null;
  private stateTimer: ReturnType<typeof setTimeout> | null = null;
  private stateAt = 0;
  /** Messages are taken one after the other, however long the disk needs. */
  private queue: Promise<void> = Promise.resolve();
  private waiting = 0;
  private link = 0;
  private pumping = false;
  private again = false;
  private turn = 0;
  private readonly replies = new Map<number, RemoteEntry[]>();
  private readonly drags = new Drags(
    (body) => this.say(body),
    (event) => this.ports.post(event),
  );

  constructor(private readonly ports: DeskPorts) {
    this.pace = new Pace(ports.now(), 1 << 20);
  }

  /** Bytes that an upload may leave in the socket, beside which nothing is crowded. */
  get allowance(): number {
    const busy = [...this.jobs.values()].some((job) => job.active && job.outgoing);
    return busy ? this.most : 0;
  }

  /** About what the line takes while nobody looks. */
  private get most(): number {
    return Math.min(Math.max(16 << 10, this.pace.rate * 0.008), 4 << 20);
  }

  handle(command: FilesCommand): void {
    switch (command.do) {
      case "upload":
        this.begin("upload", { ...command, sources: [] });
        break;
      case "download": {
        const sink: Sink = command.folder
          ? new FolderSink(command.folder)
          : new DownloadSink((name, data) => this.ports.post({ what: "save", name, data }));
        this.download(command.sources, command.rule, sink);
        break;
      }
      case "give": {
        const channel = this.ports.channel(command.channel, "giver");
        let number = 0;
        const sink = new PeerSink(channel, () => this.stop(number, CANCELLED, true));
        number = this.download(command.sources, "rename", sink);
        break;
      }
      case "fetch": {
        const { below, folder, asked } = command;
        const channel = this.ports.channel(command.channel, "taker");
        const source = new PeerSource(channel, below, () => this.pump());
        this.begin("upload", { items: source.items, sources: [], folder, rule: "rename", asked, source });
        break;
      }
      case "drop":
      case "drag-out":
        this.drags.ask(command, this.linked);
        break;
      case "choose":
        this.choose(command.transfer, command.index, command.rule, command.all);
        break;
      case "pause": {
        const job = this.jobs.get(command.transfer);
        if (job) this.pause(job, command.paused, true);
        break;
      }
      case "cancel":
        this.stop(command.transfer, CANCELLED, true);
        break;
      case "retry":
        this.retry(command.transfer);
        break;
      case "forget":
        this.stop(command.transfer, CANCELLED, true);
        this.jobs.delete(command.transfer);
        this.tell();
        break;
      case "request":
        this.request(command.request, command.step);
        break;
    }
  }

  private download(sources: RemotePath[], rule: Rule, sink: Sink): number {
    return this.begin("download", { items: [], sources, folder: { place: "", parts: [] }, rule, sink });
  }

  private begin(direction: "upload" | "download", plan: Plan): number {
    const { items, sources, folder, rule, sink = null, source = null, asked } = plan;
    this.last += 1;
    const first = direction === "upload" ? (items[0]?.path ?? "") : (sources[0]?.parts.at(-1) ?? "");
    const title = asked?.title ?? first.split("/")[0] ?? "";
    const task = new Task(this.last, crypto.getRandomValues(new Uint8Array(16)), direction, title);
    const token = asked?.token ?? null;
    const job: Job = {
      task,
      items,
      sources,
      folder,
      rule,
      token,
      outgoing: null,
      incoming: null,
      source,
      sink,
      active: false,
    };
    if (sink) job.incoming = new Incoming(task, sink, rule, (body) => this.say(body));
    this.jobs.set(task.number, job);
    if (this.linked) this.start(job, false);
    this.tell();
    return task.number;
  }

  private start(job: Job, resume: boolean): void {
    const { task } = job;
    job.active = true;
    task.status = task.paused ? "paused" : "running";
    task.conflicts = [];
    this.say({
      case: "open",
      value: {
        transfer: task.number,
        id: task.id,
        direction: task.direction === "upload" ? TransferDirection.UPLOAD : TransferDirection.DOWNLOAD,
        folder: job.folder,
        sources: job.sources,
        conflict: RULES[job.rule],
        resume,
      },
    });
    if (task.direction === "upload")
      job.outgoing = new Outgoing(task, job.items, (body) => this.say(body), job.source);
    else job.incoming?.restart();
    if (task.paused) this.say({ case: "pause", value: { transfer: task.number, paused: true } });
    this.pump();
  }

  // The link -------------------------------------------------------------------

  /** The agent can be spoken to, on a new link of either end. */
  linkUp(): void {
    this.lost();
    this.linked = true;
    for (const job of this.jobs.values()) {
      if (job.task.status === "waiting") this.start(job, job.task.files > 0 || job.task.bytes > 0);
    }
    this.tell();
  }

  /** Whatever was on its way is gone; what was received stays. */
  lost(): void {
    this.linked = false;
    this.link += 1;
    this.pace = new Pace(this.ports.now(), 1 << 20);
    this.received = 0;
    this.acknowledged = 0;
    if (this.ackTimer !== null) clearTimeout(this.ackTimer);
    this.ackTimer = null;
    this.replies.clear();
    this.drags.lost();
    for (const job of this.jobs.values()) {
      // What was taken from another page once cannot be read again.
      if (job.source) this.stop(job.task.number, PEER_GONE, false);
      if (!job.active) continue;
      job.active = false;
      job.outgoing = null;
      job.task.status = "waiting";
    }
    this.tell();
  }

  receive(payload: Uint8Array): void {
    // A copy: the payload is a view of a message that is not kept.
    const message = fromBinary(FileMessageSchema, payload.slice());
    const { link } = this;
    this.waiting += payload.length;
    if (this.waiting > 2 * ROOM) {
      // The agent sends more than it may; what is missing cannot be made good.
      this.waiting -= payload.length;
      for (const job of this.jobs.values()) if (job.active) this.stop(job.task.number, PROTOCOL, true);
      return;
    }
    this.queue = this.queue.then(async () => {
      this.waiting -= payload.length;
      // What is allowed is told at once, perhaps before the link is known to be up.
      if (link !== this.link && message.body.case !== "policy") return;
      await this.take(message.body);
      this.sweep();
      this.pump();
      this.tell();
    });
  }

  private async take(body: FileMessage["body"]): Promise<void> {
    switch (body.case) {
      case "policy": {
        const limit = Number(body.value.maxFileBytes);
        this.policy = {
          upload: body.value.upload,
          download: body.value.download,
          maxFileBytes: limit > 0 ? limit : null,
          allowed: body.value.allowedExtensions.map((one) => cleanText(one, 16)),
          blocked: body.value.blockedExtensions.map((one) => cleanText(one, 16)),
          drags: body.value.drops && body.value.dragsOut,
        };
        break;
      }
      case "reply": {
        const { request } = body.value;
        const entries = this.replies.get(request) ?? [];
        for (const entry of body.value.entries) {
          entries.push({
            name: entry.name,
            kind: entry.kind === FileKind.FILE ? "file" : entry.kind === FileKind.FOLDER ? "folder" : "other",
            size: Number(entry.size),
            modifiedMs: Number(entry.modifiedUnixMs),
            place: entry.place,
          });
        }
        this.replies.set(request, entries);
        if (!body.value.last) break;
        this.replies.delete(request);
        const cause = body.value.cause ? causeFacts(body.value.cause.code) : null;
        this.ports.post({ what: "reply", request, entries, cut: body.value.cut, cause });
        break;
      }
      case "dropped":
        this.drags.dropped(body.value);
        break;
      case "draggedOut":
        this.drags.draggedOut(body.value);
        break;
      case "ack":
        if (!this.pace.acknowledged(Number(body.value.received), Number(body.value.room), this.ports.now())) {
          for (const job of this.jobs.values()) if (job.active) this.stop(job.task.number, PROTOCOL, true);
        }
        break;
      case "stop":
        this.stop(body.value.transfer, body.value.cause?.code ?? CANCELLED, false);
        break;
      case "pause": {
        const job = this.jobs.get(body.value.transfer);
        if (job) this.pause(job, body.value.paused, false);
        break;
      }
      case "answer": {
        const job = this.active(body.value.transfer);
        if (job?.outgoing && !job.outgoing.answer(body.value)) this.stop(job.task.number, PROTOCOL, true);
        break;
      }
      case "result": {
        const job = this.active(body.value.transfer);
        if (job?.outgoing && !job.outgoing.result(body.value)) this.stop(job.task.number, PROTOCOL, true);
        break;
      }
      case "heads":
      case "chunk":
      case "end":
        await this.takeFile(body);
        break;
      default:
        break;
    }
  }

  private async takeFile(
    body: Extract<FileMessage["body"], { case: "heads" | "chunk" | "end" }>,
  ): Promise<void> {
    const incoming = this.active(body.value.transfer)?.incoming;
    try {
      if (body.case === "heads") await incoming?.heads(body.value);
      else if (body.case === "chunk") await incoming?.chunk(body.value);
      else await incoming?.end(body.value);
    } catch (error) {
      if (!(error instanceof Breach)) throw error;
      this.stop(body.value.transfer, PROTOCOL, true);
    }
    if (body.case === "chunk") this.acknowledge(body.value.data.length);
  }

  private acknowledge(bytes: number): void {
    this.received += bytes;
    if (this.received - this.acknowledged >= ACK_BYTES) this.sendAck();
    else if (this.ackTimer === null) this.ackTimer = setTimeout(() => this.sendAck(), ACK_AFTER_MS);
  }

  private sendAck(): void {
    if (this.ackTimer !== null) clearTimeout(this.ackTimer);
    this.ackTimer = null;
    if (this.received === this.acknowledged) return;
    this.acknowledged = this.received;
    this.say({ case: "ack", value: { received: BigInt(this.received), room: BigInt(ROOM) } });
  }

  private active(number: number): Job | undefined {
    const job = this.jobs.get(number);
    return job?.active ? job : undefined;
  }

  private say(body: FileBody): void {
    if (!this.linked) return;
    this.ports.send(toBinary(FileMessageSchema, create(FileMessageSchema, { body })));
  }

  // Sending --------------------------------------------------------------------

  private pump(): void {
    if (this.pumping) {
      this.again = true;
      return;
    }
    this.pumping = true;
    void this.work().finally(() => {
      this.pumping = false;
      if (this.again) {
        this.again = false;
        this.pump();
      }
    });
  }

  private async work(): Promise<void> {
    for (;;) {
      if (!this.linked) return;
      const senders = [...this.jobs.values()].filter((job) => job.active && job.outgoing);
      if (senders.length === 0) return;
      if (this.ports.unsent() > this.most) {
        // The browser tells nobody when a socket has room again.
        setTimeout(() => this.pump(), CROWDED_MS);
        return;
      }
      const { link } = this;
      const { chunk } = this.pace;
      let worked = false;
      for (let count = 0; count < senders.length && !worked; count += 1) {
        this.turn += 1;
        const job = senders[this.turn % senders.length];
        if (!job?.outgoing) continue;
        const turn = await job.outgoing.turn(chunk);
        if (link !== this.link) return;
        if (turn === "idle") continue;
        worked = true;
        if (turn !== "busy") {
          const { index, offset, data, restart } = turn.chunk;
          const transfer = job.task.number;
          this.say({ case: "chunk", value: { transfer, index, offset: BigInt(offset), data, restart } });
          this.pace.sent(data.length, this.ports.now());
        }
      }
      this.sweep();
      this.tell();
      if (!worked) {
        if (chunk > 0) this.pace.starve();
        return;
      }
    }
  }

  private sweep(): void {
    for (const job of this.jobs.values()) {
      if (!job.active || !(job.outgoing ? job.outgoing.over : job.incoming?.over)) continue;
      job.active = false;
      job.outgoing = null;
      job.task.status = "done";
      this.over(job, job.task.firstFailure ?? job.source?.cause ?? null);
      this.tell(true);
    }
  }

  private over(job: Job, cause: CauseFacts | null): void {
    job.source?.stop();
    job.sink?.over?.(cause);
    if (job.token === null) return;
    this.ports.post({ what: "uploaded", token: job.token, cause });
    job.token = null;
  }

  private pause(job: Job, paused: boolean, tellOther: boolean): void {
    job.task.paused = paused;
    if (job.active) {
      job.task.status = paused ? "paused" : "running";
      if (tellOther) this.say({ case: "pause", value: { transfer: job.task.number, paused } });
      this.pump();
    }
    this.tell(true);
  }

  private stop(number: number, code: number, tellOther: boolean): void {
    const job = this.jobs.get(number);
    if (!job || job.task.status === "done" || job.task.status === "stopped") return;
    if (tellOther && job.active) this.say({ case: "stop", value: { transfer: number, cause: { code } } });
    job.active = false;
    job.outgoing = null;
    job.task.status = "stopped";
    job.task.cause = causeFacts(code);
    job.task.conflicts = [];
    this.over(job, job.task.cause);
    if (job.incoming) {
      const { incoming } = job;
      this.queue = this.queue.then(() => incoming.discard());
    }
    this.tell(true);
  }

  /** What came through stays; the rest is tried again. */
  private retry(number: number): void {
    const job = this.jobs.get(number);
    if (!job || job.active || job.source || job.sink?.over) return;
    job.task.again();
    job.task.paused = false;
    if (this.linked) this.start(job, true);
    this.tell(true);
  }

  private choose(transfer: number, index: number, rule: Rule, all: boolean): void {
    const job = this.active(transfer);
    if (!job) return;
    job.task.conflicts = all ? [] : job.task.conflicts.filter((one) => one.index !== index);
    if (job.incoming) {
      job.incoming.choose(index, rule, all);
    } else {
      if (all) job.rule = rule;
      this.say({ case: "choice", value: { transfer, index, rule: RULES[rule], all } });
    }
    this.sweep();
    this.tell(true);
  }

  private request(request: number, step: FolderStep): void {
    if (!this.linked) {
      this.ports.post({ what: "reply", request, entries: [], cut: false, cause: causeFacts(126) });
      return;
    }
    if (step.kind === "rename") {
      const value = { path: step.path, name: step.name };
      this.say({ case: "request", value: { request, step: { case: "rename", value } } });
    } else {
      this.say({ case: "request", value: { request, step: { case: step.kind, value: step.path } } });
    }
  }

  // What the page is told --------------------------------------------------------

  private tell(now = false): void {
    const since = this.ports.now() * 1000 - this.stateAt;
    if (now || since >= STATE_EVERY_MS) {
      this.tellState();
    } else if (this.stateTimer === null) {
      this.stateTimer = setTimeout(() => this.tellState(), STATE_EVERY_MS - since);
    }
  }

  private tellState(): void {
    if (this.stateTimer !== null) clearTimeout(this.stateTimer);
    this.stateTimer = null;
    const now = this.ports.now();
    this.stateAt = now * 1000;
    const jobs = [...this.jobs.values()];
    this.ports.post({
      what: "state",
      policy: this.linked ? this.policy : null,
      transfers: jobs.map((job) => job.task.facts(now)),
      conflicts: jobs.flatMap((job) => job.task.conflicts),
    });
  }

  close(): void {
    this.lost();
    if (this.stateTimer !== null) clearTimeout(this.stateTimer);
    this.stateTimer = null;
  }
}
