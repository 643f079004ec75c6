import { useEffect, useState } from "react";
import { cancelCode, createCode } from "../api/actions";
import { useChange, useCodes, useUsers } from "../api/queries";
import type { Code, NewCode } from "../api/types";
import { may, useUser } from "../app/auth";
import { CopyButton } from "../ui/copy";
import { Dialog } from "../ui/dialog";
import { SelectField, TextField } from "../ui/field";
import { Problem } from "../ui/states";
import { Ago } from "../ui/time";
import { tell, tellError } from "../ui/toast";
import { ConsentBadge } from "./consent-badge";
import { joinSession } from "./launch";
import { spellCode } from "./support-code";

const LIFETIMES: readonly (readonly [string, string])[] = [
  ["3600", "1 hour"],
  ["86400", "24 hours"],
  ["604800", "7 days"],
];

export function CodeDrawer({ open, onOpenChange }: { open: boolean; onOpenChange(open: boolean): void }) {
  const user = useUser();
  const users = useUsers(open && may(user, "manage_users"));
  const [made, setMade] = useState<Code | null>(null);
  const [lifetime, setLifetime] = useState("86400");
  const [assigned, setAssigned] = useState("");
  const [note, setNote] = useState("");
  const create = useChange((body: NewCode) => createCode(body), "codes");
  const { reset } = create;

  useEffect(() => {
    if (!open) return;
    setMade(null);
    setNote("");
    reset();
  }, [open, reset]);

  const submit = async () => {
    const body: NewCode = { expires_in_s: Number(lifetime) };
    if (assigned !== "") body.assigned_to = assigned;
    if (note.trim() !== "") body.note = note.trim();
    const code = await create.mutateAsync(body).catch(() => null);
    if (code) setMade(code);
  };

  const people: (readonly [string, string])[] = [
    ["", "First technician to join"],
    [user.id, "Only me"],
  ];
  for (const one of users.data?.items ?? []) {
    if (one.id !== user.id && !one.disabled) people.push([one.id, `Only ${one.display_name}`]);
  }
  return (
    <Dialog
      open={open}
      onOpenChange={onOpenChange}
      title="New support code"
      kind="drawer"
      testId="code-drawer"
    >
      {made ? (
        <CodeCard code={made} onOther={() => setMade(null)} />
      ) : (
        <form
          className="form"
          onSubmit={(event) => {
            event.preventDefault();
            void submit();
          }}
        >
          <SelectField label="Valid for" value={lifetime} options={LIFETIMES} onChange={setLifetime} />
          <SelectField label="Who may take it" value={assigned} options={people} onChange={setAssigned} />
          <TextField
            label="Note"
            hint="For you and your colleagues; the user does not see it"
            maxLength={255}
            value={note}
            onChange={(event) => setNote(event.target.value)}
          />
          {create.error && <Problem error={create.error} />}
          <button
            type="submit"
            className="button primary"
            disabled={create.isPending}
            data-testid="create-code"
          >
            Create code
          </button>
        </form>
      )}
    </Dialog>
  );
}

function CodeCard({ code: first, onOther }: { code: Code; onOther(): void }) {
  // The list is told of changes; the card follows it.
  const codes = useCodes();
  const code = codes.data?.items.find((one) => one.id === first.id) ?? first;
  const cancel = useChange(cancelCode, "codes");
  const groups = spellCode(code.code);
  return (
    <div className="code-card">
      <p className="code-value" data-testid="code-value">
        {code.code}
      </p>
      <div className="code-spelling" data-testid="code-spelling">
        {groups.map((group) => (
          <ul key={group.join()}>
            {group.map((line) => (
              <li key={line}>{line}</li>
            ))}
          </ul>
        ))}
      </div>
      <div className="actions">
        <CopyButton text={code.code} label="Copy code" testId="copy-code" />
        <CopyButton text={code.link} label="Copy link" testId="copy-link" />
      </div>
      <p className="muted">
        Or send the link: <code data-testid="code-link">{code.link}</code>
      </p>
      <CodeStatus code={code} />
      <div className="actions">
        {code.session_id !== null && code.consent_state !== "denied" && code.consent_state !== "pending" && (
          <button
            type="button"
            className="button primary"
            data-testid="code-join"
            onClick={() => code.session_id && void joinSession(code.session_id, "control")}
          >
            Join the session
          </button>
        )}
        {code.status === "active" && (
          <button
            type="button"
            className="button danger"
            data-testid="cancel-code"
            onClick={() =>
              void cancel
                .mutateAsync(code.code)
                .then(() => tell("Code cancelled"))
                .catch(tellError)
            }
          >
            Cancel this code
          </button>
        )}
        <button type="button" className="button plain" onClick={onOther}>
          Another code
        </button>
      </div>
    </div>
  );
}

export function CodeStatus({ code }: { code: Code }) {
  switch (code.status) {
    case "active":
      return (
        <p className="muted" data-testid="code-status" data-status="active">
          Waiting for the user. Ends <Ago at={code.expires_ms} />.
        </p>
      );
    case "used":
      return (
        <p data-testid="code-status" data-status="used">
          <span className="badge good">user connected</span>{" "}
          {code.consent_state && <ConsentBadge state={code.consent_state} />}{" "}
          <span className="muted">
            <Ago at={code.used_ms} />
          </span>
        </p>
      );
    default:
      return (
        <p data-testid="code-status" data-status={code.status}>
          <span className="badge bad">{code.status}</span>
        </p>
      );
  }
}
