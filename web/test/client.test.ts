import { describe, expect, it, vi } from "vitest";
import { ApiClient, ApiError, type LoginHint } from "../src/api/client";

const user = {
  id: "u",
  username: "ada",
  display_name: "Ada",
  role: "admin",
  permissions: [],
  disabled: false,
  created_ms: 0,
  last_login_ms: null,
};

/** A server that knows one valid access token and how many refreshes it has left. */
function server(refreshes: number) {
  let valid = "";
  let serial = 0;
  const calls: string[] = [];
  const json = (status: number, body: unknown, headers = {}) =>
    new Response(JSON.stringify(body), { status, headers });
  const refused = (code: string, status: number, headers = {}) =>
    json(status, { error_code: code, message: "No.", correlation_id: "c-1" }, headers);
  const send = async (path: string, init?: RequestInit) => {
    const headers = init?.headers as Record<string, string>;
    calls.push(`${init?.method} ${path}`);
    if (path === "/api/auth/refresh") {
      if (headers["X-GuruConnect"] !== "1") return refused("header_missing", 403);
      if (refreshes-- <= 0) return refused("login_expired", 401);
      valid = `t${++serial}`;
      return json(200, { access_token: valid, expires_in_s: 600, user });
    }
    if (path === "/limited") return refused("rate_limited", 429, { "Retry-After": "7" });
    if (path === "/down") throw new TypeError("failed to fetch");
    if (headers.Authorization !== `Bearer ${valid}`) return refused("unauthorized", 401);
    return path === "/none" ? new Response(null, { status: 204 }) : json(200, { ok: true });
  };
  return { send, calls, expire: () => (valid = "gone") };
}
function hint(known: boolean): LoginHint & { known: boolean } {
  return {
    known,
    get() {
      return this.known;
    },
    set(signedIn) {
      this.known = signedIn;
    },
  };
}
const alone = <T>(work: () => Promise<T>) => work();

describe("API client", () => {
  it("signs in by the cookie and sends the token", async () => {
    const { send } = server(1);
    const client = new ApiClient(send, alone, hint(true));
    expect(client.state().phase).toBe("loading");
    expect(await client.refresh()).toBe(true);
    expect(client.state()).toEqual({ phase: "signed-in", user });
    expect(await client.request("GET", "/thing")).toEqual({ ok: true });
    expect(await client.request("GET", "/none")).toBeUndefined();
    client.forget();
  });

  it("asks nothing for a guest, and remembers a login", async () => {
    const { send, calls } = server(1);
    const known = hint(false);
    const client = new ApiClient(send, alone, known);
    await client.resume();
    expect(client.state().phase).toBe("signed-out");
    expect(calls).toEqual([]);
    await client.refresh();
    expect(known.known).toBe(true);
    client.forget();
    expect(known.known).toBe(false);
  });

  it("renews once on 401, for all requests together", async () => {
    const { send, calls, expire } = server(2);
    const client = new ApiClient(send, alone, hint(true));
    await client.refresh();
    expire();
    const answers = await Promise.all([1, 2, 3].map(() => client.request("GET", "/thing")));
    expect(answers).toEqual([{ ok: true }, { ok: true }, { ok: true }]);
    expect(calls.filter((call) => call.includes("refresh"))).toHaveLength(2);
    client.forget();
  });

  it("is signed out when it cannot be renewed, and does not try for ever", async () => {
    const { send, calls, expire } = server(1);
    const client = new ApiClient(send, alone, hint(true));
    await client.refresh();
    expire();
    await expect(client.request("GET", "/thing")).rejects.toMatchObject({
      status: 401,
      correlationId: "c-1",
    });
    expect(client.state().phase).toBe("signed-out");
    expect(calls).toEqual(["POST /api/auth/refresh", "GET /thing", "POST /api/auth/refresh"]);
  });

  it("stays signed in while the server is out of reach", async () => {
    const { send } = server(1);
    let down = false;
    const client = new ApiClient(
      (path, init) => (down ? Promise.reject(new TypeError()) : send(path, init)),
      alone,
      hint(true),
    );
    await client.refresh();
    down = true;
    expect(await client.refresh()).toBe(false);
    expect(client.state().phase).toBe("signed-in");
    client.forget();
  });

  it("renews before the token expires", async () => {
    vi.useFakeTimers();
    const { send, calls } = server(5);
    const client = new ApiClient(send, alone, hint(true));
    await client.refresh();
    await vi.advanceTimersByTimeAsync(554_000);
    expect(calls).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(2_000);
    expect(calls).toHaveLength(2);
    client.forget();
    await vi.advanceTimersByTimeAsync(2_000_000);
    expect(calls).toHaveLength(2);
    vi.useRealTimers();
  });

  it("tells refusals with their code and when to come back", async () => {
    const { send } = server(1);
    const client = new ApiClient(send, alone, hint(true));
    await expect(client.request("GET", "/limited", { auth: false })).rejects.toEqual(
      new ApiError(429, "rate_limited", "No.", "c-1", 7),
    );
    await expect(client.request("GET", "/down", { auth: false })).rejects.toMatchObject({
      code: "unreachable",
      status: 0,
    });
  });
});
