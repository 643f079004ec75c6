import { Download, FolderUp, Upload, X } from "lucide-react";
import { type KeyboardEvent, type ReactNode, useRef, useState } from "react";
import type { ViewerController } from "../viewer/controller";
import { countOf, namesOf } from "../viewer/file-bar";
import type { ViewerState } from "../viewer/state";
import "./files.css";
import { ConflictDialog } from "./conflict";
import type { FilePolicyFacts, TransferFacts } from "./facts";
import { Folders } from "./folders/folders";
import { bytes } from "./format";
import { picked } from "./local";
import { Transfers } from "./transfers";

interface PanelProps {
  controller: ViewerController;
  state: ViewerState;
}

export function FilesPanel({ controller, state }: PanelProps) {
  const { files } = state;
  const { memory } = controller.files;
  const two = controller.files.canChooseFolder;
  // With nothing to tell of transfers it begins with folders; later it is as it was left.
  memory.tab ??= two && files.transfers.length === 0 ? "folders" : "transfers";
  const [tab, setTab] = useState(memory.tab);
  const fileInput = useRef<HTMLInputElement>(null);
  const folderInput = useRef<HTMLInputElement>(null);
  const { policy } = files;
  const up = policy?.upload ?? false;
  const machine = state.session?.machineName || "Machine";
  const select = (next: "transfers" | "folders") => {
    memory.tab = next;
    memory.summoned = next === "folders";
    setTab(next);
  };
  const close = () => {
    controller.files.show(false);
    controller.focus();
  };
  const keys = (event: KeyboardEvent) => {
    // A dialog has its own, although React counts it as within.
    if (event.key !== "Escape" || !(event.target instanceof Node)) return;
    if (event.currentTarget.contains(event.target)) close();
  };
  return (
    <aside
      className={tab === "folders" && two ? "files-panel wide" : "files-panel"}
      aria-label="Files"
      data-testid="files-panel"
      onKeyDown={keys}
    >
      <header>
        <h2>Files</h2>
        <div className="tabs" role="tablist">
          <Tab on={tab === "transfers"} select={() => select("transfers")} testId="files-tab-transfers">
            Transfers
          </Tab>
          <Tab on={tab === "folders"} select={() => select("folders")} testId="files-tab-machine">
            {two ? "Folders" : machine}
          </Tab>
        </div>
        <button type="button" className="icon-button" aria-label="Close files" onClick={close}>
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
        <Transfers files={controller.files} transfers={files.transfers} />
      ) : (
        <>
          <Folders files={controller.files} policy={policy} machine={machine} transfers={files.transfers} />
          <Moving controller={controller} transfers={files.transfers} />
        </>
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

/** Below the folders: what is under way or went wrong, and what was moved last. */
function Moving({ controller, transfers }: { controller: ViewerController; transfers: TransferFacts[] }) {
  const shown = transfers.filter(
    (one, at) => at === transfers.length - 1 || one.status !== "done" || one.failures > 0,
  );
  if (shown.length === 0) return null;
  return (
    <section className="files-moving" aria-label="What is being moved">
      <Transfers files={controller.files} transfers={shown} />
    </section>
  );
}
