import { ArrowRight, ChevronRight, CircleCheck, CircleSlash } from "lucide-react";
import { useState } from "react";
import type { AuditEvent } from "../api/types";
import { CopyButton } from "../ui/copy";
import { Ago } from "../ui/time";

/** "session_opened" as "session opened". */
export function actionWords(action: string): string {
  return action.replaceAll("_", " ").replaceAll(".", " ");
}

export function AuditList({ events, compact }: { events: AuditEvent[]; compact?: boolean }) {
  return (
    <ol className={compact ? "timeline compact" : "timeline"}>
      {events.map((event) => (
        <Entry key={event.id} event={event} />
      ))}
    </ol>
  );
}

function Entry({ event }: { event: AuditEvent }) {
  const [open, setOpen] = useState(false);
  const refused = event.outcome === "refused";
  return (
    <li className="timeline-event" data-testid="audit-event" data-action={event.action}>
      <button type="button" className="timeline-line" aria-expanded={open} onClick={() => setOpen(!open)}>
        <span className={refused ? "timeline-mark refused" : "timeline-mark"}>
          {refused ? (
            <CircleSlash size={15} aria-label="refused" />
          ) : (
            <CircleCheck size={15} aria-label="ok" />
          )}
        </span>
        <span className="timeline-text">
          <b>{event.actor_name || event.actor_kind}</b>
          <ArrowRight size={12} aria-hidden />
          <span>{actionWords(event.action)}</span>
          {event.target_name && (
            <>
              <ArrowRight size={12} aria-hidden />
              <span>{event.target_name}</span>
            </>
          )}
          {refused && <span className="badge bad">refused</span>}
        </span>
        <span className="timeline-when muted">
          <Ago at={event.at_ms} />
        </span>
        <ChevronRight size={14} className={open ? "chevron open" : "chevron"} aria-hidden />
      </button>
      {open && (
        <div className="timeline-raw">
          <pre>{JSON.stringify(event, null, 2)}</pre>
          <CopyButton text={JSON.stringify(event)} label="Copy" small />
        </div>
      )}
    </li>
  );
}
