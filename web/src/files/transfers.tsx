// What is being moved, and how far it is.

import { Download, Pause, Play, RotateCw, Trash2, Upload, X } from "lucide-react";
import { Empty } from "../ui/states";
import type { FilesController } from "./controller";
import type { TransferFacts } from "./facts";
import { bytes, timeLeft } from "./format";

export function Transfers({ files, transfers }: { files: FilesController; transfers: TransferFacts[] }) {
  if (transfers.length === 0) {
    return (
      <Empty title="Nothing is being moved">
        Drop files or folders on the picture, paste them with Ctrl + V, or choose them above. What is on the
        machine is under the other tab.
      </Empty>
    );
  }
  return (
    <ul className="transfers" data-testid="transfers">
      {[...transfers].reverse().map((transfer) => (
        <Transfer key={transfer.number} files={files} transfer={transfer} />
      ))}
    </ul>
  );
}

const WORDS: Record<TransferFacts["status"], string> = {
  running: "",
  paused: "Paused",
  waiting: "Waits for the connection; goes on by itself",
  done: "Done",
  stopped: "Stopped",
};

function Transfer({ files, transfer }: { files: FilesController; transfer: TransferFacts }) {
  const { number, status } = transfer;
  const share = transfer.totalBytes > 0 ? transfer.bytes / transfer.totalBytes : status === "done" ? 1 : 0;
  const Icon = transfer.direction === "upload" ? Upload : Download;
  const over = status === "done" || status === "stopped";
  const many = transfer.totalFiles > 1;
  return (
    <li data-testid={`transfer-${number}`} data-status={status} data-failures={transfer.failures}>
      <div className="transfer-head">
        <Icon size={15} aria-label={transfer.direction === "upload" ? "Upload" : "Download"} />
        <span className="transfer-title" title={transfer.title}>
          {transfer.title}
        </span>
        <span className="transfer-actions">
          {!over && status !== "waiting" && (
            <button
              type="button"
              className="icon-button"
              aria-label={status === "paused" ? "Go on" : "Pause"}
              data-testid={`transfer-pause-${number}`}
              onClick={() => files.command({ do: "pause", transfer: number, paused: status !== "paused" })}
            >
              {status === "paused" ? <Play size={14} aria-hidden /> : <Pause size={14} aria-hidden />}
            </button>
          )}
          {(status === "stopped" || (status === "done" && transfer.failures > 0)) && (
            <button
              type="button"
              className="icon-button"
              aria-label="Try again"
              data-testid={`transfer-retry-${number}`}
              onClick={() => files.command({ do: "retry", transfer: number })}
            >
              <RotateCw size={14} aria-hidden />
            </button>
          )}
          <button
            type="button"
            className="icon-button"
            aria-label={over ? "Remove from the list" : "Cancel"}
            data-testid={`transfer-cancel-${number}`}
            onClick={() => files.command({ do: over ? "forget" : "cancel", transfer: number })}
          >
            {over ? <Trash2 size={14} aria-hidden /> : <X size={14} aria-hidden />}
          </button>
        </span>
      </div>
      <progress value={share} max={1} aria-label={`${transfer.title}: ${Math.round(share * 100)} %`} />
      <div className="transfer-facts">
        <span>
          {bytes(transfer.bytes)} of {bytes(transfer.totalBytes)}
          {many && `, ${transfer.files} of ${transfer.totalFiles} files`}
        </span>
        <span>
          {status === "running"
            ? `${bytes(transfer.rate)}/s${transfer.leftS === null ? "" : `, ${timeLeft(transfer.leftS)} left`}`
            : WORDS[status]}
        </span>
      </div>
      {many && transfer.current && <div className="transfer-current">{transfer.current}</div>}
      {transfer.cause && <p className="files-problem">{transfer.cause.sentence}</p>}
      {transfer.failures > 0 && (
        <details>
          <summary>
            {transfer.failures === 1
              ? "1 file did not come through"
              : `${transfer.failures} files did not come through`}
          </summary>
          <ul className="transfer-failed">
            {transfer.failed.map((one) => (
              <li key={one.path}>
                <strong>{one.path || transfer.title}</strong> {one.cause.sentence}
              </li>
            ))}
          </ul>
        </details>
      )}
    </li>
  );
}
