/** A valid zstd frame of raw blocks: no compressor is needed to make pictures. */
export function storeZstd(data: Uint8Array): Uint8Array {
  const most = 128 << 10;
  const blocks = Math.max(1, Math.ceil(data.length / most));
  const out = new Uint8Array(9 + blocks * 3 + data.length);
  const view = new DataView(out.buffer);
  view.setUint32(0, 0xfd2fb528, true);
  out[4] = 0xa0;
  view.setUint32(5, data.length, true);
  let at = 9;
  for (let i = 0; i < blocks; i++) {
    const part = data.subarray(i * most, Math.min(data.length, (i + 1) * most));
    const header = (i === blocks - 1 ? 1 : 0) | (part.length << 3);
    out.set([header & 255, (header >> 8) & 255, header >> 16], at);
    out.set(part, at + 3);
    at += 3 + part.length;
  }
  return out;
}
