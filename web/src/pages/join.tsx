import { useQuery } from "@tanstack/react-query";
import { CircleCheck, CircleX, LoaderCircle, ShieldCheck, Terminal } from "lucide-react";
import { type FormEvent, type ReactNode, useEffect, useId, useRef, useState } from "react";
import { codeProgress, validateCode } from "../api/actions";
import { ApiError } from "../api/client";
import { useVersion } from "../api/queries";
import type { CodeAnswer, CodeProgress } from "../api/types";
import { Brand } from "../app/brand";
import "../styles/join.css";
import { Copyable } from "../ui/copy";
import { Problem } from "../ui/states";
import { formatCode, hintFor, LENGTH, readCode } from "./support-code";

const POLL_MS = 3000;

export function JoinPage({ code }: { code?: string }) {
  const version = useVersion();
  const [symbols, setSymbols] = useState(() => readCode(code ?? "").symbols);
  const [hint, setHint] = useState(() => (code ? hintFor(readCode(code)) : null));
  const [answer, setAnswer] = useState<CodeAnswer | null>(null);
  const [problem, setProblem] = useState<unknown>(null);
  const [busy, setBusy] = useState(false);
  const started = useRef(false);

  useEffect(() => {
    document.title = "Get help · GuruConnect";
  }, []);

  const check = async (wanted: string) => {
    setBusy(true);
    setProblem(null);
    try {
      setAnswer(await validateCode(formatCode(wanted)));
    } catch (error) {
      setProblem(error);
    } finally {
      setBusy(false);
    }
  };

  useEffect(() => {
    if (code === undefined || started.current) return;
    started.current = true;
    const reading = readCode(code);
    if (reading.symbols.length === LENGTH && reading.stranger === null) void check(reading.symbols);
  });

  const typed = (text: string) => {
    const reading = readCode(text);
    setSymbols(reading.symbols);
    setHint(hintFor(reading));
    setProblem(null);
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (symbols.length === LENGTH) void check(symbols);
    else setHint(`A code has nine characters; ${LENGTH - symbols.length} more to come.`);
  };

  return (
    <div className="join">
      <header className="join-head">
        <Brand company={version.data?.company} />
      </header>
      <main className="join-main">
        {answer ? (
          <Steps answer={answer} code={formatCode(symbols)} onOther={() => setAnswer(null)} />
        ) : (
          <CodeForm
            symbols={symbols}
            hint={hint}
            problem={problem}
            busy={busy}
            onType={typed}
            onSubmit={submit}
          />
        )}
      </main>
      <footer className="join-foot">
        <a href="/login" data-testid="sign-in-link">
          Technician sign-in
        </a>
      </footer>
    </div>
  );
}

interface CodeFormProps {
  symbols: string;
  hint: string | null;
  problem: unknown;
  busy: boolean;
  onType(text: string): void;
  onSubmit(event: FormEvent): void;
}

function CodeForm({ symbols, hint, problem, busy, onType, onSubmit }: CodeFormProps) {
  const id = useId();
  return (
    <form className="join-form" onSubmit={onSubmit}>
      <label htmlFor={id}>
        <h1>Enter your support code</h1>
        <p className="muted">Your technician gives it to you: nine letters and digits.</p>
      </label>
      <input
        id={id}
        className="join-code"
        data-testid="join-code"
        value={formatCode(symbols)}
        onChange={(event) => onType(event.target.value)}
        placeholder="ABC-DEF-GH2"
        inputMode="text"
        autoComplete="off"
        autoCapitalize="characters"
        autoCorrect="off"
        spellCheck={false}
        // biome-ignore lint/a11y/noAutofocus: the page has this one field and nothing else to do
        autoFocus
        aria-invalid={hint !== null || problem !== null}
        aria-describedby={`${id}-more`}
      />
      <div id={`${id}-more`} className="join-more" aria-live="polite">
        {hint !== null && (
          <p className="join-hint" data-testid="join-hint">
            {hint}
          </p>
        )}
        {hint === null && problem !== null && <WrongCode error={problem} />}
      </div>
      <button type="submit" className="button primary join-submit" disabled={busy} data-testid="join-submit">
        {busy ? "Checking…" : "Connect"}
      </button>
      <ul className="join-assure">
        <li>
          <ShieldCheck size={18} aria-hidden /> Nothing starts before you allow it on your own screen.
        </li>
        <li>
          <CircleX size={18} aria-hidden /> You can end it at any time with the Stop button.
        </li>
      </ul>
      <span data-testid="join-state" data-state={problem === null ? "enter" : "wrong"} />
    </form>
  );
}

/** One answer for wrong, used, cancelled and expired: none may be told from another. */
function WrongCode({ error }: { error: unknown }) {
  const code = error instanceof ApiError ? error.code : "";
  if (code !== "code_unknown" && code !== "code_malformed")
    return <Problem error={error} testId="join-error" />;
  return (
    <p className="join-hint" role="alert" data-testid="join-error">
      This code is not valid any more or was mistyped. Check it with your technician, or ask for a new one.
    </p>
  );
}

