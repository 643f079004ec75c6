import { type FormEvent, useState } from "react";
import { setFileRules } from "../api/actions";
import { useChange, useFileRules } from "../api/queries";
import type { FileRules } from "../api/types";
import { SelectField, TextField } from "../ui/field";
import { Failure, Loading, Problem } from "../ui/states";

type Direction = "both" | "upload" | "download" | "off";

const DIRECTIONS: readonly (readonly [Direction, string])[] = [
  ["both", "to and from machines"],
  ["upload", "only to machines"],
  ["download", "only from machines"],
  ["off", "not at all"],
];

function directionOf(rules: FileRules): Direction {
  if (rules.upload) return rules.download ? "both" : "upload";
  return rules.download ? "download" : "off";
}

const listOf = (text: string) => text.split(/[\s,;]+/).filter((one) => one !== "");

/** What files may be moved in sessions. */
export function FileRulesSection() {
  const rules = useFileRules();
  if (rules.isPending) return <Loading label="Loading the rules for files" />;
  if (rules.isError) {
    return <Failure error={rules.error} what="the rules for files" retry={() => void rules.refetch()} />;
  }
  return <RulesForm key={JSON.stringify(rules.data)} rules={rules.data} />;
}

function RulesForm({ rules }: { rules: FileRules }) {
  const [direction, setDirection] = useState(directionOf(rules));
  const [megabytes, setMegabytes] = useState(
    rules.max_file_bytes === null ? "" : String(rules.max_file_bytes / 1_000_000),
  );
  const [allowed, setAllowed] = useState(rules.allowed_extensions.join(", "));
  const [blocked, setBlocked] = useState(rules.blocked_extensions.join(", "));
  const change = useChange(setFileRules);
  const limit = Number(megabytes);
  const wrong = megabytes.trim() !== "" && !(limit > 0);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (wrong) return;
    change.mutate({
      upload: direction === "both" || direction === "upload",
      download: direction === "both" || direction === "download",
      max_file_bytes: megabytes.trim() === "" ? null : Math.max(1, Math.round(limit * 1_000_000)),
      allowed_extensions: listOf(allowed),
      blocked_extensions: listOf(blocked),
    });
  };
  return (
    <form className="form page-text" onSubmit={submit} data-testid="file-rules">
      <h2>Files</h2>
      <p className="muted">
        Enforced by the agent on every machine. Sessions that are open keep the rules that they began with.
      </p>
      <SelectField<Direction>
        label="Files may be moved"
        value={direction}
        options={DIRECTIONS}
        onChange={setDirection}
        testId="file-rules-direction"
      />
      <TextField
        label="Largest file in MB"
        hint="Empty for any size"
        inputMode="decimal"
        value={megabytes}
        problem={wrong ? "A number above 0, or nothing." : null}
        data-testid="file-rules-size"
        onChange={(event) => setMegabytes(event.target.value)}
      />
      <TextField
        label="Only these extensions"
        hint="Separated by commas; empty for all"
        value={allowed}
        data-testid="file-rules-allowed"
        onChange={(event) => setAllowed(event.target.value)}
      />
      <TextField
        label="Never these extensions"
        hint="Found by name and by content: a program stays one under another name"
        value={blocked}
        data-testid="file-rules-blocked"
        onChange={(event) => setBlocked(event.target.value)}
      />
      {change.isError && <Problem error={change.error} />}
      <div className="actions">
        <button
          type="submit"
          className="button primary"
          disabled={change.isPending || wrong}
          data-testid="file-rules-save"
        >
          {change.isPending ? "Saving…" : "Save"}
        </button>
        {change.isSuccess && <span role="status">Saved</span>}
      </div>
    </form>
  );
}
