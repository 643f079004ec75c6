// What can be done with the side that the keys act on.

import { ArrowLeft, ArrowRight, Download, FolderPlus, Pencil, Trash2 } from "lucide-react";
import type { ReactNode } from "react";
import { cleanText } from "../../wire/validate";

export interface Commands {
  /** Null for whatever may not be done now; with the reason, where that helps. */
  copy: (() => void) | null;
  whyNoCopy?: string | undefined;
  rename: (() => void) | null;
  make: (() => void) | null;
  remove: (() => void) | null;
  /** To the browser's downloads. */
  download: (() => void) | null;
}

interface Props {
  commands: Commands;
  from: "computer" | "machine";
  machine: string;
  /** There is another side to copy to. */
  two: boolean;
}

export function CommandBar({ commands, from, machine, two }: Props) {
  const { copy, whyNoCopy, rename, make, remove, download } = commands;
  const Arrow = from === "computer" ? ArrowRight : ArrowLeft;
  return (
    <div className="files-actions folder-commands" role="toolbar" aria-label="What to do">
      {two && (
        <button
          type="button"
          className="button primary"
          aria-keyshortcuts="F5"
          title={whyNoCopy ?? "F5"}
          disabled={!copy}
          data-testid="files-copy"
          onClick={() => copy?.()}
        >
          <Arrow size={15} aria-hidden />
          <span>Copy to {from === "computer" ? cleanText(machine, 40) : "this computer"}</span>
        </button>
      )}
      {/* Never comes or goes: what is below it would move away under the pointer. */}
      <button
        type="button"
        className="button"
        aria-label="Download"
        title="Into the browser's downloads"
        disabled={!download}
        data-testid="remote-download"
        onClick={() => download?.()}
      >
        <Download size={15} aria-hidden />
        <span>Download</span>
      </button>
      <Act label="New folder" keys="F7" testId="files-make" run={make}>
        <FolderPlus size={15} aria-hidden />
      </Act>
      <Act label="Rename" keys="F2" testId="files-rename" run={rename}>
        <Pencil size={15} aria-hidden />
      </Act>
      <Act label="Delete" keys="Delete" testId="files-delete" run={remove}>
        <Trash2 size={15} aria-hidden />
      </Act>
    </div>
  );
}

function Act({
  label,
  keys,
  testId,
  run,
  children,
}: {
  label: string;
  keys: string;
  testId: string;
  run: (() => void) | null;
  children: ReactNode;
}) {
  return (
    <button
      type="button"
      className="icon-button"
      aria-label={label}
      aria-keyshortcuts={keys}
      title={`${label} (${keys === "Delete" ? "Del" : keys})`}
      disabled={!run}
      data-testid={testId}
      onClick={() => run?.()}
    >
      {children}
    </button>
  );
}
