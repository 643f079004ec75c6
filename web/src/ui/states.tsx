// The four states that every screen has besides its content.

import { CircleAlert, Lock } from "lucide-react";
import type { ReactNode } from "react";
import { ApiError } from "../api/client";
import { CopyButton } from "./copy";

export function Loading({ label = "Loading" }: { label?: string }) {
  return (
    <div className="skeleton" role="status" aria-label={label} data-testid="state-loading">
      <span />
      <span />
      <span />
      <span />
      <span />
    </div>
  );
}

export function Empty({
  title,
  children,
  action,
}: {
  title: string;
  children?: ReactNode;
  action?: ReactNode;
}) {
  return (
    <div className="state" data-testid="state-empty">
      <h2>{title}</h2>
      {children && <p>{children}</p>}
      {action}
    </div>
  );
}

export function Forbidden({ what }: { what: string }) {
  return (
    <div className="state" data-testid="state-forbidden">
      <Lock size={22} aria-hidden />
      <h2>You may not see {what}</h2>
      <p>Your role does not include it. An administrator can give you the permission under Users.</p>
    </div>
  );
}

interface ErrorFacts {
  sentence: string;
  code: string;
  details: string;
}

/** What a person is shown, and what they can hand on, about any failure. */
export function errorFacts(error: unknown): ErrorFacts {
  if (error instanceof ApiError) {
    const wait = error.retryAfterS === null ? "" : ` Try again in ${error.retryAfterS} s.`;
    return {
      sentence: error.message + wait,
      code: error.code,
      details: [
        `code: ${error.code}`,
        `status: ${error.status}`,
        `correlation id: ${error.correlationId || "none"}`,
        `time: ${new Date().toISOString()}`,
        `page: ${location.pathname}`,
      ].join("\n"),
    };
  }
  const text = error instanceof Error ? error.message : String(error);
  return {
    sentence: "Something went wrong in this page. Reload it.",
    code: "page_error",
    details: `code: page_error\nmessage: ${text}\npage: ${location.pathname}`,
  };
}

/** A failure inside a form or dialog. */
export function Problem({ error, testId }: { error: unknown; testId?: string }) {
  const { sentence, code, details } = errorFacts(error);
  return (
    <div className="notice" role="alert" data-testid={testId}>
      <p>{sentence}</p>
      <div className="actions">
        <code className="muted">{code}</code>
        <CopyButton text={details} label="Copy details" small />
      </div>
    </div>
  );
}

/** A failure in place of a screen. */
export function Failure({ error, retry, what }: { error: unknown; retry?: () => void; what: string }) {
  if (error instanceof ApiError && error.status === 403) return <Forbidden what={what} />;
  const { sentence, code, details } = errorFacts(error);
  return (
    <div className="state" role="alert" data-testid="state-error">
      <CircleAlert size={22} aria-hidden />
      <h2>{sentence}</h2>
      <code>{code}</code>
      <div className="actions">
        {retry && (
          <button type="button" className="button" onClick={retry}>
            Try again
          </button>
        )}
        <CopyButton text={details} label="Copy details" />
      </div>
    </div>
  );
}
