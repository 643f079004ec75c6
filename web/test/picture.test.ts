import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { beforeAll, describe, expect, it, vi } from "vitest";
import { storeZstd } from "../mock/zstd-stored";
import { type DecodeJob, DecoderBroken, type Decoders } from "../src/engine/decoder";
import { type DrawTarget, Picture } from "../src/engine/picture";
import { FrameSchema, SurfaceSchema } from "../src/gen/guruconnect/v2/video_pb";
import { loadZstd } from "./zstd-module";

const zstd = await loadZstd();

beforeAll(() => {
  // Node has no canvas; the fake below needs only the pixels.
  globalThis.ImageData ??= class {
    constructor(
      readonly data: Uint8ClampedArray,
      readonly width: number,
      readonly height: number,
    ) {}
  } as unknown as typeof ImageData;
});

class FakeCanvas implements DrawTarget {
  canvas = { width: 0, height: 0 };
  fillStyle: string | CanvasGradient | CanvasPattern = "";
  log: string[] = [];
  pixels = new Map<string, number[]>();
  whole = new Map<string, number[]>();

  fillRect(x: number, y: number, width: number, height: number): void {
    this.log.push(`fill ${this.fillStyle} ${x},${y} ${width}x${height}`);
  }
  putImageData(image: ImageData, x: number, y: number): void {
    this.log.push(`tile ${x},${y} ${image.width}x${image.height}`);
    this.pixels.set(`${x},${y}`, [...image.data.subarray(0, 4)]);
    this.whole.set(`${x},${y}`, [...image.data]);
  }
  drawImage(source: unknown, ...[sx, sy, sw, sh, dx, dy, dw, dh]: number[]): void {
    const what = source === this.canvas ? "copy" : "h264";
    const larger = dw === sw && dh === sh ? "" : ` ${dw}x${dh}`;
    this.log.push(`${what} ${sx},${sy} ${sw}x${sh} to ${dx},${dy}${larger}`);
  }
}

class FakeDecoders implements Decoders {
  available = true;
  jobs: DecodeJob[] = [];
  resets = 0;
  broken = false;
  submit(_stream: number, job: DecodeJob): void {
    if (this.broken) throw new DecoderBroken("closed");
    this.jobs.push(job);
  }
  reset(): void {
    this.jobs = [];
    this.resets += 1;
  }
}

function make() {
  const canvas = new FakeCanvas();
  const decoders = new FakeDecoders();
  const settled: [number, boolean][] = [];
  const refreshed: string[] = [];
  let fail: (reason: string) => void = () => undefined;
  const picture = new Picture(
    canvas,
    zstd,
    (failed) => {
      fail = failed;
      return decoders;
    },
    {
      settled: (id, _at, presented) => settled.push([id, presented]),
      refresh: (reason) => refreshed.push(reason),
      surface: () => undefined,
      drawn: () => undefined,
    },
  );
  picture.setSurface(create(SurfaceSchema, { generation: 1, width: 64, height: 32 }));
  const closed: number[] = [];
  const output = (n: number) => ({ close: () => closed.push(n) }) as unknown as VideoFrame;
  const frame = (init: MessageInitShape<typeof FrameSchema>) =>
    picture.frame(create(FrameSchema, { generation: 1, last: true, ...init }), 0);
  return { canvas, decoders, settled, refreshed, picture, frame, output, closed, fail: () => fail("broken") };
}

const rect = { x: 0, y: 0, width: 2, height: 1 };
const tile = (bytes: number[]) => ({
  rect,
  draw: { case: "tile" as const, value: { encoding: 1, data: storeZstd(new Uint8Array(bytes)) } },
});
const fill = { rect, draw: { case: "fill" as const, value: { color: 0x0a0b0c } } };
const h264 = (key = true) => ({
  rect,
  draw: { case: "h264" as const, value: { accessUnit: new Uint8Array([1]), key, stream: 1 } },
});

