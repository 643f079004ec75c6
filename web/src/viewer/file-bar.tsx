// Files on either clipboard, and files that are dragged, in lines below the toolbar.

import {
  ClipboardCheck,
  ClipboardPaste,
  Download,
  FolderCheck,
  MousePointerClick,
  TriangleAlert,
  X,
} from "lucide-react";
import type { ReactNode } from "react";
import type { RemotePath } from "../files/facts";
import { bytes } from "../files/format";
import { cleanText } from "../wire/validate";
import type { ViewerController } from "./controller";
import type { DropFacts } from "./file-drop";
import type { FileOffer, PasteFacts } from "./file-paste";
import type { PeerOffer } from "./peer-offers";
import type { ViewerState } from "./state";

/** Names that are told one by one. */
const NAMED = 2;

function listOf(names: readonly string[], count: number): string {
  const told = names.slice(0, NAMED).map((name) => cleanText(name, 40));
  return told.join(", ") + (count > told.length ? ", …" : "");
}

/** `report.pdf, notes.txt, …` of hostile names. */
export function namesOf(paths: RemotePath[]): string {
  return listOf(
    paths.slice(0, NAMED).map(({ parts }) => parts.at(-1) ?? ""),
    paths.length,
  );
}

/** Files and folders as they were copied; a folder counts as one. */
export function countOf(paths: RemotePath[]): string {
  return paths.length === 1 ? "1 item" : `${paths.length} items`;
}

interface Props {
  controller: ViewerController;
  state: ViewerState;
}

export function FileBar({ controller, state }: Props) {
  const { fileOffer: offer, filePaste: paste, fileDrop: drop, peerOffer: peer } = state;
  const live = state.phase === "live";
  return (
    <div className="file-bars">
      {live && offer?.shown && <Offer controller={controller} offer={offer} />}
      {live && peer && controller.drags.mayPasteFiles && <Peer controller={controller} peer={peer} />}
      {paste && <Paste controller={controller} state={state} paste={paste} />}
      {drop && <Drop controller={controller} state={state} drop={drop} />}
    </div>
  );
}

function Offer({ controller, offer }: { controller: ViewerController; offer: FileOffer }) {
  const back = backTo(controller);
  const how = offer.how === "dragged" ? "dragged out of the machine" : "copied on the machine";
  return (
    <Bar testId="file-offer" icon={<Download aria-hidden />}>
      <span>
        <strong title={namesOf(offer.paths)}>{namesOf(offer.paths)}</strong>
        <small>
          {countOf(offer.paths)} {how}
        </small>
      </span>
      <button
        type="button"
        className="button small primary"
        aria-keyshortcuts="Control+Alt+Shift+D"
        title="Ctrl + Alt + Shift + D"
        data-testid="file-offer-download"
        onClick={back(() => controller.filePaste.accept(false))}
      >
        Download
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
    </Bar>
  );
}

function Peer({ controller, peer }: { controller: ViewerController; peer: PeerOffer }) {
  const back = backTo(controller);
  const machine = cleanText(peer.machine, 60) || "another session";
  const what = peer.count === 1 ? "1 file" : `${peer.count} files`;
  return (
    <Bar testId="peer-offer" icon={<ClipboardPaste aria-hidden />}>
      <span>
        <strong title={listOf(peer.names, peer.count)}>{listOf(peer.names, peer.count)}</strong>
        <small>Copied on {machine}</small>
      </span>
      <button
        type="button"
        className="button small primary"
        data-testid="peer-offer-paste"
        onClick={back(() => controller.drags.pastePeer())}
      >
        Paste {what} from {machine}
      </button>
      <Dismiss label="Do not paste them here" run={back(() => controller.drags.dismissPeer())} />
    </Bar>
  );
}

function Paste({ controller, state, paste }: Props & { paste: PasteFacts }) {
  const { at, title } = paste;
  return (
    <Bar
      testId="file-paste"
      at={at}
      icon={
        at === "failed" ? (
          <TriangleAlert aria-hidden />
        ) : at === "ready" ? (
          <ClipboardCheck aria-hidden />
        ) : (
          <ClipboardPaste aria-hidden />
        )
      }
      done={at === "sending" ? progressOf(state, title) : null}
    >
      <span>
        <strong>{cleanText(title, 60)}</strong>
        <small>
          {at === "sending" && `is sent to be pasted${amount(state, title)}`}
          {at === "ready" && "is on the machine's clipboard. Press Ctrl + V there."}
          {at === "failed" && `was not pasted. ${paste.sentence}`}
        </small>
      </span>
      {at !== "ready" && <Transfers controller={controller} state={state} />}
      {at !== "sending" && (
        <Dismiss label="Close" run={backTo(controller)(() => controller.filePaste.dismissPaste())} />
      )}
    </Bar>
  );
}

function Drop({ controller, state, drop }: Props & { drop: DropFacts }) {
  const { at, title } = drop;
  return (
    <Bar
      testId="file-drop"
      at={at}
      icon={
        at === "failed" ? (
          <TriangleAlert aria-hidden />
        ) : at === "kept" ? (
          <FolderCheck aria-hidden />
        ) : (
          <MousePointerClick aria-hidden />
        )
      }
      done={at === "sending" ? progressOf(state, title) : null}
    >
      <span>
        <strong>{cleanText(title, 60)}</strong>
        <small>
          {at === "sending" && `is sent to be dropped there${amount(state, title)}`}
          {at === "dropping" && "is being dropped …"}
          {at === "kept" && `is in ${cleanText(drop.folder.parts.at(-1) ?? "", 40)}. ${drop.sentence}`}
          {at === "failed" && `was not dropped. ${drop.sentence}`}
        </small>
      </span>
      {at !== "kept" && at !== "dropping" && <Transfers controller={controller} state={state} />}
      {(at === "kept" || at === "failed") && (
        <Dismiss label="Close" run={backTo(controller)(() => controller.drags.drop.dismiss())} />
      )}
    </Bar>
  );
}

/** Does it, and gives the machine the keyboard again. */
function backTo(controller: ViewerController): (work: () => void) => () => void {
  return (work) => () => {
    work();
    controller.focus();
  };
}

interface BarProps {
  testId: string;
  icon: ReactNode;
  at?: string;
  /** 0 to 1; null for no telling. */
  done?: number | null;
  children: ReactNode;
}

function Bar({ testId, icon, at, done = null, children }: BarProps) {
  return (
    <div
      className="file-bar"
      role={at === "failed" ? "alert" : "status"}
      data-testid={testId}
      {...(at ? { "data-at": at } : {})}
    >
      <i className="file-bar-icon">{icon}</i>
      {children}
      {done !== null && <progress className="file-bar-progress" value={done} aria-label="Sent" />}
    </div>
  );
}

function Transfers({ controller, state }: Props) {
  if (state.files.shown) return null;
  return (
    <button type="button" className="button small" onClick={() => controller.files.show(true)}>
      Show transfers
    </button>
  );
}

function uploadOf(state: ViewerState, title: string) {
  return state.files.transfers.findLast((one) => one.direction === "upload" && one.title === title);
}

/** How far the upload is, where that says anything. */
function progressOf(state: ViewerState, title: string): number {
  const upload = uploadOf(state, title);
  return upload && upload.totalBytes > 0 ? upload.bytes / upload.totalBytes : 0;
}

function amount(state: ViewerState, title: string): string {
  const upload = uploadOf(state, title);
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
