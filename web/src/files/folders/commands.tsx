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
  /** Gives the list the keys again, which the button has taken. */
  before(): void;
}

export function CommandBar({ commands, from, machine, two, before }: Props) {
  const { copy, whyNoCopy, rename, make, remove, download } = commands;
  const act = (run: (() => void) | null) => () => {
    before();
    run?.();
  };
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
          onClick={act(copy)}
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
        onClick={act(download)}
      >
        <Download size={15} aria-hidden />
        <span>Download</span>
      </button>
      <Act label="New folder" keys="F7" testId="files-make" disabled={!make} run={act(make)}>
        <FolderPlus size={15} aria-hidden />
      </Act>
      <Act label="Rename" keys="F2" testId="files-rename" disabled={!rename} run={act(rename)}>
        <Pencil size={15} aria-hidden />
      </Act>
      <Act label="Delete" keys="Delete" testId="files-delete" disabled={!remove} run={act(remove)}>
        <Trash2 size={15} aria-hidden />
      </Act>
    </div>
  );
}

function Act({
  label,
  keys,
  testId,
  disabled,
  run,
  children,
}: {
  label: string;
  keys: string;
  testId: string;
  disabled: boolean;
  run(): void;
  children: ReactNode;
}) {
  return (
    <button
      type="button"
      className="icon-button"
      aria-label={label}
      aria-keyshortcuts={keys}
      title={`${label} (${keys === "Delete" ? "Del" : keys})`}
      disabled={disabled}
      data-testid={testId}
      onClick={run}
    >
      {children}
    </button>
  );
}
