// Files between the clipboards. Bytes move when they are pasted: what was copied on the
// machine is offered for download, what was copied here goes up when somebody pastes.

import type { ClipboardContent } from "../engine/clipboard";
import type { CauseFacts } from "../engine/messages";
import type { FilesController } from "../files/controller";
import type { LocalItem, RemotePath } from "../files/facts";
import { MAX_CLIPBOARD_PATHS } from "../wire/limits";
import { folderName, markOf, PLACE, titleOf, topsOf, waiting } from "./pasted-place";

/** The offer leaves the picture after this; it stays in the file panel. */
const OFFER_SHOWN_MS = 12_000;
const READY_SHOWN_MS = 12_000;

/** Files that were copied on the machine, or dragged out of its picture. */
export interface FileOffer {
  paths: RemotePath[];
  how: "copied" | "dragged";
  /** Over the picture, and not in the panel alone. */
  shown: boolean;
}

/** A paste of files from here, to be shown. */
export type PasteFacts =
  | { at: "sending"; title: string }
  /** They are on the machine's clipboard; something else was done there meanwhile. */
  | { at: "ready"; title: string }
  | { at: "failed"; title: string; sentence: string };

export interface PastePorts {
  files: Pick<FilesController, "uploaded" | "ask" | "download">;
  /** Puts a content on the machine's clipboard; `delivered` or `refused` follows. */
  copy(content: ClipboardContent): void;
  /** Strikes Ctrl + V on the machine. */
  press(): void;
  changed(offer: FileOffer | null, paste: PasteFacts | null): void;
  now(): Date;
}

export class FilePaste {
  private offer: FileOffer | null = null;
  private paste: PasteFacts | null = null;
  private offerTimer: ReturnType<typeof setTimeout> | null = null;
  private pasteTimer: ReturnType<typeof setTimeout> | null = null;
  /** Which paste is under way; a later one takes its place. */
  private turn = 0;
  /** Waits for the machine's clipboard. */
  private copying: { title: string } | null = null;
  /** Nothing was struck or clicked on the machine since. */
  private untouched = true;
  /** What was sent up last, so that pasting it once more sends nothing. */
  private last: { mark: string; paths: RemotePath[] } | null = null;

  constructor(private readonly ports: PastePorts) {}

  // From the machine -------------------------------------------------------------

  /** What the machine's clipboard holds now; null for no files. */
  copied(paths: RemotePath[] | null): void {
    this.offered(paths, "copied");
    // It took the place of what was on its way.
    if (this.copying) this.fail(this.copying.title, "Something else was copied on the machine meanwhile.");
    else this.tell();
  }

  /** What was dragged out of the picture. */
  dragged(paths: RemotePath[]): void {
    this.offered(paths, "dragged");
    this.tell();
  }

  private offered(paths: RemotePath[] | null, how: FileOffer["how"]): void {
    this.withdraw();
    this.offer = paths && { paths, how, shown: true };
    if (paths) this.offerTimer = setTimeout(() => this.dismissOffer(), OFFER_SHOWN_MS);
  }

  private withdraw(): void {
    if (this.offerTimer !== null) clearTimeout(this.offerTimer);
    this.offerTimer = null;
    this.offer = null;
  }

  /** Fetches what was copied there. */
  accept(choose: boolean): void {
    if (!this.offer) return;
    const { paths } = this.offer;
    this.dismissOffer();
    void this.ports.files.download(paths, choose);
  }

  dismissOffer(): void {
    if (!this.offer) return;
    this.offer = { ...this.offer, shown: false };
    this.tell();
  }

  // To the machine ---------------------------------------------------------------

