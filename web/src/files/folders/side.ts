// What the panel needs of a side: the folders of the machine, or of this computer.

import type { CauseFacts } from "../../engine/messages";

export type SideId = "computer" | "machine";

/** From the top of the side: names of folders. On the machine a place comes first. */
export type Way = readonly string[];

export interface Entry {
  name: string;
  /** What the way into it ends with; no two of a folder have the same. */
  step: string;
  kind: "file" | "folder" | "other";
  size: number;
  /** 0 where nobody tells. */
  modifiedMs: number;
}

export interface Listing {
  entries: Entry[];
  /** There is more than is listed. */
  cut: boolean;
  cause: CauseFacts | null;
}

/** Each step resolves to why it was not done, or null. */
export interface Side {
  readonly id: SideId;
  /** Whether what is listed there can be copied and changed, and not only entered. */
  holds(way: Way): boolean;
  list(way: Way): Promise<Listing>;
  make(way: Way, name: string): Promise<CauseFacts | null>;
  rename(way: Way, entry: Entry, name: string): Promise<CauseFacts | null>;
  remove(way: Way, entry: Entry): Promise<CauseFacts | null>;
}

export type Column = "name" | "size" | "modifiedMs";

export interface Order {
  by: Column;
  down: boolean;
}

const names = new Intl.Collator(undefined, { numeric: true, sensitivity: "base" });

/** Folders first, as every file manager has them. */
export function sorted(entries: readonly Entry[], { by, down }: Order): Entry[] {
  const order = (a: Entry, b: Entry) => {
    const folders = Number(b.kind === "folder") - Number(a.kind === "folder");
    if (folders !== 0) return folders;
    const value = by === "name" ? 0 : a[by] - b[by];
    const told = value === 0 ? names.compare(a.name, b.name) : value;
    return down ? -told : told;
  };
  return [...entries].sort(order);
}
