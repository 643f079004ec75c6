import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

const backend = process.env.GURUCONNECT_BACKEND ?? "http://127.0.0.1:5181";

export default defineConfig({
  plugins: [react()],
  // The content security policy has no room for data: scripts or styles.
  build: { assetsInlineLimit: 0, target: "es2023", modulePreload: { polyfill: false }, sourcemap: false },
  worker: { format: "es" },
  server: {
    proxy: {
      "/api": backend,
      "/ws": { target: backend, ws: true },
    },
  },
  test: { include: ["test/**/*.test.ts", "test/**/*.test.tsx"] },
});
