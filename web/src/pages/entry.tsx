// Set-up and login: the two ways in.

import { useNavigate, useSearch } from "@tanstack/react-router";
import { type FormEvent, type ReactNode, useEffect, useState } from "react";
import { login, setUp } from "../api/actions";
import { useVersion } from "../api/queries";
import { useAuth } from "../app/auth";
import { Brand } from "../app/brand";
import { TextField } from "../ui/field";
import { Problem } from "../ui/states";

export const LEAST_PASSWORD = 12;

/** Only a place within this application. */
export function safeNext(next: unknown): string {
  return typeof next === "string" && /^\/(?![/\\])/.test(next) ? next : "/machines";
}

function EntryFrame({ title, children }: { title: string; children: ReactNode }) {
  useEffect(() => {
    document.title = `${title} · GuruConnect`;
  }, [title]);
  return (
    <main className="entry">
      <Brand />
      <section className="entry-card">
        <h1>{title}</h1>
        {children}
      </section>
    </main>
  );
}

export function LoginPage() {
  const auth = useAuth();
  const navigate = useNavigate();
  const { next } = useSearch({ strict: false });
  const version = useVersion();
  const [username, setUsername] = useState("");
  const [password, setPassword] = useState("");
  const [problem, setProblem] = useState<unknown>(null);
  const [busy, setBusy] = useState(false);

  useEffect(() => {
    if (auth.phase === "signed-in") void navigate({ href: safeNext(next), replace: true });
  }, [auth.phase, navigate, next]);

  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setBusy(true);
    setProblem(null);
    try {
      await login(username, password);
    } catch (error) {
      setProblem(error);
      setPassword("");
    } finally {
      setBusy(false);
    }
  };
  return (
    <EntryFrame title="Sign in">
      {version.data?.setup_required && (
        <p className="notice warn">
          This server has no administrator yet. Open the set-up address that it printed when it started.
        </p>
      )}
      <form className="form" onSubmit={(event) => void submit(event)} data-testid="login-form">
        <TextField
          label="User name"
          name="username"
          autoComplete="username"
          autoCapitalize="none"
          required
          value={username}
          onChange={(event) => setUsername(event.target.value)}
        />
        <TextField
          label="Password"
          name="password"
          type="password"
          autoComplete="current-password"
          required
          value={password}
          onChange={(event) => setPassword(event.target.value)}
        />
        {problem !== null && <Problem error={problem} testId="login-error" />}
        <button type="submit" className="button primary" disabled={busy} data-testid="login-submit">
          {busy ? "Signing in…" : "Sign in"}
        </button>
      </form>
      <a className="entry-aside" href="/">
        I was given a support code
      </a>
    </EntryFrame>
  );
}

export function SetupPage() {
  const auth = useAuth();
  const navigate = useNavigate();
  const [form, setForm] = useState({
    token: decodeURIComponent(location.hash.slice(1)),
    username: "",
    display_name: "",
    password: "",
    again: "",
  });
  const [problem, setProblem] = useState<unknown>(null);
  const [busy, setBusy] = useState(false);

  useEffect(() => {
    // The token is in the form now; an address is copied and logged too easily.
    if (location.hash !== "") history.replaceState(history.state, "", location.pathname);
  }, []);
  useEffect(() => {
    if (auth.phase === "signed-in") void navigate({ to: "/machines", replace: true });
  }, [auth.phase, navigate]);

  const put = (name: keyof typeof form) => (event: { target: { value: string } }) =>
    setForm((before) => ({ ...before, [name]: event.target.value }));
  const short = form.password !== "" && form.password.length < LEAST_PASSWORD;
  const differs = form.again !== "" && form.again !== form.password;

  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setBusy(true);
    setProblem(null);
    const { again: _, ...body } = form;
    try {
      await setUp(body);
    } catch (error) {
      setProblem(error);
    } finally {
      setBusy(false);
    }
  };
  return (
    <EntryFrame title="Set up GuruConnect">
      <p className="muted">
        This creates the first administrator. The server printed a set-up token when it started; the address
        it printed fills it in.
      </p>
      <form className="form" onSubmit={(event) => void submit(event)} data-testid="setup-form">
        <TextField
          label="Set-up token"
          autoComplete="off"
          spellCheck={false}
          required
          value={form.token}
          onChange={put("token")}
        />
        <TextField
          label="User name"
          hint="For signing in"
          autoComplete="username"
          autoCapitalize="none"
          required
          value={form.username}
          onChange={put("username")}
        />
        <TextField
          label="Your name"
          hint="End users see it when you ask to connect"
          autoComplete="name"
          required
          value={form.display_name}
          onChange={put("display_name")}
        />
        <TextField
          label="Password"
          type="password"
          autoComplete="new-password"
          required
          minLength={LEAST_PASSWORD}
          hint={`At least ${LEAST_PASSWORD} characters`}
          problem={short ? `At least ${LEAST_PASSWORD} characters.` : null}
          value={form.password}
          onChange={put("password")}
        />
        <TextField
          label="Repeat password"
          type="password"
          autoComplete="new-password"
          required
          problem={differs ? "The passwords differ." : null}
          value={form.again}
          onChange={put("again")}
        />
        {problem !== null && <Problem error={problem} testId="setup-error" />}
        <button
          type="submit"
          className="button primary"
          disabled={busy || short || form.again !== form.password}
          data-testid="setup-submit"
        >
          Create administrator
        </button>
      </form>
    </EntryFrame>
  );
}
