import { useEffect, useRef, useState } from "react";
import { useAudit, useUsers } from "../api/queries";
import { may, useUser } from "../app/auth";
import { Empty, Failure, Loading } from "../ui/states";
import { AuditList, actionWords } from "./audit-list";
import { FileTransfers } from "./file-transfers";

export function AuditPage() {
  const [tab, setTab] = useState<"events" | "files">("events");

  useEffect(() => {
    document.title = "Audit · GuruConnect";
  }, []);

  return (
    <section className="page">
      <div className="pane-head">
        <h1>Audit</h1>
        <div className="tab-list" role="tablist">
          {(["events", "files"] as const).map((name) => (
            <button
              key={name}
              type="button"
              role="tab"
              className="tab"
              aria-selected={tab === name}
              data-testid={`audit-tab-${name}`}
              onClick={() => setTab(name)}
            >
              {name === "events" ? "Events" : "Files"}
            </button>
          ))}
        </div>
      </div>
      {tab === "events" ? <Events /> : <FileTransfers />}
    </section>
  );
}

function Events() {
  const user = useUser();
  const [action, setAction] = useState("");
  const [actor, setActor] = useState("");
  const users = useUsers(may(user, "manage_users"));
  const audit = useAudit({ action, actor });
  const events = audit.data?.pages.flatMap((page) => page.items) ?? [];
  // What has been seen since the page opened: a filter must not take away the others.
  const seen = useRef(new Set<string>());
  for (const event of events) seen.current.add(event.action);
  const known = [...seen.current].sort();

  return (
    <>
      <div className="filters">
        <div className="field">
          <label className="label" htmlFor="audit-action">
            Action
          </label>
          <select
            id="audit-action"
            className="input"
            value={action}
            data-testid="audit-filter-action"
            onChange={(event) => setAction(event.target.value)}
          >
            <option value="">any</option>
            {known.map((name) => (
              <option key={name} value={name}>
                {actionWords(name)}
              </option>
            ))}
          </select>
        </div>
        {users.data && (
          <div className="field">
            <label className="label" htmlFor="audit-actor">
              Who
            </label>
            <select
              id="audit-actor"
              className="input"
              value={actor}
              data-testid="audit-filter-actor"
              onChange={(event) => setActor(event.target.value)}
            >
              <option value="">anyone</option>
              {users.data.items.map((one) => (
                <option key={one.id} value={one.id}>
                  {one.display_name}
                </option>
              ))}
            </select>
          </div>
        )}
      </div>
      {audit.isPending ? (
        <Loading label="Loading the audit" />
      ) : audit.isError && events.length === 0 ? (
        <Failure error={audit.error} what="the audit" retry={() => void audit.refetch()} />
      ) : events.length === 0 ? (
        <Empty title="Nothing recorded">
          {action || actor ? "No entry fits these filters." : "Every decision appears here as it is made."}
        </Empty>
      ) : (
        <>
          <AuditList events={events} />
          {audit.hasNextPage && (
            <div className="more">
              <button
                type="button"
                className="button"
                data-testid="audit-more"
                disabled={audit.isFetchingNextPage}
                onClick={() => void audit.fetchNextPage()}
              >
                {audit.isFetchingNextPage ? "Loading…" : "Show older"}
              </button>
            </div>
          )}
        </>
      )}
    </>
  );
}
