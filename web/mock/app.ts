// Serves the build with the server's content security policy, an imitation of the REST
// contract and one moving session. For development and screenshots only.

import { readFile } from "node:fs/promises";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { extname, join, normalize } from "node:path";
import { WebSocketServer } from "ws";
import type { Machine } from "../src/api/types";
import { audit, codes, machines, sessions, users, uuid } from "./data";
import { serveSession, sessionLog } from "./session";

const CSP =
  "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; worker-src 'self'; img-src 'self' data: blob:; " +
  "connect-src 'self' ws: wss:; object-src 'none'; base-uri 'none'; frame-ancestors 'none'";
const TYPES: Record<string, string> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript",
  ".wasm": "application/wasm",
  ".css": "text/css",
  ".svg": "image/svg+xml",
};

class Refusal extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
  ) {
    super(message);
  }
}

let serial = 20_000;
let signedIn = false;
const streams = new Set<ServerResponse>();
function changed(topic: string): void {
  for (const stream of streams) stream.write(`event: change\ndata: {"topic":"${topic}"}\n\n`);
}

const login = () => {
  signedIn = true;
  return { access_token: `mock-${++serial}`, expires_in_s: 600, user: users[0] };
};

type Handler = (match: string[], body: Record<string, unknown>, query: URLSearchParams) => unknown;
const page = (items: unknown[], query: URLSearchParams) => {
  const start = Number(query.get("cursor") ?? 0);
  const limit = Number(query.get("limit") ?? 100);
  const more = start + limit < items.length;
  return { items: items.slice(start, start + limit), next_cursor: more ? String(start + limit) : null };
};
const found = <T>(value: T | undefined): T => {
  if (value === undefined) throw new Refusal(404, "not_found", "There is no such thing.");
  return value;
};
const compact = (value: unknown) => String(value).replace(/[-\s]/g, "").toUpperCase();

const delivered = {
  enabled: true,
  template: "{{technician_name}} of {{company}} has connected to this computer at {{time}}.",
  duration_s: 10,
  position: "bottom_right",
  dismissible: true,
};
let notice = delivered;
const noticeSettings = () => ({
  current: notice,
  default: delivered,
  placeholders: ["technician_name", "company", "time"],
  company: "Marsh IT",
});

const routes: [string, RegExp, Handler][] = [
  [
    "GET",
    /^\/api\/version$/,
    () => ({
      version: "0.1.0",
      commit: "abc1234",
      commit_date: "2026-11-22",
      setup_required: !signedIn,
      company: "Marsh IT",
    }),
  ],
  [
    "POST",
    /^\/api\/setup$/,
    (_, body) => {
      if (body.token !== "demo")
        throw new Refusal(403, "setup_token_wrong", "The set-up token is not right.");
      return login();
    },
  ],
  [
    "POST",
    /^\/api\/auth\/login$/,
    (_, body) => {
      if (body.password !== "demo")
        throw new Refusal(401, "login_failed", "User name or password is not right.");
      return login();
    },
  ],
  [
    "POST",
    /^\/api\/auth\/refresh$/,
    () => {
      if (!signedIn) throw new Refusal(401, "not_signed_in", "You are not signed in.");
      return login();
    },
  ],
  [
    "DELETE",
    /^\/api\/auth\/logout$/,
    () => {
      signedIn = false;
    },
  ],
  ["POST", /^\/api\/auth\/password$/, () => undefined],
  ["GET", /^\/api\/users$/, (_, __, query) => page(users, query)],
  [
    "PATCH",
    /^\/api\/users\/(.+)$/,
    ([id], body) => {
      changed("users");
      return Object.assign(found(users.find((u) => u.id === id)), body);
    },
  ],
  [
    "GET",
    /^\/api\/machines$/,
    (_, __, query) => {
      const words = (query.get("q") ?? "").toLowerCase().split(/\s+/).filter(Boolean);
      return page(
        machines.filter((m) => words.every((word) => JSON.stringify(m).toLowerCase().includes(word))),
        query,
      );
    },
  ],
  [
    "POST",
    /^\/api\/machines$/,
    (_, body) => {
      const machine = { ...(machines[23] as Machine), ...body, id: uuid(++serial) } as Machine;
      machines.unshift(machine);
      changed("machines");
      return machine;
    },
  ],
  [
    "PATCH",
    /^\/api\/machines\/([^/]+)$/,
    ([id], body) => {
      changed("machines");
      return Object.assign(found(machines.find((m) => m.id === id)), body);
    },
  ],
  [
    "DELETE",
    /^\/api\/machines\/([^/]+)$/,
    ([id]) => {
      machines.splice(
        machines.findIndex((m) => m.id === id),
        1,
      );
      changed("machines");
    },
  ],
  ["GET", /^\/api\/machines\/[^/]+\/history$/, (_, __, query) => page(audit.slice(0, 12), query)],
  [
    "GET",
    /^\/api\/machines\/[^/]+\/keys$/,
    (_, __, query) =>
      page(
        [
          {
            id: uuid(60),
            name: "first key",
            prefix: "3fa96c1b",
            created_ms: Date.now(),
            created_by: "Ada",
            last_used_ms: Date.now() - 4e5,
            revoked_ms: null,
          },
        ],
        query,
      ),
  ],
  ["POST", /^\/api\/machines\/[^/]+\/keys$/, () => ({ key: {}, secret: `cak_${"3fa96c1b".repeat(8)}` })],
  [
    "GET",
    /^\/api\/sessions$/,
    (_, __, query) =>
      page(
        sessions.filter((s) => s.state === query.get("state")),
        query,
      ),
  ],
  ["POST", /^\/api\/sessions$/, () => sessions[0]],
  [
    "POST",
    /^\/api\/sessions\/([^/]+)\/viewer-token$/,
    ([id], body) => {
      if (id === uuid(2)) throw new Refusal(409, "consent_pending", "The user has not answered yet.");
      if (id === uuid(4)) throw new Refusal(409, "session_ended", "The session has ended.");
      return { token: `${id}:${body.access}`, expires_in_s: 300, session_id: id, access: body.access };
    },
  ],
  [
    "POST",
    /^\/api\/sessions\/([^/]+)\/end$/,
    ([id]) => {
      found(sessions.find((s) => s.id === id)).state = "ended";
      changed("sessions");
    },
  ],
  ["GET", /^\/api\/codes$/, (_, __, query) => page(codes, query)],
  [
    "POST",
    /^\/api\/codes$/,
    () => {
      const code = {
        ...(codes[0] as (typeof codes)[number]),
        id: uuid(++serial),
        code: "R4T-9KW-B2M",
        link: "http://127.0.0.1:5180/j/R4T-9KW-B2M",
        note: "",
      };
      codes.unshift(code);
      changed("codes");
      return code;
    },
  ],
  [
    "POST",
    /^\/api\/codes\/validate$/,
    (_, body) => {
      const code = codes.find((one) => compact(one.code) === compact(body.code));
      if (code?.status !== "active") throw new Refusal(404, "code_unknown", "This code is not known.");
      return {
        valid: true,
        technician: "Ada Marsh",
        company: "Marsh IT",
        server_url: "http://127.0.0.1:5180",
        commands: {
          linux: `curl -fsS http://127.0.0.1:5180/get/agent -o guruconnect && chmod +x guruconnect && ./guruconnect agent --code ${code.code}`,
        },
      };
    },
  ],
  ["POST", /^\/api\/codes\/status$/, () => ({ state: "waiting" })],
  [
    "POST",
    /^\/api\/codes\/([^/]+)\/cancel$/,
    ([code]) => {
      found(codes.find((one) => one.code === code)).status = "cancelled";
      changed("codes");
    },
  ],
  [
    "GET",
    /^\/api\/audit$/,
    (_, __, query) =>
      page(
        audit.filter((e) => e.action.includes(query.get("action") ?? "")),
        query,
      ),
  ],
  [
    "GET",
    /^\/api\/settings$/,
    () => ({
      public_url: "https://help.marsh-it.example",
      company: "Marsh IT",
      version: "0.1.0",
      database: "sqlite",
      tls: true,
      trusted_proxies: [],
      limits: { login_per_minute: 8, code_validate_per_minute: 15, input_events_per_second: 200 },
    }),
  ],
  ["GET", /^\/api\/settings\/connection-notice$/, () => noticeSettings()],
  [
    "PUT",
    /^\/api\/settings\/connection-notice$/,
    (_, body) => {
      notice = body as typeof notice;
      return noticeSettings();
    },
  ],
  ["GET", /^\/mock\/log$/, () => sessionLog],
];

