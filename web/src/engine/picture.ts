// Carries out the operations of frames on a canvas, in order. A frame shows only when
// all of it is there: what waits for a decoder holds back everything behind it.

import type { Frame, Operation, Surface } from "../gen/guruconnect/v2/video_pb";
import { shrunk } from "../wire/h264";
import { decodeTile, type TileBytes } from "../wire/tile";
import { validateFrame, validateSurface } from "../wire/validate";
import type { Zstd } from "../wire/zstd";
import { DecoderBroken, type Decoders } from "./decoder";

/** The part of a 2D context that is used; canvas and fake alike. */
export interface DrawTarget {
  canvas: { width: number; height: number };
  fillStyle: string | CanvasGradient | CanvasPattern;
  fillRect(x: number, y: number, width: number, height: number): void;
  putImageData(image: ImageData, x: number, y: number): void;
  drawImage(
    // biome-ignore lint/suspicious/noExplicitAny: a canvas is a source for itself, whatever its kind
    source: any,
    sx: number,
    sy: number,
    sw: number,
    sh: number,
    dx: number,
    dy: number,
    dw: number,
    dh: number,
  ): void;
}

export type RefreshReason = "decode_error" | "no_decoder";
export type RegionKind = "h264" | "tile" | "copy" | "fill";

export interface PictureEvents {
  /** Drawn, or given up: either way it is in flight no more. */
  settled(frameId: number, receivedAt: number, presented: boolean): void;
  refresh(reason: RefreshReason): void;
  surface(surface: Surface): void;
  /** Part of a picture was drawn, within `ms`. */
  drawn(kind: RegionKind, rect: Area, ms: number): void;
}

export interface Area {
  x: number;
  y: number;
  width: number;
  height: number;
}

type Step =
  | { kind: "tile"; rect: Area; image: ImageData }
  | { kind: "copy"; rect: Area; from: { x: number; y: number } }
  | { kind: "fill"; rect: Area; color: number }
  | { kind: "h264"; rect: Area; scale: number; frame: VideoFrame | null };

interface Pending {
  id: number;
  steps: Step[];
  complete: boolean;
  /** Steps whose decoder has not answered. */
  waiting: number;
  tilePixels: number;
  receivedAt: number;
}

/** How long a decoder may keep a picture to itself, ms. */
const DECODER_PATIENCE_MS = 1500;
const FAILURES_BEFORE_GIVING_UP = 3;
/** What waits for a decoder holds at most this many times the pixels of the surface. */
const MOST_WAITING = 4;

interface Run {
  rect: Area;
  tiles: { data: TileBytes; height: number }[];
}

/** Tiles that lie under one another are unpacked into one image: drawing has a price per call. */
function* grouped(operations: Operation[]): Generator<Operation | Run> {
  let run: Run | null = null;
  for (const operation of operations) {
    const { draw } = operation;
    const rect = operation.rect as Area;
    if (draw.case !== "tile") {
      if (run) yield run;
      run = null;
      yield operation;
    } else if (run && run.rect.x === rect.x && run.rect.width === rect.width && bottom(run.rect) === rect.y) {
      run.rect.height += rect.height;
      run.tiles.push({ data: draw.value, height: rect.height });
    } else {
      if (run) yield run;
      const { x, y, width, height } = rect;
      run = { rect: { x, y, width, height }, tiles: [{ data: draw.value, height }] };
    }
  }
  if (run) yield run;
}

function bottom(rect: Area): number {
  return rect.y + rect.height;
}

export class Picture {
  private size: { width: number; height: number; generation: number } | null = null;
  private queue: Pending[] = [];
  private scratch = new Uint32Array(0);
  private awaitsKey = true;
  private failures = 0;
  private noDecoder = false;
  private patience: ReturnType<typeof setTimeout> | null = null;
  private decoders: Decoders;

  constructor(
    private readonly target: DrawTarget,
    private readonly zstd: Zstd,
    makeDecoders: (failed: (reason: string) => void) => Decoders,
    private readonly events: PictureEvents,
  ) {
    this.decoders = makeDecoders(() => this.decoderFailed());
  }

