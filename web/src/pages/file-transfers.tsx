import { Download, Upload } from "lucide-react";
import { useState } from "react";
import { useFileTransfers } from "../api/queries";
import type { FileTransfer } from "../api/types";
import { bytes } from "../files/format";
import { CopyButton } from "../ui/copy";
import { SelectField, TextField } from "../ui/field";
import { Empty, Failure, Loading } from "../ui/states";
import { Ago } from "../ui/time";

type Direction = FileTransfer["direction"] | "";
type Outcome = FileTransfer["outcome"] | "";

const DIRECTIONS: readonly (readonly [Direction, string])[] = [
  ["", "both ways"],
  ["upload", "to machines"],
  ["download", "from machines"],
];
const OUTCOMES: readonly (readonly [Outcome, string])[] = [
  ["", "any"],
  ["done", "done"],
  ["denied", "denied by rules"],
  ["failed", "failed"],
  ["cancelled", "cancelled"],
  ["skipped", "skipped"],
];

/** Every file that was moved in a session, or was to be. */
export function FileTransfers({ session }: { session?: string }) {
  const [direction, setDirection] = useState<Direction>("");
  const [outcome, setOutcome] = useState<Outcome>("");
  const [q, setQ] = useState("");
  const list = useFileTransfers({
    q,
    ...(direction === "" ? {} : { direction }),
    ...(outcome === "" ? {} : { outcome }),
    ...(session === undefined ? {} : { session_id: session }),
  });
  const files = list.data?.pages.flatMap((page) => page.items) ?? [];
  const filtered = direction !== "" || outcome !== "" || q !== "";
  return (
    <>
      <div className="filters">
        <SelectField<Direction>
          label="Direction"
          value={direction}
          options={DIRECTIONS}
          onChange={setDirection}
          testId="files-filter-direction"
        />
        <SelectField<Outcome>
          label="Outcome"
          value={outcome}
          options={OUTCOMES}
          onChange={setOutcome}
          testId="files-filter-outcome"
        />
        <TextField
          label="Name"
          value={q}
          maxLength={200}
          data-testid="files-filter-name"
          onChange={(event) => setQ(event.target.value)}
        />
      </div>
      {list.isPending ? (
        <Loading label="Loading files" />
      ) : list.isError && files.length === 0 ? (
        <Failure error={list.error} what="the files" retry={() => void list.refetch()} />
      ) : files.length === 0 ? (
        <Empty title="No files">
          {filtered ? "No file fits these filters." : "Files that are moved in sessions appear here."}
        </Empty>
      ) : (
        <>
          <table className="table file-transfers" data-testid="file-transfers">
            <thead>
              <tr>
                <th>When</th>
                <th>Who</th>
                <th>File</th>
                <th>Machine</th>
                <th>Size</th>
                <th>SHA-256</th>
                <th>Outcome</th>
              </tr>
            </thead>
            <tbody>
              {files.map((file) => (
                <Row key={file.id} file={file} />
              ))}
            </tbody>
          </table>
          {list.hasNextPage && (
            <div className="more">
              <button
                type="button"
                className="button"
                disabled={list.isFetchingNextPage}
                onClick={() => void list.fetchNextPage()}
              >
                {list.isFetchingNextPage ? "Loading…" : "Show older"}
              </button>
            </div>
          )}
        </>
      )}
    </>
  );
}

function Row({ file }: { file: FileTransfer }) {
  const up = file.direction === "upload";
  const Icon = up ? Upload : Download;
  const bad = file.outcome === "denied" || file.outcome === "failed";
  return (
    <tr data-testid="file-transfer" data-outcome={file.outcome}>
      <td>
        <Ago at={file.at_ms} />
      </td>
      <td>{file.user_name}</td>
      <td>
        <Icon size={13} aria-label={up ? "to the machine" : "from the machine"} /> {file.path || "–"}
      </td>
      <td>{file.machine_name}</td>
      <td>{bytes(file.size)}</td>
      <td>
        {file.sha256 === null ? (
          "–"
        ) : (
          <>
            <code title={file.sha256}>{file.sha256.slice(0, 12)}…</code>{" "}
            <CopyButton text={file.sha256} label="Copy" small />
          </>
        )}
      </td>
      <td title={file.cause_sentence ?? undefined}>
        <span className={bad ? "badge bad" : "badge"}>{file.outcome}</span>
        {file.cause !== null && file.outcome !== "cancelled" && ` ${file.cause.replaceAll("_", " ")}`}
      </td>
    </tr>
  );
}
