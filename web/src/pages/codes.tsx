import { Plus } from "lucide-react";
import { useEffect, useState } from "react";
import { cancelCode } from "../api/actions";
import { useChange, useCodes } from "../api/queries";
import type { Code } from "../api/types";
import { mayUseCodes, useUser } from "../app/auth";
import { CopyButton } from "../ui/copy";
import { Confirm } from "../ui/dialog";
import { Empty, Failure, Forbidden, Loading } from "../ui/states";
import { tell } from "../ui/toast";
import { CodeDrawer, CodeStatus } from "./code-drawer";
import { joinSession } from "./launch";

export function CodesPage() {
  const user = useUser();
  const codes = useCodes();
  const [adding, setAdding] = useState(false);
  const [cancelling, setCancelling] = useState<Code | null>(null);
  const cancel = useChange(cancelCode, "codes");

  useEffect(() => {
    document.title = "Codes · GuruConnect";
  }, []);

  if (!mayUseCodes(user)) return <Forbidden what="support codes" />;
  return (
    <section className="page">
      <div className="pane-head">
        <h1>Support codes</h1>
      </div>
      {codes.isPending ? (
        <Loading label="Loading codes" />
      ) : codes.isError ? (
        <Failure error={codes.error} what="support codes" retry={() => void codes.refetch()} />
      ) : codes.data.items.length === 0 ? (
        <Empty
          title="No codes yet"
          action={
            <button type="button" className="button" onClick={() => setAdding(true)}>
              <Plus size={15} aria-hidden /> New support code
            </button>
          }
        >
          Create a code, read it to the user, and their machine appears in Sessions when they enter it.
        </Empty>
      ) : (
        <ul className="cards">
          {codes.data.items.map((code) => (
            <li key={code.id} className="card" data-testid="code-row" data-status={code.status}>
              <div className="card-main">
                <div className="card-title">
                  <code className="code-inline">{code.code}</code>
                  {code.note && <span className="truncate">{code.note}</span>}
                </div>
                <CodeStatus code={code} />
                <p className="muted">by {code.technician}</p>
              </div>
              <div className="actions">
                {code.session_id !== null && (
                  <button
                    type="button"
                    className="button"
                    disabled={code.consent_state === "pending" || code.consent_state === "denied"}
                    onClick={() => code.session_id && void joinSession(code.session_id, "control")}
                  >
                    Join
                  </button>
                )}
                {code.status === "active" && (
                  <>
                    <CopyButton text={code.code} label="Copy code" />
                    <CopyButton text={code.link} label="Copy link" />
                    <button type="button" className="button danger" onClick={() => setCancelling(code)}>
                      Cancel…
                    </button>
                  </>
                )}
              </div>
            </li>
          ))}
        </ul>
      )}
      <CodeDrawer open={adding} onOpenChange={setAdding} />
      <Confirm
        open={cancelling !== null}
        onOpenChange={(open) => !open && setCancelling(null)}
        title={`Cancel ${cancelling?.code ?? ""}?`}
        action="Cancel 1 code"
        run={async () => {
          if (!cancelling) return;
          await cancel.mutateAsync(cancelling.code);
          tell("Code cancelled");
        }}
      >
        Whoever has it can no longer use it.
      </Confirm>
    </section>
  );
}