async function body(request: IncomingMessage): Promise<Record<string, unknown>> {
  let text = "";
  for await (const part of request) text += part;
  return text === "" ? {} : (JSON.parse(text) as Record<string, unknown>);
}

async function serveFile(path: string, response: ServerResponse): Promise<void> {
  const root = new URL("../dist", import.meta.url).pathname;
  const name = extname(path) === "" ? "/index.html" : normalize(path);
  try {
    const data = await readFile(join(root, name));
    response.writeHead(200, {
      "Content-Type": TYPES[extname(name)] ?? "application/octet-stream",
      "Content-Security-Policy": CSP,
      "X-Content-Type-Options": "nosniff",
      "Referrer-Policy": "no-referrer",
    });
    response.end(data);
  } catch {
    response.writeHead(404).end();
  }
}

async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const url = new URL(request.url ?? "/", "http://mock");
  if (url.pathname === "/api/events") {
    response.writeHead(200, { "Content-Type": "text/event-stream", "Cache-Control": "no-store" });
    response.write(": hello\n\n");
    streams.add(response);
    response.on("close", () => streams.delete(response));
    return;
  }
  for (const [method, pattern, handler] of routes) {
    const match = request.method === method ? pattern.exec(url.pathname) : null;
    if (!match) continue;
    const json = (status: number, value: unknown) =>
      response.writeHead(status, { "Content-Type": "application/json" }).end(JSON.stringify(value));
    try {
      const answer = handler(match.slice(1).map(decodeURIComponent), await body(request), url.searchParams);
      if (answer === undefined) response.writeHead(204).end();
      else json(200, answer);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      json(error.status, { error_code: error.code, message: error.message, correlation_id: uuid(++serial) });
    }
    return;
  }
  if (url.pathname.startsWith("/api/")) response.writeHead(404).end();
  else await serveFile(url.pathname, response);
}

export async function start(port: number): Promise<void> {
  const server = createServer((request, response) => void handle(request, response));
  const sockets = new WebSocketServer({ noServer: true, perMessageDeflate: false });
  server.on("upgrade", (request, socket, head) => {
    if (request.url !== "/ws/viewer") socket.destroy();
    else sockets.handleUpgrade(request, socket, head, (ws) => serveSession(ws));
  });
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
}
