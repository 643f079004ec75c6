// "Open in app": a one-time ticket in a link that starts the native viewer.

import { AppWindow } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import { viewerTicket } from "../api/actions";
import type { Access } from "../api/types";
import { Copyable } from "./copy";
import { Dialog } from "./dialog";
import { Loading, Problem } from "./states";

interface OpenInAppProps {
  open: boolean;
  onOpenChange(open: boolean): void;
  sessionId: string;
  access: Access;
}

export function OpenInApp({ open, onOpenChange, sessionId, access }: OpenInAppProps) {
  const [link, setLink] = useState<string | null>(null);
  const [problem, setProblem] = useState<unknown>(null);
  // A ticket is made for each opening, and only once.
  const asked = useRef(false);
  useEffect(() => {
    if (!open) {
      asked.current = false;
      setLink(null);
      setProblem(null);
      return;
    }
    if (asked.current) return;
    asked.current = true;
    viewerTicket(sessionId, access).then(
      (made) => {
        setLink(made.link);
        // The browser asks, or does nothing where no program takes the link.
        location.assign(made.link);
      },
      (error: unknown) => setProblem(error),
    );
  }, [open, sessionId, access]);
  return (
    <Dialog
      open={open}
      onOpenChange={onOpenChange}
      title="Open in app"
      description="The program opens when it is installed here. It asks before it connects."
      testId="open-in-app"
    >
      <div className="form">
        {problem !== null ? (
          <Problem error={problem} />
        ) : link === null ? (
          <Loading label="Making a ticket" />
        ) : (
          <>
            <Copyable text={link} label="Copy link" testId="app-link" buttonTestId="copy-app-link" />
            <p className="muted">
              The link works once, within a minute. Nothing opens? Run once:{" "}
              <code>guruconnect view --register --server {location.origin}</code>
            </p>
          </>
        )}
      </div>
    </Dialog>
  );
}

/** A button that opens it. */
export function OpenInAppButton({
  sessionId,
  access,
  disabled,
}: {
  sessionId: string;
  access: Access;
  disabled?: boolean;
}) {
  const [open, setOpen] = useState(false);
  return (
    <>
      <button
        type="button"
        className="button"
        disabled={disabled}
        data-testid="open-in-app-button"
        onClick={() => setOpen(true)}
      >
        <AppWindow size={14} aria-hidden /> Open in app
      </button>
      <OpenInApp open={open} onOpenChange={setOpen} sessionId={sessionId} access={access} />
    </>
  );
}
