// From one side to the other: files of this computer go up, those of the machine come down
// into the folder that is open here.

import type { CauseFacts } from "../../engine/messages";
import type { FilesController } from "../controller";
import { localCause } from "../local-cause";
import type { ComputerSide } from "./computer-side";
import { pathOf } from "./machine-side";
import type { Entry, Way } from "./side";

export interface Copy {
  from: "computer" | "machine";
  /** The folder that the entries are in, and the one on the other side. */
  way: Way;
  entries: readonly Entry[];
  into: Way;
}

type Files = Pick<FilesController, "upload" | "downloadTo">;

/**
 * Begins the transfer. Resolves to what kept it, or some of it, from beginning; `found` is told
 * how many files of this computer were found so far.
 */
export async function copyOver(
  copy: Copy,
  computer: ComputerSide,
  files: Files,
  found: (files: number) => void,
): Promise<CauseFacts | null> {
  const { from, way, entries, into } = copy;
  if (entries.length === 0) return null;
  if (from === "machine") {
    try {
      const folder = await computer.folder(into);
      files.downloadTo(
        entries.map(({ step }) => pathOf([...way, step])),
        folder,
      );
      return null;
    } catch (error) {
      return localCause(error).facts;
    }
  }
  const { items, unread, unreadCount, cause } = await computer.walk(way, entries, found);
  files.upload(items, pathOf(into));
  if (!cause || unread === null) return null;
  const what = unreadCount === 1 ? unread : `${unread} and ${unreadCount - 1} more`;
  return { ...cause, sentence: `Not sent: ${what}. ${cause.sentence}` };
}