  get surface(): { width: number; height: number; generation: number } | null {
    return this.size;
  }

  /** A new link: whatever was under way is gone; the last picture stays to be seen. */
  restart(): void {
    this.drop(false);
    this.size = null;
    this.awaitsKey = true;
    this.failures = 0;
    this.noDecoder = false;
  }

  setSurface(surface: Surface): void {
    validateSurface(surface);
    this.drop(true);
    const { width, height, generation } = surface;
    this.size = { width, height, generation };
    this.awaitsKey = true;
    // Setting the size clears an opaque canvas to black, even when it is the same.
    this.target.canvas.width = width;
    this.target.canvas.height = height;
    this.events.surface(surface);
  }

  /** Throws when the frame breaks the protocol; the caller asks for a new picture. */
  frame(frame: Frame, receivedAt: number): void {
    const size = this.size;
    if (!size || frame.generation !== size.generation) {
      if (frame.last) this.events.settled(frame.frameId, receivedAt, false);
      return;
    }
    let pending = this.queue.at(-1);
    if (pending && !pending.complete && pending.id !== frame.frameId) {
      // Its end never came. What follows can only stand on it if it is whole.
      this.queue.pop();
      this.closeFrames(pending);
      if (!frame.key) this.lose("decode_error");
      pending = undefined;
    }
    if (this.awaitsKey && !frame.key) {
      if (frame.last) this.events.settled(frame.frameId, receivedAt, false);
      return;
    }
    this.awaitsKey = false;
    try {
      validateFrame(frame, size);
      this.take(frame, pending, receivedAt);
    } catch (error) {
      if (error instanceof DecoderBroken) this.decoderFailed();
      else this.lose("decode_error");
      if (frame.last) this.events.settled(frame.frameId, receivedAt, false);
      throw error;
    }
  }

  private take(frame: Frame, open: Pending | undefined, receivedAt: number): void {
    const direct =
      this.queue.length === 0 &&
      frame.last &&
      frame.operations.every(({ draw }) => draw.case !== "h264" && draw.case !== "hevc");
    if (direct) {
      for (const one of grouped(frame.operations)) {
        this.draw("tiles" in one ? this.unpack(one, true) : this.prepare(one));
      }
      this.events.settled(frame.frameId, receivedAt, true);
      return;
    }
    let pending = open;
    if (!pending || pending.complete) {
      pending = { id: frame.frameId, steps: [], complete: false, waiting: 0, tilePixels: 0, receivedAt };
      this.queue.push(pending);
    }
    pending.receivedAt = receivedAt;
    for (const one of grouped(frame.operations)) {
      if ("tiles" in one) this.keep(one, pending);
      else this.enqueue(one, pending);
    }
    if (frame.last) pending.complete = true;
    this.pump();
  }

  private keep(run: Run, pending: Pending): void {
    pending.tilePixels += run.rect.width * run.rect.height;
    const size = this.size ?? { width: 0, height: 0 };
    const waiting = this.queue.reduce((sum, one) => sum + one.tilePixels, 0);
    if (waiting > MOST_WAITING * size.width * size.height) throw new Error("too much waits for a decoder");
    pending.steps.push(this.unpack(run, false));
  }

  private enqueue(operation: Operation, pending: Pending): void {
    const { draw } = operation;
    if (draw.case !== "h264" && draw.case !== "hevc") {
      pending.steps.push(this.prepare(operation));
      return;
    }
    if (!this.decoders.available || this.noDecoder) {
      if (!this.noDecoder) this.events.refresh("no_decoder");
      this.noDecoder = true;
      return;
    }
    const rect = operation.rect as Area;
    const { scale } = draw.value;
    const step: Step = { kind: "h264", rect, scale, frame: null };
    pending.steps.push(step);
    pending.waiting += 1;
    this.decoders.submit(draw.value.stream, {
      accessUnit: draw.value.accessUnit,
      key: draw.value.key,
      hevc: draw.case === "hevc",
      rect: { width: shrunk(rect.width, scale), height: shrunk(rect.height, scale) },
      done: (output) => {
        // A frame that was given up meanwhile has nobody to close its pictures.
        if (!this.queue.includes(pending)) {
          output.close();
          return;
        }
        step.frame = output;
        pending.waiting -= 1;
        this.failures = 0;
        this.pump();
      },
    });
  }

