// Files on either clipboard, in one line below the picture.

import { ClipboardPaste, Download, Files, X } from "lucide-react";
import type { RemotePath } from "../files/facts";
import { bytes } from "../files/format";
import { cleanText } from "../wire/validate";
import type { ViewerController, ViewerState } from "./controller";

/** Names that are told one by one. */
const NAMED = 2;

/** `report.pdf, notes.txt, …` of hostile names. */
export function namesOf(paths: RemotePath[]): string {
  const names = paths.slice(0, NAMED).map(({ parts }) => cleanText(parts.at(-1) ?? "", 40));
  return names.join(", ") + (paths.length > NAMED ? ", …" : "");
}

/** Files and folders as they were copied; a folder counts as one. */
export function countOf(paths: RemotePath[]): string {
  return paths.length === 1 ? "1 item" : `${paths.length} items`;
}

export function FileBar({ controller, state }: { controller: ViewerController; state: ViewerState }) {
  const { fileOffer: offer, filePaste: paste } = state;
  const live = state.phase === "live";
  const back = (work: () => void) => () => {
    work();
    controller.focus();
  };
  return (
    <div className="file-bars">
      {live && offer?.shown && (
        <div className="file-bar" role="status" data-testid="file-offer">
          <Files size={15} aria-hidden />
          <span>
            {countOf(offer.paths)} copied on the machine: <strong>{namesOf(offer.paths)}</strong>
          </span>
          <button
            type="button"
            className="button small"
            aria-keyshortcuts="Control+Alt+Shift+D"
            title="Ctrl + Alt + Shift + D"
            data-testid="file-offer-download"
            onClick={back(() => controller.filePaste.accept(false))}
          >
            <Download size={14} aria-hidden /> Download
          </button>
          {controller.files.canChooseFolder && (
            <button
              type="button"
              className="button small"
              onClick={back(() => controller.filePaste.accept(true))}
            >
              Download to…
            </button>
          )}
          <Dismiss label="Leave them there" run={back(() => controller.filePaste.dismissOffer())} />
        </div>
      )}
      {paste && (
        <div
          className="file-bar"
          role={paste.at === "failed" ? "alert" : "status"}
          data-testid="file-paste"
          data-at={paste.at}
        >
          <ClipboardPaste size={15} aria-hidden />
          <span>
            <strong>{cleanText(paste.title, 60)}</strong>
            {paste.at === "sending" && ` is sent to be pasted${progress(state, paste.title)}`}
            {paste.at === "ready" && " is on the machine's clipboard. Press Ctrl + V there."}
            {paste.at === "failed" && ` was not pasted. ${paste.sentence}`}
          </span>
          {paste.at !== "ready" && !state.files.shown && (
            <button type="button" className="button small" onClick={() => controller.files.show(true)}>
              Show transfers
            </button>
          )}
          {paste.at !== "sending" && (
            <Dismiss label="Close" run={back(() => controller.filePaste.dismissPaste())} />
          )}
        </div>
      )}
    </div>
  );
}

/** How far the upload of this paste is, where it says anything. */
function progress(state: ViewerState, title: string): string {
  const upload = state.files.transfers.findLast((one) => one.direction === "upload" && one.title === title);
  if (!upload || upload.totalBytes === 0) return " …";
  return `: ${bytes(upload.bytes)} of ${bytes(upload.totalBytes)}`;
}

function Dismiss({ label, run }: { label: string; run(): void }) {
  return (
    <button type="button" className="icon-button" aria-label={label} onClick={run}>
      <X size={14} aria-hidden />
    </button>
  );
}