const SYSTEMS = [
  ["linux", "Linux"],
  ["windows", "Windows"],
  ["mac", "macOS"],
] as const;
type System = (typeof SYSTEMS)[number][0];

function thisSystem(): System {
  if (/windows/i.test(navigator.userAgent)) return "windows";
  return /mac os|iphone|ipad/i.test(navigator.userAgent) ? "mac" : "linux";
}

const PROGRESS: Record<CodeProgress["state"], { icon: typeof CircleCheck; title: string; text: string }> = {
  waiting: {
    icon: LoaderCircle,
    title: "Waiting for the support program",
    text: "This page notices by itself when it runs.",
  },
  connected: {
    icon: ShieldCheck,
    title: "Connected. Now it is up to you",
    text: "A window on your screen asks whether the technician may connect. Choose Allow, View only or Decline.",
  },
  granted: {
    icon: CircleCheck,
    title: "Your technician is connected",
    text: "A small bar stays on your screen for as long as it lasts. Stop ends it at once.",
  },
  denied: {
    icon: CircleX,
    title: "You declined",
    text: "Nobody has seen anything. Ask for a new code if you change your mind.",
  },
  ended: {
    icon: CircleCheck,
    title: "The session is over",
    text: "Nobody is connected any more, and the support program removed itself. You can close this page.",
  },
};

function Steps({ answer, code, onOther }: { answer: CodeAnswer; code: string; onOther(): void }) {
  const [system, setSystem] = useState<System>(thisSystem);
  const progress = useQuery({
    queryKey: ["join", code],
    queryFn: () => codeProgress(code),
    refetchInterval: ({ state }) =>
      state.data?.state === "ended" || state.data?.state === "denied" ? false : POLL_MS,
    retry: false,
  });
  const gone = progress.error instanceof ApiError && progress.error.status === 404;
  const state = gone ? "ended" : (progress.data?.state ?? "waiting");
  const step = state === "waiting" ? 1 : state === "connected" ? 2 : 3;
  const shown = PROGRESS[state];
  const Icon = shown.icon;
  return (
    <section className="join-steps">
      <div className="join-who" data-testid="join-who">
        <span className="muted">You will be helped by</span>
        <strong>{answer.technician}</strong>
        <span>{answer.company}</span>
      </div>

      <div className={`join-progress ${state}`} role="status" data-testid="join-state" data-state={state}>
        <Icon size={22} aria-hidden />
        <div>
          <h1>{shown.title}</h1>
          <p className="muted">{shown.text}</p>
        </div>
      </div>

      {state !== "ended" && state !== "denied" && (
        <ol className="join-list">
          <Step number={1} current={step} title="Start the support program">
            <fieldset className="join-systems" aria-label="Your computer">
              {SYSTEMS.map(([name, label]) => (
                <button
                  key={name}
                  type="button"
                  className="button small"
                  aria-pressed={system === name}
                  onClick={() => setSystem(name)}
                >
                  {label}
                </button>
              ))}
            </fieldset>
            {system === "linux" && answer.commands.linux ? (
              <>
                <p>
                  <Terminal size={16} aria-hidden /> Open a terminal, paste this line and press Enter. It
                  needs no administrator rights and installs nothing.
                </p>
                <Copyable
                  text={answer.commands.linux}
                  label="Copy"
                  testId="join-command"
                  buttonTestId="copy-join-command"
                />
              </>
            ) : (
              <p data-testid="join-unavailable">
                The support program for {SYSTEMS.find(([name]) => name === system)?.[1]} is not available yet.
                Tell your technician; they can help you another way.
              </p>
            )}
          </Step>
          <Step number={2} current={step} title="Answer the question on your screen">
            <p>
              It names {answer.technician} of {answer.company}. <b>Allow</b> lets them see your screen and use
              mouse and keyboard; <b>View only</b> lets them only look.
            </p>
          </Step>
          <Step number={3} current={step} title="Stop whenever you like">
            <p>Press Stop in the small bar on your screen. The program then removes itself.</p>
          </Step>
        </ol>
      )}
      {step === 1 && (
        <button type="button" className="button plain" onClick={onOther}>
          This is not who I expected: use another code
        </button>
      )}
    </section>
  );
}

interface StepProps {
  number: number;
  current: number;
  title: string;
  children: ReactNode;
}

function Step({ number, current, title, children }: StepProps) {
  const state = number < current ? "done" : number === current ? "now" : "later";
  return (
    <li className={`join-step ${state}`} aria-current={state === "now" ? "step" : undefined}>
      <span className="join-number" aria-hidden="true">
        {state === "done" ? "✓" : number}
      </span>
      <div>
        <h2>{title}</h2>
        {state !== "done" && children}
      </div>
    </li>
  );
}