  private prepare(operation: Operation): Step {
    const rect = operation.rect as Area;
    const { draw } = operation;
    switch (draw.case) {
      case "copy":
        return { kind: "copy", rect, from: { x: draw.value.x, y: draw.value.y } };
      case "fill":
        return { kind: "fill", rect, color: draw.value.color };
      default:
        throw new Error("operation of an unknown kind");
    }
  }

  private unpack({ rect, tiles }: Run, reuse: boolean): Step {
    const size = rect.width * rect.height;
    let pixels = this.scratch;
    if (!reuse) pixels = new Uint32Array(size);
    else if (pixels.length < size) pixels = this.scratch = new Uint32Array(size);
    let start = 0;
    for (const { data, height } of tiles) {
      const end = start + rect.width * height;
      decodeTile(this.zstd, data, rect.width, height, pixels.subarray(start, end));
      start = end;
    }
    const bytes = new Uint8ClampedArray(pixels.buffer, 0, size * 4);
    return { kind: "tile", rect, image: new ImageData(bytes, rect.width, rect.height) };
  }

  private draw(step: Step): void {
    const begin = performance.now();
    const { x, y, width, height } = step.rect;
    switch (step.kind) {
      case "tile":
        this.target.putImageData(step.image, x, y);
        break;
      case "copy":
        this.target.drawImage(
          this.target.canvas,
          step.from.x,
          step.from.y,
          width,
          height,
          x,
          y,
          width,
          height,
        );
        break;
      case "fill":
        this.target.fillStyle = `#${(step.color & 0xffffff).toString(16).padStart(6, "0")}`;
        this.target.fillRect(x, y, width, height);
        break;
      case "h264":
        // Odd sizes are padded at the right and bottom: only what is shown is taken.
        if (step.frame) this.motion(step.frame, step.rect, step.scale);
        step.frame?.close();
        step.frame = null;
        break;
    }
    this.events.drawn(step.kind, step.rect, performance.now() - begin);
  }

  private motion(frame: VideoFrame, rect: Area, scale: number): void {
    const [width, height] = [shrunk(rect.width, scale), shrunk(rect.height, scale)];
    this.target.drawImage(frame, 0, 0, width, height, rect.x, rect.y, rect.width, rect.height);
  }

  private pump(): void {
    for (;;) {
      const head = this.queue[0];
      if (!head?.complete || head.waiting > 0) break;
      this.queue.shift();
      for (const step of head.steps) this.draw(step);
      this.events.settled(head.id, head.receivedAt, true);
    }
    this.watch();
  }

  /** A decoder that keeps frames to itself is as good as broken. */
  private watch(): void {
    if (this.patience !== null) clearTimeout(this.patience);
    this.patience = null;
    if (this.queue.some((pending) => pending.waiting > 0)) {
      this.patience = setTimeout(() => this.decoderFailed(), DECODER_PATIENCE_MS);
    }
  }

  private decoderFailed(): void {
    this.failures += 1;
    this.decoders.reset({ software: true });
    if (this.failures >= FAILURES_BEFORE_GIVING_UP) {
      this.noDecoder = true;
      this.lose("no_decoder");
    } else {
      this.lose("decode_error");
    }
  }

  /** The picture can no longer be trusted: only a key frame helps. */
  private lose(reason: RefreshReason): void {
    this.drop(true);
    this.awaitsKey = true;
    this.events.refresh(reason);
  }

  private drop(settle: boolean): void {
    const queue = this.queue;
    this.queue = [];
    for (const pending of queue) {
      this.closeFrames(pending);
      if (settle && pending.complete) this.events.settled(pending.id, pending.receivedAt, false);
    }
    this.decoders.reset();
    this.watch();
  }

  private closeFrames(pending: Pending): void {
    for (const step of pending.steps) if (step.kind === "h264") step.frame?.close();
  }

  close(): void {
    this.drop(false);
  }
}
