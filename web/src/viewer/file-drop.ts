// Files of this computer that are dropped at a point of the picture: they go up first,
// then the machine drops them on the window at that point.

import type { CauseFacts } from "../engine/messages";
import type { FilesController } from "../files/controller";
import type { LocalItem, RemotePath } from "../files/facts";
import { MAX_CLIPBOARD_PATHS } from "../wire/limits";
import { folderName, PLACE, titleOf, topsOf } from "./pasted-place";

const SHOWN_MS = 15_000;

/** A drop, to be shown. */
export type DropFacts =
  | { at: "sending" | "dropping"; title: string }
  /** Nobody there took them. */
  | { at: "kept"; title: string; sentence: string; folder: RemotePath }
  | { at: "failed"; title: string; sentence: string };

export interface DropPorts {
  files: Pick<FilesController, "uploaded" | "upload" | "drop">;
  changed(drop: DropFacts | null): void;
  now(): Date;
}

/** Causes that are about the point; the files themselves are welcome. */
const ABOUT_THE_POINT = ["drop_not_taken", "drop_no_answer", "drag_unavailable", "not_in_control"];

export class FileDrop {
  private timer: ReturnType<typeof setTimeout> | null = null;
  /** What is shown is of the last one. */
  private turn = 0;

  constructor(private readonly ports: DropPorts) {}

  /** Somebody dropped these at a point of the surface. */
  async begin(reading: Promise<LocalItem[]>, x: number, y: number): Promise<void> {
    this.turn += 1;
    const { turn } = this;
    const show = (facts: DropFacts | null) => turn === this.turn && this.show(facts);
    let items: LocalItem[];
    try {
      items = await reading;
    } catch {
      show({ at: "failed", title: "Files", sentence: "The browser could not read what was dropped." });
      return;
    }
    if (items.length === 0) return;
    const tops = topsOf(items);
    const title = titleOf(tops);
    if (tops.size > MAX_CLIPBOARD_PATHS) {
      // Too many for one drag; not for a transfer.
      this.ports.files.upload(items);
      return;
    }
    show({ at: "sending", title });
    const folder = folderName(this.ports.now());
    const inside = items.map((item) => ({ ...item, path: `${folder}/${item.path}` }));
    const failed = await this.ports.files.uploaded(inside, { place: PLACE, parts: [] }, title);
    if (failed) {
      show({ at: "failed", title, sentence: failed.sentence });
      return;
    }
    show({ at: "dropping", title });
    const { cause, folder: put } = await this.ports.files.drop({ place: PLACE, parts: [folder] }, x, y);
    if (!cause) show(null);
    else if (put) show({ at: "kept", title, sentence: cause.sentence, folder: put });
    else this.elsewhere(items, title, cause, show);
  }

  /** They could not even be moved to the folder for drops. */
  private elsewhere(
    items: LocalItem[],
    title: string,
    cause: CauseFacts,
    show: (facts: DropFacts) => void,
  ): void {
    const again = ABOUT_THE_POINT.includes(cause.code);
    if (again) this.ports.files.upload(items);
    const sentence = again ? `${cause.sentence} They go to the folder for uploads.` : cause.sentence;
    show({ at: "failed", title, sentence });
  }

  dismiss(): void {
    this.show(null);
  }

  close(): void {
    if (this.timer !== null) clearTimeout(this.timer);
  }

  private show(facts: DropFacts | null): void {
    this.close();
    this.timer = null;
    if (facts?.at === "kept") this.timer = setTimeout(() => this.dismiss(), SHOWN_MS);
    this.ports.changed(facts);
  }
}