  /** Somebody pastes files of this computer. */
  async begin(reading: Promise<LocalItem[]>): Promise<void> {
    this.turn += 1;
    const { turn } = this;
    this.untouched = true;
    this.copying = null;
    let items: LocalItem[];
    try {
      items = await reading;
    } catch {
      this.fail("Files", "The browser could not read what was copied. Drop it on the picture instead.");
      return;
    }
    if (turn !== this.turn || items.length === 0) return;
    const tops = topsOf(items);
    const title = titleOf(tops);
    if (tops.size > MAX_CLIPBOARD_PATHS) {
      this.fail(title, "They are too many to be pasted at once. Drop them on the picture instead.");
      return;
    }
    const mark = markOf(items);
    this.show({ at: "sending", title });
    let paths = this.last?.mark === mark ? this.last.paths : null;
    if (!paths) {
      const folder = folderName(this.ports.now());
      const inside = items.map((item) => ({ ...item, path: `${folder}/${item.path}` }));
      const cause = await this.ports.files.uploaded(inside, { place: PLACE, parts: [] }, title);
      paths = await this.arrived(turn, title, folder, cause);
      if (!paths) return;
      this.last = { mark, paths };
    }
    this.copy(title, paths);
  }

  /** Somebody pastes what was copied on another machine; `take` fetches it into a folder
   * of the machine's place for pastes. */
  async beginFrom(title: string, take: (folder: string) => Promise<CauseFacts | null>): Promise<void> {
    this.turn += 1;
    const { turn } = this;
    this.untouched = true;
    this.copying = null;
    this.show({ at: "sending", title });
    const folder = folderName(this.ports.now());
    const paths = await this.arrived(turn, title, folder, await take(folder));
    if (paths) this.copy(title, paths);
  }

  /** Where what was sent up is, by the machine's own names; null when nobody pastes it. */
  private async arrived(
    turn: number,
    title: string,
    folder: string,
    cause: CauseFacts | null,
  ): Promise<RemotePath[] | null> {
    const there = cause ?? (await waiting(this.ports.files, folder));
    if (turn !== this.turn) return null;
    if (Array.isArray(there)) return there;
    this.fail(title, there.sentence);
    return null;
  }

  private copy(title: string, paths: RemotePath[]): void {
    this.copying = { title };
    this.ports.copy({ files: paths });
  }

  /** Files that were copied here are on the machine's clipboard. */
  delivered(): void {
    if (!this.copying) return;
    const { title } = this.copying;
    this.copying = null;
    if (this.untouched) {
      this.show(null);
      this.ports.press();
    } else {
      this.show({ at: "ready", title });
      this.pasteTimer = setTimeout(() => this.dismissPaste(), READY_SHOWN_MS);
    }
  }

  /** The machine did not take them. */
  refused(cause: CauseFacts): void {
    if (!this.copying) return;
    // Perhaps they were cleared away: the next paste sends them anew.
    this.last = null;
    this.fail(this.copying.title, cause.sentence);
  }

  /** Something that was copied here is on its way to the machine's clipboard. */
  sent(files: boolean): void {
    this.withdraw();
    if (this.copying && !files) this.fail(this.copying.title, "Something else was copied meanwhile.");
    else this.tell();
  }

  /** There is no link: the machine tells anew what its clipboard holds. */
  lost(): void {
    this.withdraw();
    if (this.copying) this.fail(this.copying.title, "The connection was lost. Paste once more.");
    else this.tell();
  }

  /** A key or a button was struck: a paste that comes later may hit something else. */
  touched(): void {
    this.untouched = false;
  }

  /** What cannot be pasted, and why. */
  fail(title: string, sentence: string): void {
    this.turn += 1;
    this.copying = null;
    this.show({ at: "failed", title, sentence });
  }

  dismissPaste(): void {
    this.show(null);
  }

  close(): void {
    if (this.offerTimer !== null) clearTimeout(this.offerTimer);
    if (this.pasteTimer !== null) clearTimeout(this.pasteTimer);
  }

  private show(paste: PasteFacts | null): void {
    if (this.pasteTimer !== null) clearTimeout(this.pasteTimer);
    this.pasteTimer = null;
    this.paste = paste;
    this.tell();
  }

  private tell(): void {
    this.ports.changed(this.offer, this.paste);
  }
}
