// Where downloads go: a folder that the person chose, where the browser has that, else
// the browser's own downloads, one file at a time.

import type { CauseFacts } from "../engine/messages";
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

/** A folder of this computer. The browser writes to a hidden file until the end. */
export class FolderSink implements Sink {
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

  async open(parts: string[], replace: boolean): Promise<Writer> {
    const folder = await this.inside(parts.slice(0, -1), true);
    const wanted = parts[parts.length - 1] ?? "";
    let name = wanted;
    for (let number = 2; !replace && (await this.existing([...parts.slice(0, -1), name])); number += 1) {
      name = numbered(wanted, number);
    }
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
