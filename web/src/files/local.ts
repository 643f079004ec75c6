// Files and folders of this computer, as pickers and drags hand them over.

import type { LocalItem } from "./facts";

/** What a file picker gave; folders keep their ways. */
export function picked(files: FileList): LocalItem[] {
  return [...files].map((file) => ({
    path: file.webkitRelativePath || file.name,
    file,
    modifiedMs: file.lastModified,
  }));
}

function fileOf(entry: FileSystemFileEntry): Promise<File> {
  return new Promise((resolve, reject) => entry.file(resolve, reject));
}

/** All of a folder; a browser gives at most a hundred at a time. */
async function listOf(entry: FileSystemDirectoryEntry): Promise<FileSystemEntry[]> {
  const reader = entry.createReader();
  const all: FileSystemEntry[] = [];
  for (;;) {
    const some = await new Promise<FileSystemEntry[]>((resolve, reject) =>
      reader.readEntries(resolve, reject),
    );
    if (some.length === 0) return all;
    all.push(...some);
  }
}

async function walk(entry: FileSystemEntry, path: string, out: LocalItem[]): Promise<void> {
  if (entry.isFile) {
    const file = await fileOf(entry as FileSystemFileEntry);
    out.push({ path, file, modifiedMs: file.lastModified });
    return;
  }
  for (const inner of await listOf(entry as FileSystemDirectoryEntry)) {
    await walk(inner, `${path}/${inner.name}`, out);
  }
  // A folder comes after what is in it, also when that is nothing.
  out.push({ path, file: null, modifiedMs: Date.now() });
}

/** What was dropped. The entries must be taken before the event ends. */
export function dropped(transfer: DataTransfer): Promise<LocalItem[]> {
  const entries = [...transfer.items]
    .filter((item) => item.kind === "file")
    .map((item) => ({ entry: item.webkitGetAsEntry(), file: item.getAsFile() }));
  return (async () => {
    const out: LocalItem[] = [];
    for (const { entry, file } of entries) {
      if (entry) await walk(entry, entry.name, out);
      else if (file) out.push({ path: file.name, file, modifiedMs: file.lastModified });
    }
    return out;
  })();
}

/** A picture that the browser made a file of is this old at most, ms. */
const JUST_MADE_MS = 5_000;

/**
 * Files and folders of a paste event; null when there are none. A picture that was copied
 * in a program comes as a file, too, but is no file of anybody's: it has no way on the
 * disk, or comes with the markup that it stood in.
 */
export function pastedFiles(data: DataTransfer, nowMs: number): Promise<LocalItem[]> | null {
  const items = [...data.items].filter((item) => item.kind === "file");
  const [only] = items;
  if (!only) return null;
  if (items.length === 1 && only.type === "image/png") {
    const file = only.getAsFile();
    const made =
      file?.name === "image.png" &&
      (!only.webkitGetAsEntry() || Math.abs(nowMs - file.lastModified) < JUST_MADE_MS);
    if (made || data.types.includes("text/html")) return null;
  }
  return dropped(data);
}

/** Hands a finished download to the browser. */
export function save(name: string, data: Blob): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(data);
  link.download = name;
  link.click();
  // The browser has begun to read it by then.
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}
