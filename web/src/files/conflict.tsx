import { useState } from "react";
import { Dialog } from "../ui/dialog";
import type { ViewerController } from "../viewer/controller";
import type { ConflictFacts, Rule } from "./facts";
import { bytes } from "./format";

const CHOICES: readonly (readonly [rule: Rule, label: string])[] = [
  ["rename", "Keep both"],
  ["overwrite", "Replace"],
  ["skip", "Skip"],
];

/** Asks what to do about a name that is taken. */
export function ConflictDialog({
  controller,
  conflict,
}: {
  controller: ViewerController;
  conflict: ConflictFacts | null;
}) {
  const [all, setAll] = useState(false);
  if (!conflict) return null;
  const { transfer, index } = conflict;
  const choose = (rule: Rule) => controller.files.command({ do: "choose", transfer, index, rule, all });
  const changed = new Date(conflict.existingModifiedMs).toLocaleString();
  return (
    <Dialog
      open
      onOpenChange={(open) => !open && choose("skip")}
      title="This name is taken"
      testId="files-conflict"
    >
      <div className="form">
        <p>
          <strong>{conflict.path}</strong> is there already: {bytes(conflict.existingSize)}, changed {changed}
          . The new one has {bytes(conflict.size)}.
        </p>
        <label className="check">
          <input type="checkbox" checked={all} onChange={(event) => setAll(event.target.checked)} /> Do the
          same for all others of this transfer
        </label>
        <div className="actions end">
          {CHOICES.map(([rule, label]) => (
            <button
              key={rule}
              type="button"
              className={rule === "rename" ? "button primary" : "button"}
              data-testid={`conflict-${rule}`}
              onClick={() => choose(rule)}
            >
              {label}
            </button>
          ))}
        </div>
      </div>
    </Dialog>
  );
}
