// H.264 streams by WebCodecs: one decoder each, software after the first failure.

import { fills, streamFacts } from "../wire/h264";

export interface DecodeJob {
  accessUnit: Uint8Array;
  key: boolean;
  /** H.265, whose parameter sets only the browser's decoder reads. */
  hevc?: boolean;
  rect: { width: number; height: number };
  done(frame: VideoFrame): void;
}

export interface DecoderEvents {
  /** Nothing that was submitted and is not done yet will be. */
  failed(reason: string): void;
}

const MAX_STREAMS = 8;
/** Access units that a decoder may hold without an answer. */
const MAX_OUTSTANDING = 30;

/** The decoder cannot go on, whatever the stream is like. */
export class DecoderBroken extends Error {}
/** Main profile, level 5.1, parameter sets in the stream. */
const HEVC = "hev1.1.6.L153.B0";

class Stream {
  private decoder: VideoDecoder | null = null;
  private codec = "";
  private fresh = true;
  private next = 0;
  private readonly jobs = new Map<number, DecodeJob>();
  lastUsed = 0;

  constructor(
    private readonly software: boolean,
    private readonly events: DecoderEvents,
  ) {}

  submit(job: DecodeJob): void {
    if (job.key && job.hevc) {
      if (this.codec !== HEVC || !this.decoder) this.configure(HEVC);
    } else if (!job.hevc) {
      const facts = streamFacts(job.accessUnit);
      if (facts) {
        if (!fills(facts, job.rect)) throw new Error("picture does not fit its rectangle");
        if (job.key && (facts.codec !== this.codec || !this.decoder)) this.configure(facts.codec);
      }
    }
    if (!this.decoder || (this.fresh && !job.key)) throw new Error("stream starts without a key frame");
    if (this.decoder.state !== "configured") throw new DecoderBroken("the browser closed the decoder");
    if (this.jobs.size >= MAX_OUTSTANDING) throw new DecoderBroken("the decoder answers no more");
    this.fresh = false;
    const timestamp = this.next++;
    this.jobs.set(timestamp, job);
    const type = job.key ? "key" : "delta";
    this.decoder.decode(new EncodedVideoChunk({ type, timestamp, data: job.accessUnit as BufferSource }));
  }

  private configure(codec: string): void {
    this.close();
    this.codec = codec;
    this.fresh = true;
    const decoder = new VideoDecoder({
      output: (frame) => {
        const job = this.jobs.get(frame.timestamp);
        this.jobs.delete(frame.timestamp);
        if (job && this.decoder === decoder) job.done(frame);
        else frame.close();
      },
      error: (error) => {
        if (this.decoder === decoder) this.events.failed(error.message);
      },
    });
    this.decoder = decoder;
    try {
      decoder.configure({
        codec,
        optimizeForLatency: true,
        hardwareAcceleration: this.software ? "prefer-software" : "no-preference",
      });
    } catch (error) {
      throw new DecoderBroken(String(error));
    }
  }

  close(): void {
    const decoder = this.decoder;
    this.decoder = null;
    this.jobs.clear();
    if (decoder && decoder.state !== "closed") decoder.close();
  }
}

export interface Decoders {
  readonly available: boolean;
  submit(stream: number, job: DecodeJob): void;
  reset(options?: { software?: boolean }): void;
}

export class WebCodecsDecoders implements Decoders {
  readonly available = typeof VideoDecoder === "function";
  private software = false;
  private clock = 0;
  private readonly streams = new Map<number, Stream>();

  constructor(private readonly events: DecoderEvents) {}

  submit(id: number, job: DecodeJob): void {
    let stream = this.streams.get(id);
    if (!stream) {
      this.makeRoom();
      stream = new Stream(this.software, this.events);
      this.streams.set(id, stream);
    }
    stream.lastUsed = ++this.clock;
    stream.submit(job);
  }

  private makeRoom(): void {
    if (this.streams.size < MAX_STREAMS) return;
    let oldest: [number, Stream] | null = null;
    for (const entry of this.streams) if (!oldest || entry[1].lastUsed < oldest[1].lastUsed) oldest = entry;
    if (oldest) {
      oldest[1].close();
      this.streams.delete(oldest[0]);
    }
  }

  reset(options: { software?: boolean } = {}): void {
    if (options.software !== undefined) this.software = options.software;
    for (const stream of this.streams.values()) stream.close();
    this.streams.clear();
  }
}

async function canDecode(codec: string): Promise<boolean> {
  if (typeof VideoDecoder !== "function") return false;
  try {
    const answer = await VideoDecoder.isConfigSupported({ codec, optimizeForLatency: true });
    return answer.supported === true;
  } catch {
    return false;
  }
}

/** Whether this browser can decode H.264 at all; some builds come without it. */
export const canDecodeH264 = (): Promise<boolean> => canDecode("avc1.42e01f");

/** Few can, and only with hardware. */
export const canDecodeHevc = (): Promise<boolean> => canDecode(HEVC);
