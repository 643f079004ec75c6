// New names on this computer. Browsers can move files in one step at some places only, and
// folders nowhere; what cannot be moved is copied and then removed.

/** Agents wait as long. What is being written for longer is locked, and cannot be removed. */
const LEFT_OVER_MS = 86_400_000;

/** Chromium's; not in any standard yet. */
export interface Movable {
  move?(name: string): Promise<void>;
}

/** A name that nobody has. */
export function temporaryName(): string {
  const random = crypto.getRandomValues(new Uint8Array(8));
  return `.gc-part-${[...random].map((byte) => byte.toString(16).padStart(2, "0")).join("")}`;
}

/** Such a name of an earlier page, which a crash has left. */
export function isLeftOver(name: string, modifiedMs: number, nowMs: number): boolean {
  const known = modifiedMs > 0 && nowMs - modifiedMs > LEFT_OVER_MS;
  return known && /^\.gc-part-[0-9a-f]{16}$/.test(name);
}

/** Nothing but perhaps the thing itself may have the new name. */
export async function rename(folder: FileSystemDirectoryHandle, from: string, to: string): Promise<void> {
  const handle = await handleOf(folder, from);
  if (await moved(handle, to)) return;
  if (from.toLowerCase() === to.toLowerCase()) {
    // Perhaps one and the same to the disk: never copied onto itself.
    const between = temporaryName();
    await replaced(folder, handle, between);
    await replaced(folder, await handleOf(folder, between), to);
    return;
  }
  await replaced(folder, handle, to);
}

export type Handle = FileSystemDirectoryHandle | FileSystemFileHandle;

/** What is in a folder; the types of the library do not tell the two kinds apart. */
export function inside(folder: FileSystemDirectoryHandle): AsyncIterable<Handle> {
  return folder.values() as AsyncIterable<Handle>;
}

async function handleOf(folder: FileSystemDirectoryHandle, name: string): Promise<Handle> {
  try {
    return await folder.getFileHandle(name);
  } catch (error) {
    if (!(error instanceof DOMException) || error.name !== "TypeMismatchError") throw error;
    return folder.getDirectoryHandle(name);
  }
}

/** False where the browser cannot do it; a name that is not allowed is told. */
async function moved(handle: Handle, to: string): Promise<boolean> {
  const movable = handle as Movable;
  if (typeof movable.move !== "function") return false;
  try {
    await movable.move(to);
    return true;
  } catch (error) {
    if (error instanceof TypeError) throw error;
    return false;
  }
}

/** The old one goes only after all of the new one is there. */
async function replaced(folder: FileSystemDirectoryHandle, from: Handle, to: string): Promise<void> {
  const { name } = from;
  try {
    await copied(folder, from, to);
  } catch (error) {
    await folder.removeEntry(to, { recursive: true }).catch(() => undefined);
    throw error;
  }
  await folder.removeEntry(name, { recursive: true });
}

async function copied(into: FileSystemDirectoryHandle, from: Handle, name: string): Promise<void> {
  if (from.kind === "directory") {
    const folder = await into.getDirectoryHandle(name, { create: true });
    for await (const inner of inside(from)) await copied(folder, inner, inner.name);
    return;
  }
  const file = await from.getFile();
  const stream = await (await into.getFileHandle(name, { create: true })).createWritable();
  // Closes it at the end, and gives it up when something goes wrong.
  await file.stream().pipeTo(stream);
}
