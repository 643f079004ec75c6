// Starts the mock server; loaded through Vite, so that it can use the generated code.
import { createServer } from "vite";

const vite = await createServer({
  configFile: false,
  root: new URL("..", import.meta.url).pathname,
  server: { middlewareMode: true, hmr: false, watch: null },
  appType: "custom",
  logLevel: "error",
  optimizeDeps: { noDiscovery: true },
});
const { start } = await vite.ssrLoadModule("/mock/app.ts");
const port = Number(process.env.PORT ?? 5180);
await start(port);
console.log(`mock server on http://127.0.0.1:${port} (set-up token and password: demo)`);