describe("operations", () => {
  it("are carried out in order, with colours as they are meant", () => {
    const { canvas, settled, frame } = make();
    frame({
      frameId: 1,
      key: true,
      operations: [
        fill,
        tile([1, 2, 3, 0, 4, 5, 6, 0]),
        { rect: { x: 8, y: 8, width: 4, height: 4 }, draw: { case: "copy", value: { x: 1, y: 2 } } },
      ],
    });
    expect(canvas.log).toEqual(["fill #0a0b0c 0,0 2x1", "tile 0,0 2x1", "copy 1,2 4x4 to 8,8"]);
    expect(canvas.pixels.get("0,0")).toEqual([3, 2, 1, 255]);
    expect(settled).toEqual([[1, true]]);
  });

  it("wait for the decoder, and hold back what is behind them", () => {
    const { canvas, decoders, settled, frame, output, closed } = make();
    frame({ frameId: 1, key: true, operations: [fill, h264()] });
    frame({ frameId: 2, operations: [fill] });
    expect(canvas.log).toEqual([]);
    decoders.jobs[0]?.done(output(1));
    expect(canvas.log).toEqual(["fill #0a0b0c 0,0 2x1", "h264 0,0 2x1 to 0,0", "fill #0a0b0c 0,0 2x1"]);
    expect(settled).toEqual([
      [1, true],
      [2, true],
    ]);
    expect(closed).toEqual([1]);
  });

  it("enlarge motion that has fewer pixels than its rectangle", () => {
    const { canvas, decoders, frame, output } = make();
    const large = { x: 4, y: 2, width: 33, height: 20 };
    const value = { accessUnit: new Uint8Array([1]), key: true, stream: 1, scale: 2 };
    frame({ frameId: 1, key: true, operations: [{ rect: large, draw: { case: "h264", value } }] });
    expect(decoders.jobs[0]?.rect).toEqual({ width: 17, height: 10 });
    decoders.jobs[0]?.done(output(1));
    expect(canvas.log).toEqual(["h264 0,0 17x10 to 4,2 33x20"]);
  });

  it("of a frame in several messages show together", () => {
    const { canvas, settled, frame } = make();
    frame({ frameId: 1, key: true, last: false, operations: [fill] });
    expect(canvas.log).toEqual([]);
    frame({ frameId: 1, key: true, operations: [tile([0, 0, 0, 0, 0, 0, 0, 0])] });
    expect(canvas.log).toHaveLength(2);
    expect(settled).toEqual([[1, true]]);
  });
});

describe("tiles under one another", () => {
  const at = (x: number, y: number, byte: number) => ({
    rect: { x, y, width: 2, height: 1 },
    draw: {
      case: "tile" as const,
      value: { encoding: 1, data: storeZstd(new Uint8Array(8).fill(byte)) },
    },
  });

  it("are drawn as one, others are not", () => {
    const { canvas, frame } = make();
    const operations = [at(0, 0, 1), at(0, 1, 2), at(0, 2, 3), at(0, 4, 4), at(2, 5, 5), at(2, 6, 6), fill];
    frame({ frameId: 1, key: true, operations });
    expect(canvas.log).toEqual(["tile 0,0 2x3", "tile 0,4 2x1", "tile 2,5 2x2", "fill #0a0b0c 0,0 2x1"]);
    expect(canvas.whole.get("0,0")).toEqual([
      1, 1, 1, 255, 1, 1, 1, 255, 2, 2, 2, 255, 2, 2, 2, 255, 3, 3, 3, 255, 3, 3, 3, 255,
    ]);
  });

  it("do not overtake what lies between", () => {
    const { canvas, frame } = make();
    frame({ frameId: 1, key: true, operations: [at(0, 0, 1), fill, at(0, 1, 2)] });
    expect(canvas.log).toEqual(["tile 0,0 2x1", "fill #0a0b0c 0,0 2x1", "tile 0,1 2x1"]);
  });

  it("wait in bounded number behind a decoder", () => {
    const { frame, refreshed } = make();
    const whole = {
      rect: { x: 0, y: 0, width: 64, height: 32 },
      draw: { case: "tile" as const, value: { encoding: 1, data: storeZstd(new Uint8Array(8192)) } },
    };
    frame({ frameId: 1, key: true, operations: [h264()] });
    for (let id = 2; id <= 5; id++) frame({ frameId: id, operations: [whole] });
    expect(refreshed).toEqual([]);
    expect(() => frame({ frameId: 6, operations: [whole] })).toThrow();
    expect(refreshed).toEqual(["decode_error"]);
  });
});

