import { Eye, Play, Plus, Square } from "lucide-react";
import { useEffect, useState } from "react";
import { endSession } from "../api/actions";
import { useChange, useSessions } from "../api/queries";
import type { Session } from "../api/types";
import { may, useUser } from "../app/auth";
import { Confirm } from "../ui/dialog";
import { TextField } from "../ui/field";
import { OpenInAppButton } from "../ui/open-in-app";
import { Empty, Failure, Loading } from "../ui/states";
import { Ago, Lasting } from "../ui/time";
import { tell } from "../ui/toast";
import { ConsentBadge } from "./consent-badge";
import { joinSession } from "./launch";

export function SessionsPage() {
  const [state, setState] = useState<Session["state"]>("live");
  const sessions = useSessions(state);
  const [ending, setEnding] = useState<Session | null>(null);
  const [note, setNote] = useState("");
  const end = useChange(
    ({ id, text }: { id: string; text: string }) => endSession(id, text),
    "sessions",
    "machines",
  );

  useEffect(() => {
    document.title = "Sessions · GuruConnect";
  }, []);

  return (
    <section className="page">
      <div className="pane-head">
        <h1>Sessions</h1>
        <span className="grow" />
        <fieldset className="switch" aria-label="Which sessions">
          {(["live", "ended"] as const).map((name) => (
            <button
              key={name}
              type="button"
              className="button small"
              aria-pressed={state === name}
              onClick={() => setState(name)}
            >
              {name === "live" ? "Live" : "Ended"}
            </button>
          ))}
        </fieldset>
      </div>
      {sessions.isPending ? (
        <Loading label="Loading sessions" />
      ) : sessions.isError ? (
        <Failure error={sessions.error} what="the sessions" retry={() => void sessions.refetch()} />
      ) : sessions.data.items.length === 0 ? (
        <Empty
          title={state === "live" ? "No live sessions" : "No session has ended yet"}
          action={
            <a className="button" href="/machines">
              <Plus size={15} aria-hidden /> Join a machine
            </a>
          }
        >
          A session starts when you join a machine, or when somebody uses a support code.
        </Empty>
      ) : (
        <ul className="cards">
          {sessions.data.items.map((session) => (
            <SessionCard key={session.id} session={session} onEnd={() => setEnding(session)} />
          ))}
        </ul>
      )}
      <Confirm
        open={ending !== null}
        onOpenChange={(open) => !open && setEnding(null)}
        title={`End the session with ${ending?.machine_name ?? ""}?`}
        action="End 1 session"
        run={async () => {
          if (!ending) return;
          await end.mutateAsync({ id: ending.id, text: note.trim() });
          tell("Session ended");
          setNote("");
        }}
      >
        <div className="form">
          <p>Everyone in it is disconnected.</p>
          <TextField
            label="Note"
            hint="Optional; kept in the audit"
            maxLength={500}
            value={note}
            onChange={(event) => setNote(event.target.value)}
          />
        </div>
      </Confirm>
    </section>
  );
}

function SessionCard({ session, onEnd }: { session: Session; onEnd(): void }) {
  const user = useUser();
  const control = may(user, "control");
  const closed = session.consent_state === "pending" || session.consent_state === "denied";
  const live = session.state === "live";
  return (
    <li className="card" data-testid="session-row" data-session-id={session.id} data-state={session.state}>
      <div className="card-main">
        <div className="card-title">
          <h2 className="truncate">{session.machine_name || "Waiting for the machine"}</h2>
          <span className="badge">{session.kind}</span>
          {session.is_managed && session.source === "gururmm" && <span className="badge">GuruRMM</span>}
          <ConsentBadge state={session.consent_state} />
          {live && (
            <span className={session.agent_online ? "badge good" : "badge bad"}>
              {session.agent_online ? "● online" : "○ offline"}
            </span>
          )}
        </div>
        <p className="muted">
          {session.technician}
          {session.company && ` of ${session.company}`}
          {session.ticket && ` · ticket ${session.ticket}`}
          {live ? (
            <>
              {" · "}
              <Lasting since={session.created_ms} /> · {session.kbps.toLocaleString()} kbit/s
            </>
          ) : (
            <>
              {" · ended "}
              <Ago at={session.ended_ms} />
              {session.ended_ms !== null && (
                <>
                  {" after "}
                  <Lasting since={session.created_ms} until={session.ended_ms} />
                </>
              )}
            </>
          )}
        </p>
        {session.end_cause && <p className="muted">{session.end_cause.sentence}</p>}
        {session.viewers.length > 0 && (
          <p>
            {session.viewers.map((viewer) => (
              <span key={viewer.participant} className={viewer.in_control ? "badge good" : "badge"}>
                {viewer.name}
                {viewer.in_control && " · control"}
              </span>
            ))}
          </p>
        )}
      </div>
      {live && (
        <div className="actions">
          {control && (
            <button
              type="button"
              className="button"
              disabled={closed}
              data-testid="join-session"
              onClick={() => void joinSession(session.id, "control")}
            >
              <Play size={14} aria-hidden /> Join
            </button>
          )}
          <button
            type="button"
            className="button"
            disabled={closed}
            data-testid="watch-session"
            onClick={() => void joinSession(session.id, "view_only")}
          >
            <Eye size={14} aria-hidden /> Watch
          </button>
          <OpenInAppButton
            sessionId={session.id}
            access={control ? "control" : "view_only"}
            disabled={closed}
          />
          {control && (
            <button type="button" className="button danger" data-testid="end-session" onClick={onEnd}>
              <Square size={13} aria-hidden /> End…
            </button>
          )}
        </div>
      )}
    </li>
  );
}
