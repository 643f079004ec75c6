// What a decoder must be told, and a viewer must check, before it decodes: the codec
// string and the picture size of a sequence parameter set (ITU-T H.264, 7.3.2.1.1).

export interface StreamFacts {
  /** RFC 6381 name for WebCodecs. */
  codec: string;
  width: number;
  height: number;
}

/** Start and end of each NAL unit of an Annex B access unit. */
export function* nalUnits(data: Uint8Array): Generator<Uint8Array> {
  let start = -1;
  let at = 0;
  while (at + 2 < data.length) {
    if (data[at] === 0 && data[at + 1] === 0 && data[at + 2] === 1) {
      if (start >= 0) yield data.subarray(start, at > start && data[at - 1] === 0 ? at - 1 : at);
      start = at + 3;
      at += 3;
    } else {
      at += 1;
    }
  }
  if (start >= 0) yield data.subarray(start);
}

class Bits {
  private at = 0;

  constructor(private readonly bytes: Uint8Array) {}

  bit(): number {
    const byte = this.bytes[this.at >> 3];
    if (byte === undefined) throw new Error("parameter set is cut off");
    const value = (byte >> (7 - (this.at & 7))) & 1;
    this.at += 1;
    return value;
  }

  bits(count: number): number {
    let value = 0;
    for (let i = 0; i < count; i++) value = value * 2 + this.bit();
    return value;
  }

  /** Unsigned Exp-Golomb. */
  ue(): number {
    let zeros = 0;
    while (this.bit() === 0) {
      zeros += 1;
      if (zeros > 31) throw new Error("parameter set is malformed");
    }
    return 2 ** zeros - 1 + this.bits(zeros);
  }

  se(): number {
    const value = this.ue();
    return value % 2 === 1 ? (value + 1) / 2 : -value / 2;
  }
}

/** The raw payload without emulation prevention bytes. */
function withoutEscapes(unit: Uint8Array): Uint8Array {
  const out = new Uint8Array(unit.length);
  let length = 0;
  for (let i = 0; i < unit.length; i++) {
    if (i >= 2 && unit[i] === 3 && unit[i - 1] === 0 && unit[i - 2] === 0) continue;
    out[length++] = unit[i] ?? 0;
  }
  return out.subarray(0, length);
}

function skipScalingList(bits: Bits, size: number): void {
  let last = 8;
  let next = 8;
  for (let i = 0; i < size; i++) {
    if (next !== 0) next = (last + bits.se() + 256) % 256;
    last = next === 0 ? last : next;
  }
}

const HIGH_PROFILES = new Set([100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135]);

function parseParameterSet(unit: Uint8Array): StreamFacts {
  const raw = withoutEscapes(unit.subarray(0, 256));
  const hex = (value: number | undefined) => (value ?? 0).toString(16).padStart(2, "0");
  const codec = `avc1.${hex(raw[1])}${hex(raw[2])}${hex(raw[3])}`;
  const bits = new Bits(raw.subarray(4));
  bits.ue();
  let chroma = 1;
  if (HIGH_PROFILES.has(raw[1] ?? 0)) {
    chroma = bits.ue();
    if (chroma === 3) bits.bit();
    bits.ue();
    bits.ue();
    bits.bit();
    if (bits.bit() === 1) {
      for (let i = 0; i < (chroma === 3 ? 12 : 8); i++) {
        if (bits.bit() === 1) skipScalingList(bits, i < 6 ? 16 : 64);
      }
    }
  }
  bits.ue();
  const order = bits.ue();
  if (order === 0) {
    bits.ue();
  } else if (order === 1) {
    bits.bit();
    bits.se();
    bits.se();
    const cycle = bits.ue();
    if (cycle > 255) throw new Error("parameter set is malformed");
    for (let i = 0; i < cycle; i++) bits.se();
  }
  bits.ue();
  bits.bit();
  const width = (bits.ue() + 1) * 16;
  const mapHeight = (bits.ue() + 1) * 16;
  const frameOnly = bits.bit();
  const height = mapHeight * (2 - frameOnly);
  if (frameOnly === 0) bits.bit();
  bits.bit();
  let cropX = 0;
  let cropY = 0;
  if (bits.bit() === 1) {
    const unitX = chroma === 1 || chroma === 2 ? 2 : 1;
    const unitY = (chroma === 1 ? 2 : 1) * (2 - frameOnly);
    cropX = (bits.ue() + bits.ue()) * unitX;
    cropY = (bits.ue() + bits.ue()) * unitY;
  }
  return { codec, width: width - cropX, height: height - cropY };
}

/** NAL units of one access unit at most. */
const MOST_UNITS = 64;

/**
 * Facts of the sequence parameter sets, which must all say the same; null when the access
 * unit has none. A parameter set behind a slice counts too: a decoder would follow it.
 */
export function streamFacts(accessUnit: Uint8Array): StreamFacts | null {
  let facts: StreamFacts | null = null;
  let units = 0;
  for (const unit of nalUnits(accessUnit)) {
    units += 1;
    if (units > MOST_UNITS) throw new Error("access unit has too many parts");
    const type = (unit[0] ?? 0) & 0x1f;
    // Subset parameter sets and extensions belong to scalable and multi-view coding.
    if ((type >= 13 && type <= 15) || type === 20 || type === 21) throw new Error("not a plain stream");
    if (type !== 7) continue;
    const found = parseParameterSet(unit);
    if (
      facts &&
      (found.codec !== facts.codec || found.width !== facts.width || found.height !== facts.height)
    )
      throw new Error("parameter sets contradict each other");
    facts = found;
  }
  return facts;
}

/** The length of a side in a picture that the viewer enlarges by `scale`; 0 is 1. */
export const shrunk = (side: number, scale: number): number => Math.ceil(side / Math.max(scale, 1));

/** Whether a coded picture can fill a rectangle: padded at most to whole macroblocks. */
export function fills(facts: StreamFacts, rect: { width: number; height: number }): boolean {
  const near = (coded: number, shown: number) => coded >= shown && coded < shown + 16;
  return near(facts.width, rect.width) && near(facts.height, rect.height);
}
