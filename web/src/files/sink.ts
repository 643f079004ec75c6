// Where downloads go: a folder that the person chose, where the browser has that, else
// the browser's own downloads, one file at a time.

import type { CauseFacts } from "../engine/messages";
import { type Movable, temporaryName } from "./folders/rename";
import { numbered } from "./names";

export interface Writer {
  write(data: Uint8Array<ArrayBuffer>): Promise<void>;
  /** Gives it its name; the name may differ when the one wanted is taken. */
  finish(): Promise<string>;
  discard(): Promise<void>;
}

export interface FileFacts {
  size: number;
  modifiedMs: number;
}

export interface Sink {
  /** What has this name, if that can be known. */
  existing(parts: string[]): Promise<{ size: number; modifiedMs: number } | null>;
  open(parts: string[], replace: boolean, facts: FileFacts): Promise<Writer>;
  folder(parts: string[], modifiedMs: number): Promise<void>;
  /** How much there is in all, as far as is known. */
  total?(files: number, bytes: number): void;
  /** Nothing more comes; with a cause when something is missing. */
  over?(cause: CauseFacts | null): void;
}

/**
 * A folder of this computer. A file gets its name when all of it is there, where the browser
 * can move files; elsewhere an empty file holds the name, and the browser exchanges it for
 * the whole one at the end.
 */
export class FolderSink implements Sink {
  /** Whether this browser moves files here; null until it was tried. */
  private moves: boolean | null = null;

  constructor(private readonly root: FileSystemDirectoryHandle) {}

  private async inside(parts: string[], create: boolean): Promise<FileSystemDirectoryHandle> {
    let folder = this.root;
    for (const part of parts) folder = await folder.getDirectoryHandle(part, { create });
    return folder;
  }

  async existing(parts: string[]): Promise<{ size: number; modifiedMs: number } | null> {
    try {
      const folder = await this.inside(parts.slice(0, -1), false);
      const file = await (await folder.getFileHandle(parts[parts.length - 1] ?? "")).getFile();
      return { size: file.size, modifiedMs: file.lastModified };
    } catch (error) {
      const name = error instanceof DOMException ? error.name : "";
      if (name === "NotFoundError") return null;
      // A folder of this name: never replaced.
      if (name === "TypeMismatchError") return { size: 0, modifiedMs: 0 };
      throw error;
    }
  }

  private async free(parts: string[]): Promise<string> {
    const wanted = parts[parts.length - 1] ?? "";
    let name = wanted;
    for (let number = 2; await this.existing([...parts.slice(0, -1), name]); number += 1) {
      name = numbered(wanted, number);
    }
    return name;
  }

  async open(parts: string[], replace: boolean): Promise<Writer> {
    const folder = await this.inside(parts.slice(0, -1), true);
    const unnamed = replace ? null : await this.unnamed(folder);
    if (unnamed) return this.moving(folder, unnamed, parts);
    const name = replace ? (parts[parts.length - 1] ?? "") : await this.free(parts);
    const handle = await folder.getFileHandle(name, { create: true });
    const stream = await handle.createWritable({ keepExistingData: false });
    const before = replace ? 1 : (await handle.getFile()).size;
    return {
      write: (data) => stream.write(data),
      finish: async () => {
        await stream.close();
        return name;
      },
      discard: async () => {
        await stream.abort();
        // The empty file that holds the name until the end goes with it.
        if (before === 0) await folder.removeEntry(name);
      },
    };
  }

  /** A new file under a temporary name, where it can be given another; else null. */
  private async unnamed(folder: FileSystemDirectoryHandle): Promise<FileSystemFileHandle | null> {
    if (this.moves === false) return null;
    const handle: FileSystemFileHandle & Movable = await folder.getFileHandle(temporaryName(), {
      create: true,
    });
    if (this.moves === null) {
      const { name } = handle;
      // Tried while nothing is lost by it: many a place has the method and refuses it.
      this.moves =
        typeof handle.move === "function" &&
        (await handle.move(temporaryName()).then(
          () => true,
          () => false,
        ));
      if (!this.moves) {
        await folder.removeEntry(name);
        return null;
      }
    }
    return handle;
  }

  private async moving(
    folder: FileSystemDirectoryHandle,
    handle: FileSystemFileHandle & Movable,
    parts: string[],
  ): Promise<Writer> {
    const stream = await handle.createWritable({ keepExistingData: false });
    return {
      write: (data) => stream.write(data),
      finish: async () => {
        await stream.close();
        // Whatever has come to have the name meanwhile keeps it.
        const name = await this.free(parts);
        await handle.move?.(name);
        return name;
      },
      discard: async () => {
        // Closed already when it did not get its name.
        await stream.abort().catch(() => undefined);
        await folder.removeEntry(handle.name);
      },
    };
  }

  async folder(parts: string[]): Promise<void> {
    await this.inside(parts, true);
  }
}

/** Bytes that are joined into one part; the browser keeps the parts on its disk. */
const PART = 4 << 20;

/** The browser's downloads. */
export class DownloadSink implements Sink {
  constructor(private readonly save: (name: string, data: Blob) => void) {}

  existing(): Promise<null> {
    return Promise.resolve(null);
  }

  open(parts: string[]): Promise<Writer> {
    const name = parts[parts.length - 1] ?? "file";
    let blobs: Blob[] = [];
    let waiting: Uint8Array<ArrayBuffer>[] = [];
    let size = 0;
    const join = () => {
      blobs.push(new Blob(waiting));
      waiting = [];
      size = 0;
    };
    return Promise.resolve({
      write: (data: Uint8Array<ArrayBuffer>) => {
        waiting.push(data);
        size += data.length;
        if (size >= PART) join();
        return Promise.resolve();
      },
      finish: () => {
        join();
        // Never shown by the browser: whatever it is, it is saved.
        this.save(name, new Blob(blobs, { type: "application/octet-stream" }));
        blobs = [];
        return Promise.resolve(name);
      },
      discard: () => {
        blobs = [];
        waiting = [];
        return Promise.resolve();
      },
    });
  }

  folder(): Promise<void> {
    return Promise.resolve();
  }
}
