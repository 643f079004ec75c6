import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { DecoderBroken, WebCodecsDecoders } from "../src/engine/decoder";

interface Init {
  output(frame: VideoFrame): void;
  error(error: Error): void;
}

/** A decoder of a browser, driven by hand. */
class FakeDecoder {
  static all: FakeDecoder[] = [];
  static refuses = false;
  state = "unconfigured";
  configs: { codec: string; hardwareAcceleration: string }[] = [];
  chunks: { timestamp: number }[] = [];

  constructor(readonly init: Init) {
    FakeDecoder.all.push(this);
  }
  configure(config: { codec: string; hardwareAcceleration: string }): void {
    if (FakeDecoder.refuses) throw new DOMException("no such codec", "NotSupportedError");
    this.configs.push(config);
    this.state = "configured";
  }
  decode(chunk: { timestamp: number }): void {
    this.chunks.push(chunk);
  }
  close(): void {
    this.state = "closed";
  }
}

const names = ["VideoDecoder", "EncodedVideoChunk"] as const;
const scope = globalThis as unknown as Record<string, unknown>;
const before = names.map((name) => scope[name]);

beforeEach(() => {
  FakeDecoder.all = [];
  FakeDecoder.refuses = false;
  scope.VideoDecoder = FakeDecoder;
  scope.EncodedVideoChunk = class {
    readonly timestamp: number;
    constructor(init: { timestamp: number }) {
      this.timestamp = init.timestamp;
    }
  };
});
afterEach(() => {
  names.forEach((name, i) => {
    scope[name] = before[i];
  });
});

const unit = (hex: string) => new Uint8Array(Buffer.from(hex.replace(/\s/g, ""), "hex"));
const key = unit("00000001 674d400aeca2136022000003000200000300041e244b2c 00000001 68cb 00000001 6588");
const delta = unit("00000001 419a");

function make() {
  const failures: string[] = [];
  const decoders = new WebCodecsDecoders({ failed: (reason) => failures.push(reason) });
  const shown: number[] = [];
  const closed: number[] = [];
  const submit = (accessUnit = delta, stream = 1) =>
    decoders.submit(stream, {
      accessUnit,
      key: accessUnit === key,
      rect: { width: 64, height: 64 },
      done: (frame) => shown.push(frame.timestamp),
    });
  const output = (decoder: FakeDecoder | undefined, timestamp: number) =>
    decoder?.init.output({ timestamp, close: () => closed.push(timestamp) } as unknown as VideoFrame);
  return { decoders, failures, shown, closed, submit, output };
}

describe("decoders of the browser", () => {
  it("show what they are given, each picture once", () => {
    const { submit, output, shown, closed } = make();
    submit(key);
    submit();
    const [decoder] = FakeDecoder.all;
    output(decoder, 0);
    output(decoder, 1);
    output(decoder, 1);
    expect([shown, closed]).toEqual([[0, 1], [1]]);
  });

  it("are asked for software after a failure", () => {
    const { decoders, submit } = make();
    submit(key);
    decoders.reset({ software: true });
    decoders.reset();
    submit(key);
    expect(FakeDecoder.all.map((one) => one.configs[0]?.hardwareAcceleration)).toEqual([
      "no-preference",
      "prefer-software",
    ]);
    expect(FakeDecoder.all[0]?.state).toBe("closed");
  });

  it("tell their failures, but not those of an old stream; its pictures are let go", () => {
    const { decoders, submit, output, failures, shown, closed } = make();
    submit(key);
    const [old] = FakeDecoder.all;
    old?.init.error(new Error("first"));
    decoders.reset();
    old?.init.error(new Error("late"));
    submit(key);
    output(old, 0);
    expect([failures, shown, closed]).toEqual([["first"], [], [0]]);
  });

  it("that the browser has closed are broken", () => {
    const { submit } = make();
    submit(key);
    FakeDecoder.all[0]?.close();
    expect(() => submit()).toThrow(DecoderBroken);
  });

  it("that take no such codec are broken", () => {
    FakeDecoder.refuses = true;
    expect(() => make().submit(key)).toThrow(DecoderBroken);
  });

  it("hold a bounded number of pictures", () => {
    const { submit } = make();
    submit(key);
    for (let i = 1; i < 30; i++) submit();
    expect(() => submit()).toThrow(DecoderBroken);
    expect(FakeDecoder.all[0]?.chunks).toHaveLength(30);
  });

  it("are bounded in number", () => {
    const { submit } = make();
    for (let stream = 0; stream < 40; stream++) submit(key, stream);
    expect(FakeDecoder.all.filter((one) => one.state === "configured")).toHaveLength(8);
  });

  it("see no picture of another size than its rectangle, whatever it is called", () => {
    const { submit, decoders } = make();
    submit(key);
    const large = unit("00000001 6742c028d900780227e5c044000003000400000300083c60c920");
    expect(() => submit(large)).toThrow("does not fit");
    expect(() => submit(unit("00000001 6742c0"))).toThrow();
    expect(FakeDecoder.all[0]?.chunks).toHaveLength(1);
    decoders.reset();
    expect(() => submit()).toThrow("without a key frame");
  });
});
