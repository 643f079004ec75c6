import { afterEach, describe, expect, it, vi } from "vitest";
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
    if (path === "/api/settings") return refused("rate_limited", 429, { "Retry-After": "7" });
    if (path === "/api/version") throw new TypeError("failed to fetch");
    if (headers.Authorization !== `Bearer ${valid}`) return refused("unauthorized", 401);
    return init?.method === "DELETE" ? new Response(null, { status: 204 }) : json(200, { ok: true });
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

/**
 * The tabs of one browser: a shared cookie, which the server replaces with each refresh
 * and takes as stolen when it sees an old one; and locks as the Web Locks API has them.
 */
function tabs() {
  let cookie = 0;
  let newest = 0;
  let underWay = 0;
  let overlapped = false;
  let revoked = false;
  const send = async (_: string, init?: RequestInit) => {
    const sent = cookie;
    expect(init?.method).toBe("POST");
    overlapped ||= underWay > 0;
    underWay += 1;
    await Promise.resolve();
    revoked ||= sent !== newest;
    if (!revoked) newest += 1;
    const mine = newest;
    await Promise.resolve();
    underWay -= 1;
    if (revoked) return new Response(JSON.stringify({ error_code: "login_revoked" }), { status: 401 });
    cookie = mine;
    return new Response(JSON.stringify({ access_token: `t${mine}`, expires_in_s: 600, user }));
  };
  const names: string[] = [];
  let last: Promise<unknown> = Promise.resolve();
  const request = <T>(name: string, work: () => Promise<T>): Promise<T> => {
    names.push(name);
    const turn = last.then(work);
    last = turn.catch(() => undefined);
    return turn;
  };
  return { send, names, locks: { request }, overlapped: () => overlapped, revoked: () => revoked };
}

const alone = <T>(work: () => Promise<T>) => work();

afterEach(() => void vi.unstubAllGlobals());

describe("API client", () => {
  it("signs in by the cookie and sends the token", async () => {
    const { send } = server(1);
    const client = new ApiClient(send, alone, hint(true));
    expect(client.state().phase).toBe("loading");
    expect(await client.refresh()).toBe(true);
    expect(client.state()).toEqual({ phase: "signed-in", user });
    expect(await client.request("GET", "/api/auth/me")).toEqual({ ok: true });
    expect(await client.request("DELETE", "/api/users/{id}", { path: { id: "u" } })).toBeUndefined();
    client.forget();
  });

  it("refreshes in one tab at a time, each with the cookie of the one before", async () => {
    const browser = tabs();
    vi.stubGlobal("navigator", { locks: browser.locks });
    const open = () => new ApiClient(browser.send, undefined, hint(true));
    const clients = [open(), open(), open()];
    expect(await Promise.all(clients.map((client) => client.refresh()))).toEqual([true, true, true]);
    expect(browser.overlapped()).toBe(false);
    expect(browser.revoked()).toBe(false);
    expect(browser.names).toEqual(Array(3).fill("guruconnect-refresh"));
    for (const client of clients) client.forget();
  });

  it("gives the turn on when a refresh fails", async () => {
    const browser = tabs();
    vi.stubGlobal("navigator", { locks: browser.locks });
    const broken = new ApiClient(() => Promise.reject(new TypeError()), undefined, hint(true));
    const client = new ApiClient(browser.send, undefined, hint(true));
    expect(await Promise.all([broken.refresh(), client.refresh()])).toEqual([false, true]);
    client.forget();
  });

  it("would lose the login if two tabs refreshed at once", async () => {
    const browser = tabs();
    const clients = [1, 2].map(() => new ApiClient(browser.send, alone, hint(true)));
    expect(await Promise.all(clients.map((client) => client.refresh()))).toContain(false);
    expect(browser.revoked()).toBe(true);
    for (const client of clients) client.forget();
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
    const answers = await Promise.all([1, 2, 3].map(() => client.request("GET", "/api/auth/me")));
    expect(answers).toEqual([{ ok: true }, { ok: true }, { ok: true }]);
    expect(calls.filter((call) => call.includes("refresh"))).toHaveLength(2);
    client.forget();
  });

  it("is signed out when it cannot be renewed, and does not try for ever", async () => {
    const { send, calls, expire } = server(1);
    const client = new ApiClient(send, alone, hint(true));
    await client.refresh();
    expire();
    await expect(client.request("GET", "/api/auth/me")).rejects.toMatchObject({
      status: 401,
      correlationId: "c-1",
    });
    expect(client.state().phase).toBe("signed-out");
    expect(calls).toEqual(["POST /api/auth/refresh", "GET /api/auth/me", "POST /api/auth/refresh"]);
  });

  it("tells whether somebody is signed in as soon as that is known", async () => {
    const { send } = server(1);
    const client = new ApiClient(send, alone, hint(true));
    let told = "";
    const waiting = client.settled().then((auth) => {
      told = auth.phase;
    });
    await Promise.resolve();
    expect(told).toBe("");
    await client.resume();
    await waiting;
    expect(told).toBe("signed-in");
    client.forget();
    expect((await client.settled()).phase).toBe("signed-out");
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
    await expect(client.request("GET", "/api/settings", { auth: false })).rejects.toEqual(
      new ApiError(429, "rate_limited", "No.", "c-1", 7),
    );
    await expect(client.request("GET", "/api/version", { auth: false })).rejects.toMatchObject({
      code: "unreachable",
      status: 0,
    });
  });
});
