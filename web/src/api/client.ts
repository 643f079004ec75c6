// Requests with the access token, which lives in this module and nowhere else. The
// refresh cookie renews it: when the page loads, before it expires, and once on 401.

import { type Answer, type AnyWish, address, type Method, type Route, type WishArgs } from "./contract";
import type { ErrorBody, LoginResponse, User } from "./types";

/** What went wrong, as the server or the network says it. */
export class ApiError extends Error {
  constructor(
    /** 0 when the server could not be reached. */
    readonly status: number,
    readonly code: string,
    message: string,
    readonly correlationId: string,
    readonly retryAfterS: number | null,
  ) {
    super(message);
  }
}

export type AuthState = { phase: "loading" } | { phase: "signed-out" } | { phase: "signed-in"; user: User };

type Fetch = (input: string, init?: RequestInit) => Promise<Response>;
type Exclusive = <T>(work: () => Promise<T>) => Promise<T>;

/** Renews this long before the token expires. */
const EARLY_S = 45;
const REFRESH_HEADERS = { "X-GuruConnect": "1" };

/**
 * Tabs share the cookie, and an old one used twice ends the login: one at a time. Each
 * then sends the cookie that the one before has left. Locks exist wherever the cookie
 * does, which is in secure contexts.
 */
const oneTabAtATime: Exclusive = (work) =>
  typeof navigator !== "undefined" && navigator.locks
    ? (navigator.locks.request("guruconnect-refresh", work) as ReturnType<typeof work>)
    : work();

/** Whether a login may exist; the cookie itself cannot be seen from here. */
export interface LoginHint {
  get(): boolean;
  set(signedIn: boolean): void;
}

const HINT = "guruconnect.signed-in";
const storedHint: LoginHint = {
  get: () => {
    try {
      return localStorage.getItem(HINT) !== null;
    } catch {
      return true;
    }
  },
  set: (signedIn) => {
    try {
      if (signedIn) localStorage.setItem(HINT, "1");
      else localStorage.removeItem(HINT);
    } catch {
      // Without storage every visit asks the server.
    }
  },
};

export class ApiClient {
  private token: string | null = null;
  private auth: AuthState = { phase: "loading" };
  private refreshing: Promise<boolean> | null = null;
  private timer: ReturnType<typeof setTimeout> | null = null;
  private readonly listeners = new Set<() => void>();

  constructor(
    private readonly send: Fetch = (input, init) => fetch(input, init),
    private readonly exclusive: Exclusive = oneTabAtATime,
    private readonly hint: LoginHint = storedHint,
  ) {}

  readonly state = (): AuthState => this.auth;

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  /** Whether somebody is signed in, once that is known. */
  settled(): Promise<AuthState> {
    return new Promise((resolve) => {
      const look = () => {
        if (this.auth.phase === "loading") return false;
        resolve(this.auth);
        return true;
      };
      if (look()) return;
      const stop = this.subscribe(() => look() && stop());
    });
  }

  /** Takes over a login that the server has just granted. */
  accept(login: LoginResponse): void {
    this.token = login.access_token;
    if (this.timer !== null) clearTimeout(this.timer);
    const inMs = Math.max(5, login.expires_in_s - EARLY_S) * 1000;
    this.timer = setTimeout(() => void this.refresh(), inMs);
    this.hint.set(true);
    this.set({ phase: "signed-in", user: login.user });
  }

  forget(): void {
    this.token = null;
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
    this.hint.set(false);
    this.set({ phase: "signed-out" });
  }

  private set(state: AuthState): void {
    this.auth = state;
    for (const listener of this.listeners) listener();
  }

  /** For the start of a page: guests are not sent to ask for what they cannot have. */
  async resume(): Promise<void> {
    if (this.hint.get()) await this.refresh();
    else this.forget();
  }

  /** Whether the cookie still stands for a login. Calls at the same time share one. */
  refresh(): Promise<boolean> {
    this.refreshing ??= this.exclusive(() => this.renew()).finally(() => {
      this.refreshing = null;
    });
    return this.refreshing;
  }

  private async renew(): Promise<boolean> {
    try {
      const login = await this.request("POST", "/api/auth/refresh", {
        auth: false,
        headers: REFRESH_HEADERS,
      });
      this.accept(login);
      return true;
    } catch (error) {
      // Out of reach is not signed out: what is shown stays until the server answers.
      const answered = error instanceof ApiError && error.status !== 0 && error.status < 500;
      const tooMany = error instanceof ApiError && error.status === 429;
      if (answered && !tooMany) this.forget();
      else if (this.auth.phase === "loading") this.set({ phase: "signed-out" });
      else if (this.token !== null) this.timer = setTimeout(() => void this.refresh(), 5000);
      return false;
    }
  }

  async logout(): Promise<void> {
    try {
      await this.request("DELETE", "/api/auth/logout", { headers: REFRESH_HEADERS });
    } finally {
      this.forget();
    }
  }

  async request<M extends Method, P extends Route<M>>(
    method: M,
    route: P,
    ...[wish]: WishArgs<M, P>
  ): Promise<Answer<M, P>> {
    const response = await this.ask(method, route, wish);
    // The document is generated from the handlers, and this from the document.
    return (response.status === 204 ? undefined : await response.json()) as Answer<M, P>;
  }

  /** For streams: the answer before its body is read. */
  raw<M extends Method, P extends Route<M>>(
    method: M,
    route: P,
    ...[wish]: WishArgs<M, P>
  ): Promise<Response> {
    return this.ask(method, route, wish);
  }

  private async ask(method: Method, route: string, wish: AnyWish = {}): Promise<Response> {
    const path = address(route, wish);
    const withToken = wish.auth !== false;
    let response = await this.once(method, path, wish);
    if (response.status === 401 && withToken && (await this.refresh())) {
      response = await this.once(method, path, wish);
    }
    if (response.status === 401 && withToken && this.auth.phase === "signed-in") this.forget();
    if (!response.ok) throw await toError(response);
    return response;
  }

  private async once(method: Method, path: string, wish: AnyWish): Promise<Response> {
    const headers: Record<string, string> = { Accept: "application/json", ...wish.headers };
    if (wish.auth !== false && this.token !== null) headers.Authorization = `Bearer ${this.token}`;
    if (wish.body !== undefined) headers["Content-Type"] = "application/json";
    const init: RequestInit = { method, headers, credentials: "same-origin", cache: "no-store" };
    if (wish.body !== undefined) init.body = JSON.stringify(wish.body);
    if (wish.signal) init.signal = wish.signal;
    try {
      return await this.send(path, init);
    } catch (error) {
      if (wish.signal?.aborted) throw error;
      throw new ApiError(0, "unreachable", "The server cannot be reached. Check the connection.", "", null);
    }
  }
}

async function toError(response: Response): Promise<ApiError> {
  const retry = Number(response.headers.get("Retry-After"));
  const retryAfterS = Number.isFinite(retry) && retry > 0 ? retry : null;
  let body: Partial<ErrorBody> = {};
  try {
    body = (await response.json()) as Partial<ErrorBody>;
  } catch {
    // A proxy between may answer without our envelope; the status says enough.
  }
  return new ApiError(
    response.status,
    body.error_code ?? `http_${response.status}`,
    body.message ?? "The server could not carry this out.",
    body.correlation_id ?? response.headers.get("X-Correlation-Id") ?? "",
    retryAfterS,
  );
}

export const api = new ApiClient();
