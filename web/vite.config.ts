import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import react from "@vitejs/plugin-react";
import type { Plugin } from "vite";
import { defineConfig } from "vitest/config";

const backend = process.env.GURUCONNECT_BACKEND ?? "http://127.0.0.1:5181";

/**
 * `virtual:zstd-decoder` is the address of the decoder. Its package keeps it as text inside a
 * script, and would load it from a data: address, which the content security policy does
 * not allow; here it becomes a file like all others.
 */
function zstdWasm(): Plugin {
  const id = "virtual:zstd-decoder";
  let building = false;
  return {
    name: "zstd-wasm",
    configResolved: ({ command }) => {
      building = command === "build";
    },
    resolveId: (source) => (source === id ? `\0${id}` : null),
    load(source) {
      if (source !== `\0${id}`) return null;
      const text = /const wasm = "([A-Za-z0-9+/=]+)"/.exec(
        readFileSync(createRequire(import.meta.url).resolve("zstddec"), "utf8"),
      )?.[1];
      if (!text) throw new Error("zstddec does not hold its WebAssembly where it used to");
      if (!building) return `export default "data:application/wasm;base64,${text}";`;
      const file = this.emitFile({ type: "asset", name: "zstd.wasm", source: Buffer.from(text, "base64") });
      return `export default import.meta.ROLLUP_FILE_URL_${file};`;
    },
  };
}

export default defineConfig({
  plugins: [react(), zstdWasm()],
  // The content security policy has no room for data: scripts or styles.
  build: { assetsInlineLimit: 0, target: "es2023", modulePreload: { polyfill: false }, sourcemap: false },
  worker: { format: "es", plugins: () => [zstdWasm()] },
  server: {
    proxy: {
      "/api": backend,
      "/ws": { target: backend, ws: true },
    },
  },
  test: { include: ["test/**/*.test.ts", "test/**/*.test.tsx"] },
});
