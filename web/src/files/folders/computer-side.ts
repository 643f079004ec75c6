// A folder of this computer that the person opened, and everything in it.

import type { CauseFacts } from "../../engine/messages";
import type { LocalItem } from "../facts";
import { localCause, takenHere } from "../local-cause";
import { type Handle, inside, isLeftOver, rename } from "./rename";
import type { Entry, Listing, Side, Way } from "./side";

/** Entries of one folder that are looked at; each needs a question to the browser. */
const MOST_LISTED = 5_000;
/** Questions that are on their way at once. */
const ASKED_AT_ONCE = 32;

/** What was found for an upload. */
export interface Walked {
  items: LocalItem[];
  /** What the browser could not read, by its way; the first of them. */
  unread: string | null;
  unreadCount: number;
  cause: CauseFacts | null;
}

export class ComputerSide implements Side {
  readonly id = "computer";

  constructor(readonly root: FileSystemDirectoryHandle) {}

  holds(): boolean {
    return true;
  }

  /** The folder at the end of a way. */
  async folder(way: Way): Promise<FileSystemDirectoryHandle> {
    let folder = this.root;
    for (const part of way) folder = await folder.getDirectoryHandle(part);
    return folder;
  }

  async list(way: Way): Promise<Listing> {
    try {
      const handles: Handle[] = [];
      let cut = false;
      const folder = await this.folder(way);
      for await (const handle of inside(folder)) {
        if (handles.length === MOST_LISTED) {
          cut = true;
          break;
        }
        handles.push(handle);
      }
      const entries: Entry[] = [];
      for (const entry of await entriesOf(handles)) {
        if (!(await swept(folder, entry))) entries.push(entry);
      }
      return { entries, cut, cause: null };
    } catch (error) {
      return { entries: [], cut: false, cause: localCause(error).facts };
    }
  }

  make(way: Way, name: string): Promise<CauseFacts | null> {
    return told(async () => {
      const folder = await this.folder(way);
      if (await taken(folder, name)) return takenHere();
      await folder.getDirectoryHandle(name, { create: true });
      return null;
    });
  }

  rename(way: Way, entry: Entry, name: string): Promise<CauseFacts | null> {
    return told(async () => {
      if (name === entry.name) return null;
      const folder = await this.folder(way);
      // Where case counts for nothing, the file itself is found under its new name.
      const sameButCase = name.toLowerCase() === entry.name.toLowerCase();
      if (!sameButCase && (await taken(folder, name))) return takenHere();
      await rename(folder, entry.name, name);
      return null;
    });
  }

  remove(way: Way, entry: Entry): Promise<CauseFacts | null> {
    return told(async () => {
      await (await this.folder(way)).removeEntry(entry.name, { recursive: true });
      return null;
    });
  }

  /** Everything below these entries, for an upload. What cannot be read is left out and told. */
  async walk(way: Way, entries: readonly Entry[], found: (files: number) => void): Promise<Walked> {
    const walked: Walked = { items: [], unread: null, unreadCount: 0, cause: null };
    const miss = (path: string, error: unknown) => {
      walked.unread ??= path;
      walked.unreadCount += 1;
      walked.cause ??= localCause(error).facts;
    };
    const below = async (handle: Handle, path: string): Promise<void> => {
      try {
        if (handle.kind === "file") {
          const file = await handle.getFile();
          walked.items.push({ path, file, modifiedMs: file.lastModified });
          found(walked.items.length);
          return;
        }
        for await (const inner of inside(handle)) await below(inner, `${path}/${inner.name}`);
        // A folder comes after what is in it; browsers do not tell when it was changed.
        walked.items.push({ path, file: null, modifiedMs: Date.now() });
      } catch (error) {
        miss(path, error);
      }
    };
    try {
      const folder = await this.folder(way);
      for (const { name, kind } of entries) {
        const handle = kind === "folder" ? folder.getDirectoryHandle(name) : folder.getFileHandle(name);
        await handle.then(
          (there) => below(there, name),
          (error: unknown) => miss(name, error),
        );
      }
    } catch (error) {
      miss(way.at(-1) ?? this.root.name, error);
    }
    return walked;
  }

  /** Asks the person once more, after access was lost; false when they refuse. */
  async allow(): Promise<boolean> {
    const { requestPermission } = this.root as FileSystemDirectoryHandle & Permission;
    try {
      const answer = await requestPermission?.call(this.root, { mode: "readwrite" });
      return answer === "granted";
    } catch {
      // Nobody was asked: the browser forbids it.
      return false;
    }
  }
}

/** Of Chromium, whose handles alone lose their access. */
interface Permission {
  requestPermission?(options: { mode: "readwrite" }): Promise<PermissionState>;
}

async function told(step: () => Promise<CauseFacts | null>): Promise<CauseFacts | null> {
  try {
    return await step();
  } catch (error) {
    return localCause(error).facts;
  }
}

async function taken(folder: FileSystemDirectoryHandle, name: string): Promise<boolean> {
  try {
    await folder.getFileHandle(name);
    return true;
  } catch (error) {
    const kind = error instanceof DOMException ? error.name : "";
    if (kind === "NotFoundError") return false;
    if (kind === "TypeMismatchError") return true;
    throw error;
  }
}

/** What a page that crashed has left of a download goes. */
async function swept(folder: FileSystemDirectoryHandle, entry: Entry): Promise<boolean> {
  if (entry.kind !== "file" || !isLeftOver(entry.name, entry.modifiedMs, Date.now())) return false;
  return folder.removeEntry(entry.name).then(
    () => true,
    () => false,
  );
}

async function entriesOf(handles: readonly Handle[]): Promise<Entry[]> {
  const entries: Entry[] = [];
  for (let at = 0; at < handles.length; at += ASKED_AT_ONCE) {
    entries.push(...(await Promise.all(handles.slice(at, at + ASKED_AT_ONCE).map(entryOf))));
  }
  return entries;
}

async function entryOf(handle: Handle): Promise<Entry> {
  const { name } = handle;
  if (handle.kind === "directory") return { name, step: name, kind: "folder", size: 0, modifiedMs: 0 };
  try {
    const { size, lastModified } = await handle.getFile();
    return { name, step: name, kind: "file", size, modifiedMs: lastModified };
  } catch {
    // Shown without facts: what it is that cannot be read is told when it is copied.
    return { name, step: name, kind: "file", size: 0, modifiedMs: 0 };
  }
}
