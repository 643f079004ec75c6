// A new name, and whether something is to go.

import { type FormEvent, useState } from "react";
import { Confirm, Dialog } from "../../ui/dialog";
import { TextField } from "../../ui/field";
import { cleanText } from "../../wire/validate";
import type { Entry, SideId } from "./side";

/** Names that are told one by one. */
const NAMED = 5;

export type Change =
  | { kind: "make" }
  | { kind: "rename"; entry: Entry }
  | { kind: "remove"; entries: Entry[] };

interface Props {
  side: SideId;
  /** What the machine is called. */
  machine: string;
  change: Change | null;
  close(): void;
  name(name: string): void;
  remove(entries: Entry[]): Promise<void>;
}

export function ChangeDialogs({ side, machine, change, close, name, remove }: Props) {
  const where = side === "computer" ? "this computer" : machine;
  const entries = change?.kind === "remove" ? change.entries : [];
  const more = entries.length - NAMED;
  const names = entries.slice(0, NAMED).map((entry) => cleanText(entry.name, 80));
  return (
    <>
      <NameDialog
        key={change?.kind === "rename" ? change.entry.step : change?.kind}
        change={change?.kind === "remove" ? null : change}
        where={where}
        close={close}
        done={name}
      />
      <Confirm
        open={change?.kind === "remove"}
        onOpenChange={(open) => !open && close()}
        title={`Delete from ${where}?`}
        action={entries.length === 1 ? "Delete 1 item" : `Delete ${entries.length} items`}
        run={() => remove(entries)}
      >
        <p>
          {names.join(", ")}
          {more > 0 && ` and ${more} more`}. Folders go with everything in them, and nothing goes to a recycle
          bin. This cannot be undone.
        </p>
      </Confirm>
    </>
  );
}

function NameDialog({
  change,
  where,
  close,
  done,
}: {
  change: Exclude<Change, { kind: "remove" }> | null;
  where: string;
  close(): void;
  done(name: string): void;
}) {
  const [name, setName] = useState(change?.kind === "rename" ? change.entry.name : "");
  const title = change?.kind === "rename" ? "Rename" : "New folder";
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (name.trim() === "") return;
    done(name.trim());
    close();
  };
  return (
    <Dialog open={change !== null} onOpenChange={(open) => !open && close()} title={`${title} on ${where}`}>
      <form className="form" onSubmit={submit}>
        <TextField
          label="Name"
          value={name}
          autoComplete="off"
          data-testid="remote-name"
          onChange={(event) => setName(event.target.value)}
        />
        <div className="actions end">
          <button type="submit" className="button primary" data-testid="remote-name-done">
            {change?.kind === "rename" ? "Rename" : "Make the folder"}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
