import zstdUrl from "virtual:zstd-decoder";
import { Zstd } from "../src/wire/zstd";

/** The decoder as it is shipped. */
export async function loadZstd(): Promise<Zstd> {
  return new Zstd(await WebAssembly.compile(Buffer.from(zstdUrl.split(",")[1] ?? "", "base64")));
}
