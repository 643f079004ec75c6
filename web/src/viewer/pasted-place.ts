// The machine's place for what is pasted or dropped: each time a folder of its own.

import type { CauseFacts } from "../engine/messages";
import type { FilesController } from "../files/controller";
import type { LocalItem, RemotePath } from "../files/facts";

/** As paths call it. */
export const PLACE = "pasted";

/** Sorts by time, is a name everywhere, and is no other paste's. */
export function folderName(now: Date): string {
  const two = (number: number) => String(number).padStart(2, "0");
  const day = `${now.getFullYear()}-${two(now.getMonth() + 1)}-${two(now.getDate())}`;
  const time = `${two(now.getHours())}.${two(now.getMinutes())}.${two(now.getSeconds())}`;
  const [noise = 0] = crypto.getRandomValues(new Uint16Array(1));
  return `${day} ${time} ${noise.toString(16).padStart(4, "0")}`;
}

/** What lies in a folder of it, or why that cannot be told. */
export async function waiting(
  files: Pick<FilesController, "ask">,
  folder: string,
): Promise<RemotePath[] | CauseFacts> {
  const answer = await files.ask({ kind: "list", path: { place: PLACE, parts: [folder] } });
  if (answer.cause) return answer.cause;
  return answer.entries
    .filter(({ kind }) => kind !== "other")
    .map(({ name }) => ({ place: PLACE, parts: [folder, name] }));
}

/** The files and folders that are not inside another one. */
export function topsOf(items: readonly LocalItem[]): ReadonlySet<string> {
  return new Set(items.map(({ path }) => path.split("/")[0] ?? path));
}

/** The same for the same files, as far as a browser tells. */
export function markOf(items: readonly LocalItem[]): string {
  return JSON.stringify(items.map(({ path, file, modifiedMs }) => [path, file?.size, file && modifiedMs]));
}

/** For people: the one thing's name, or how many there are. */
export function titleOf(tops: ReadonlySet<string>): string {
  const [first = ""] = tops;
  return tops.size === 1 ? first : `${tops.size} files and folders`;
}
