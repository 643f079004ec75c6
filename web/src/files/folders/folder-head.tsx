// Whose folders a pane shows, and the way to where it is.

import { RotateCw } from "lucide-react";
import type { ReactNode } from "react";
import { cleanText } from "../../wire/validate";
import type { SideId, Way } from "./side";
import type { Pane } from "./use-folder";

interface Props {
  id: SideId;
  pane: Pane;
  /** What the side is called. */
  title: string;
  /** What its top is called, where the way begins. */
  top: string;
  active: boolean;
  activate(): void;
  /** Further buttons. */
  children?: ReactNode;
}

export function FolderHead({ id, pane, title, top, active, activate, children }: Props) {
  const { way } = pane;
  const enter = (next: Way) => {
    activate();
    pane.enter(next);
  };
  return (
    <div className="folder-head" data-side={id} data-active={active}>
      <h3>{title}</h3>
      <nav aria-label={`Folder, ${title}`} className="crumbs">
        {pane.side && (
          <button type="button" onClick={() => enter([])}>
            {cleanText(top)}
          </button>
        )}
        {way.map((part, depth) => (
          <button
            type="button"
            // biome-ignore lint/suspicious/noArrayIndexKey: a way may hold one name twice
            key={`${depth}/${part}`}
            onClick={() => enter(way.slice(0, depth + 1))}
          >
            {cleanText(part)}
          </button>
        ))}
      </nav>
      {children}
      <button
        type="button"
        className="icon-button"
        aria-label={`Read again, ${title}`}
        title="Read again"
        disabled={!pane.side}
        onClick={() => void pane.reload()}
      >
        <RotateCw size={14} aria-hidden />
      </button>
    </div>
  );
}