describe("what cannot be trusted", () => {
  const bad: [string, MessageInitShape<typeof FrameSchema>][] = [
    ["outside the surface", { operations: [{ ...fill, rect: { x: 63, y: 0, width: 2, height: 1 } }] }],
    ["empty rectangle", { operations: [{ ...fill, rect: { x: 0, y: 0, width: 0, height: 1 } }] }],
    ["no rectangle", { operations: [{ draw: fill.draw }] }],
    ["no drawing", { operations: [{ rect }] }],
    ["copy from outside", { operations: [{ rect, draw: { case: "copy", value: { x: 63, y: 0 } } }] }],
    ["tile of another size", { operations: [tile([1, 2, 3, 4])] }],
    [
      "not zstd",
      { operations: [{ rect, draw: { case: "tile", value: { encoding: 1, data: new Uint8Array(20) } } }] },
    ],
    ["unknown tile encoding", { operations: [{ rect, draw: { case: "tile", value: { encoding: 0 } } }] }],
    ["frame without a number", { frameId: 0, operations: [fill] }],
    [
      "the surface drawn again and again",
      {
        operations: Array.from({ length: 17 }, () => ({
          ...fill,
          rect: { x: 0, y: 0, width: 64, height: 32 },
        })),
      },
    ],
  ];
  it.each(bad)("is refused: %s", (_name, init) => {
    const { frame, refreshed, settled, canvas } = make();
    expect(() => frame({ frameId: 5, key: true, ...init })).toThrow();
    expect(refreshed).toEqual(["decode_error"]);
    expect(settled).toEqual([[init.frameId ?? 5, false]]);
    // Nothing but a key frame mends it.
    frame({ frameId: 6, operations: [fill] });
    expect(canvas.log).toEqual([]);
    frame({ frameId: 7, key: true, operations: [fill] });
    expect(canvas.log).toHaveLength(1);
  });

  it("is passed over: frames of another surface", () => {
    const { frame, canvas, settled } = make();
    frame({ generation: 9, frameId: 3, key: true, operations: [fill] });
    expect(canvas.log).toEqual([]);
    expect(settled).toEqual([[3, false]]);
  });

  it("is asked for again: the picture after a decoder failure", () => {
    const { frame, fail, refreshed, settled, closed, decoders, output } = make();
    frame({ frameId: 1, key: true, operations: [h264()] });
    const job = decoders.jobs[0];
    fail();
    expect(refreshed).toEqual(["decode_error"]);
    expect(settled).toEqual([[1, false]]);
    job?.done(output(4));
    expect(closed).toEqual([4]);
  });

  it("restarts a decoder that the browser has closed, and the viewer goes on", () => {
    const { frame, refreshed, settled, canvas, decoders } = make();
    decoders.broken = true;
    for (let id = 1; id <= 2; id++) {
      expect(() => frame({ frameId: id, key: true, operations: [h264()] })).toThrow(DecoderBroken);
    }
    expect(refreshed).toEqual(["decode_error", "decode_error"]);
    expect(() => frame({ frameId: 3, key: true, operations: [h264()] })).toThrow(DecoderBroken);
    expect(refreshed.at(-1)).toBe("no_decoder");
    expect(settled).toEqual([
      [1, false],
      [2, false],
      [3, false],
    ]);
    frame({ frameId: 4, key: true, operations: [fill] });
    expect(canvas.log).toHaveLength(1);
  });

  it("is given up: a picture that the decoder keeps to itself", () => {
    vi.useFakeTimers();
    try {
      const { frame, refreshed, settled, decoders, output, closed } = make();
      frame({ frameId: 1, key: true, operations: [h264()] });
      const late = decoders.jobs[0];
      vi.advanceTimersByTime(1499);
      expect(refreshed).toEqual([]);
      vi.advanceTimersByTime(1);
      expect(refreshed).toEqual(["decode_error"]);
      expect(settled).toEqual([[1, false]]);
      // What comes after all is of an old stream.
      late?.done(output(9));
      expect(closed).toEqual([9]);
    } finally {
      vi.useRealTimers();
    }
  });

  it("ends H.264 after it has failed three times", () => {
    const { frame, fail, refreshed } = make();
    for (let id = 1; id <= 3; id++) {
      frame({ frameId: id, key: true, operations: [h264()] });
      fail();
    }
    expect(refreshed).toEqual(["decode_error", "decode_error", "no_decoder"]);
  });

  it("is refused: a surface beyond the limits", () => {
    const { picture } = make();
    for (const [width, height] of [
      [0, 5],
      [16_385, 1],
      [16_384, 16_384],
    ] as const) {
      expect(() => picture.setSurface(create(SurfaceSchema, { generation: 2, width, height }))).toThrow();
    }
  });
});
