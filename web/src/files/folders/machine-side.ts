// The folders of the machine, as far as its user may see them.

import type { CauseFacts } from "../../engine/messages";
import type { FilesController } from "../controller";
import type { FolderStep, RemotePath } from "../facts";
import type { Entry, Listing, Side, Way } from "./side";

/** The empty way is the list of places, and for uploads the folder for drops. */
export function pathOf(way: Way): RemotePath {
  const [place = "", ...parts] = way;
  return { place, parts };
}

export class MachineSide implements Side {
  readonly id = "machine";

  constructor(private readonly files: Pick<FilesController, "ask">) {}

  holds(way: Way): boolean {
    return way.length > 0;
  }

  async list(way: Way): Promise<Listing> {
    const { entries, cut, cause } = await this.files.ask({ kind: "list", path: pathOf(way) });
    const places = way.length === 0;
    return {
      entries: entries.map(({ name, kind, size, modifiedMs, place }) => ({
        name,
        step: places ? place : name,
        kind: places ? "folder" : kind,
        size,
        modifiedMs,
      })),
      cut,
      cause,
    };
  }

  private async step(step: FolderStep): Promise<CauseFacts | null> {
    return (await this.files.ask(step)).cause;
  }

  make(way: Way, name: string): Promise<CauseFacts | null> {
    return this.step({ kind: "make", path: pathOf([...way, name]) });
  }

  rename(way: Way, entry: Entry, name: string): Promise<CauseFacts | null> {
    return this.step({ kind: "rename", path: pathOf([...way, entry.step]), name });
  }

  remove(way: Way, entry: Entry): Promise<CauseFacts | null> {
    return this.step({ kind: "delete", path: pathOf([...way, entry.step]) });
  }
}
