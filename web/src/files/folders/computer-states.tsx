// What the computer's side says when it has no rows to show.

import { FolderOpen } from "lucide-react";
import type { CauseFacts } from "../../engine/messages";
import { Empty, Loading } from "../../ui/states";
import { COMPUTER_DENIED } from "../local-cause";
import type { Pane } from "./use-folder";

interface Props {
  pane: Pane;
  /** The person was asked, and none was opened. */
  refused: boolean;
  /** Asks the person for a folder, or once more for access to it. */
  open(): void;
  allow(): void;
}

export function ComputerStates({ pane, refused, open, allow }: Props) {
  if (!pane.side) {
    return (
      <Empty
        title="Open a folder of this computer"
        action={
          <button type="button" className="button" data-testid="local-open" onClick={open}>
            <FolderOpen size={15} aria-hidden /> Open a folder…
          </button>
        }
      >
        {refused
          ? "None was opened. The browser asks twice: which folder, and whether this page may change files in it."
          : "Then its files stand beside the machine's, and F5 copies them from one side to the other. The browser asks you first."}
      </Empty>
    );
  }
  const { listing } = pane;
  if (!listing) return <Loading label="Reading the folder" />;
  if (listing.cause) {
    return (
      <Empty
        title="This folder cannot be shown"
        action={<Allow cause={listing.cause} allow={allow} another={open} />}
      >
        {listing.cause.sentence}
      </Empty>
    );
  }
  return listing.entries.length === 0 ? <Empty title="This folder is empty" /> : null;
}

/** Where access was lost, a way to get it back. */
export function Allow({ cause, allow, another }: { cause: CauseFacts; allow(): void; another?(): void }) {
  return (
    <div className="actions">
      {cause.code === COMPUTER_DENIED && (
        <button type="button" className="button small" data-testid="local-allow" onClick={allow}>
          Allow again
        </button>
      )}
      {another && (
        <button type="button" className="button small" onClick={another}>
          Open another folder…
        </button>
      )}
    </div>
  );
}
