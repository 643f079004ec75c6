import { Download, FolderUp, Pause, Play, RotateCw, Trash2, Upload, X } from "lucide-react";
import { type ReactNode, useRef, useState } from "react";
import { Empty } from "../ui/states";
import type { ViewerController, ViewerState } from "../viewer/controller";
import { countOf, namesOf } from "../viewer/file-bar";
import "./files.css";
import { ConflictDialog } from "./conflict";
import type { FilePolicyFacts, TransferFacts } from "./facts";
import { bytes, timeLeft } from "./format";
import { picked } from "./local";
import { RemoteBrowser } from "./remote-browser";

interface PanelProps {
  controller: ViewerController;
  state: ViewerState;
}

export function FilesPanel({ controller, state }: PanelProps) {
  const { files } = state;
  const [tab, setTab] = useState<"transfers" | "machine">("transfers");
  const fileInput = useRef<HTMLInputElement>(null);
  const folderInput = useRef<HTMLInputElement>(null);
  const { policy } = files;
  const up = policy?.upload ?? false;
  return (
    <aside className="files-panel" aria-label="Files" data-testid="files-panel">
      <header>
        <h2>Files</h2>
        <div className="tabs" role="tablist">
          <Tab on={tab === "transfers"} select={() => setTab("transfers")} testId="files-tab-transfers">
            Transfers
          </Tab>
          <Tab on={tab === "machine"} select={() => setTab("machine")} testId="files-tab-machine">
            {state.session?.machineName || "Machine"}
          </Tab>
        </div>
        <button
          type="button"
          className="icon-button"
          aria-label="Close files"
          onClick={() => {
            controller.files.show(false);
            controller.focus();
          }}
        >
          <X size={16} aria-hidden />
        </button>
      </header>
      <div className="files-actions">
        <button
          type="button"
          className="button"
          disabled={!up}
          data-testid="files-upload"
          onClick={() => fileInput.current?.click()}
        >
          <Upload size={15} aria-hidden /> Upload files
        </button>
        <button
          type="button"
          className="button"
          disabled={!up}
          data-testid="files-upload-folder"
          onClick={() => folderInput.current?.click()}
        >
          <FolderUp size={15} aria-hidden /> Upload a folder
        </button>
        <input
          ref={fileInput}
          type="file"
          multiple
          hidden
          data-testid="files-input"
          onChange={(event) => {
            if (event.target.files) controller.files.upload(picked(event.target.files));
            event.target.value = "";
          }}
        />
        <input
          ref={(element) => {
            folderInput.current = element;
            element?.setAttribute("webkitdirectory", "");
          }}
          type="file"
          multiple
          hidden
          data-testid="files-folder-input"
          onChange={(event) => {
            if (event.target.files) controller.files.upload(picked(event.target.files));
            event.target.value = "";
          }}
        />
      </div>
      <p className="files-target">
        Uploads go to <strong>{wayOf(files.folder.place, files.folder.parts)}</strong>
      </p>
      <Rules policy={policy} />
      {files.problem && (
        <p className="files-problem" role="alert">
          {files.problem}
        </p>
      )}
      {state.fileOffer && policy?.download && (
        <div className="files-copied" data-testid="files-copied">
          <span>
            {state.fileOffer.how === "dragged" ? "Dragged out of" : "Copied on"} the machine:{" "}
            <strong>{namesOf(state.fileOffer.paths)}</strong> ({countOf(state.fileOffer.paths)})
          </span>
          <button
            type="button"
            className="button small"
            data-testid="files-copied-download"
            onClick={() => controller.filePaste.accept(false)}
          >
            <Download size={14} aria-hidden /> Download
          </button>
        </div>
      )}
      {tab === "transfers" ? (
        <Transfers controller={controller} transfers={files.transfers} />
      ) : (
        <RemoteBrowser controller={controller} policy={policy} />
      )}
      <ConflictDialog controller={controller} conflict={files.conflicts[0] ?? null} />
    </aside>
  );
}

export function wayOf(place: string, parts: string[]): string {
  if (place === "" && parts.length === 0) return "the downloads folder";
  const start = place === "/" ? "" : place;
  return `${start}/${parts.join("/")}`;
}

function Tab({
  on,
  select,
  testId,
  children,
}: {
  on: boolean;
  select(): void;
  testId: string;
  children: ReactNode;
}) {
  return (
    <button type="button" role="tab" aria-selected={on} className="tab" data-testid={testId} onClick={select}>
      {children}
    </button>
  );
}

/** What the server allows, where it is less than everything. */
function Rules({ policy }: { policy: FilePolicyFacts | null }) {
  if (!policy) return <p className="files-note">Waiting for the machine.</p>;
  const notes: string[] = [];
  if (!policy.upload && !policy.download) notes.push("Files may not be moved. Ask an administrator.");
  else if (!policy.upload) notes.push("Files may only be fetched from the machine.");
  else if (!policy.download) notes.push("Files may only be sent to the machine.");
  if (policy.maxFileBytes !== null) notes.push(`A file may have ${bytes(policy.maxFileBytes)}.`);
  if (policy.allowed.length > 0) notes.push(`Only: ${policy.allowed.join(", ")}.`);
  if (policy.blocked.length > 0) notes.push(`Never: ${policy.blocked.join(", ")}.`);
  return notes.length > 0 ? (
    <p className="files-note" data-testid="files-rules">
      {notes.join(" ")}
    </p>
  ) : null;
}

function Transfers({ controller, transfers }: { controller: ViewerController; transfers: TransferFacts[] }) {
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
        <Transfer key={transfer.number} controller={controller} transfer={transfer} />
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

function Transfer({ controller, transfer }: { controller: ViewerController; transfer: TransferFacts }) {
  const { number, status } = transfer;
  const share = transfer.totalBytes > 0 ? transfer.bytes / transfer.totalBytes : status === "done" ? 1 : 0;
  const Icon = transfer.direction === "upload" ? Upload : Download;
  const over = status === "done" || status === "stopped";
  const many = transfer.totalFiles > 1;
  const send = controller.files;
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
              onClick={() => send.command({ do: "pause", transfer: number, paused: status !== "paused" })}
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
              onClick={() => send.command({ do: "retry", transfer: number })}
            >
              <RotateCw size={14} aria-hidden />
            </button>
          )}
          <button
            type="button"
            className="icon-button"
            aria-label={over ? "Remove from the list" : "Cancel"}
            data-testid={`transfer-cancel-${number}`}
            onClick={() => send.command({ do: over ? "forget" : "cancel", transfer: number })}
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
