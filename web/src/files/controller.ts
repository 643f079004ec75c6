// The page's side of file transfers: state for the panel, drags onto the session,
// questions to the machine's folders.

import type { CauseFacts } from "../engine/messages";
import type {
  ConflictFacts,
  FilePolicyFacts,
  FilesCommand,
  FilesEvent,
  FolderStep,
  LocalItem,
  RemoteEntry,
  RemotePath,
  TransferFacts,
} from "./facts";
import { dropped, save } from "./local";
import { canPickFolder, pickFolder } from "./pick";

export interface FilesState {
  shown: boolean;
  /** Null until the machine has said what it allows. */
  policy: FilePolicyFacts | null;
  transfers: TransferFacts[];
  conflicts: ConflictFacts[];
  /** Files are being dragged over the session. */
  dragging: boolean;
  /** Where uploads go. */
  folder: RemotePath;
  /** What could not be begun. */
  problem: string | null;
}

export const DROP_FOLDER: RemotePath = { place: "", parts: [] };

/** Things that one download may begin with. */
export const MAX_SOURCES = 256;

export const NO_FILES: FilesState = {
  shown: false,
  policy: null,
  transfers: [],
  conflicts: [],
  dragging: false,
  folder: DROP_FOLDER,
  problem: null,
};

export interface FolderAnswer {
  entries: RemoteEntry[];
  cut: boolean;
  cause: CauseFacts | null;
}

/** What became of files that were dropped at a point; without a cause, a program has them. */
export interface DropAnswer {
  cause: CauseFacts | null;
  /** Where they are instead; null for nowhere that a person would find them. */
  folder: RemotePath | null;
}

export interface DragAnswer {
  paths: RemotePath[];
  cause: CauseFacts | null;
}

/** What the panel comes back to when it is opened again. */
export interface PanelMemory {
  tab: "transfers" | "folders" | null;
  /** The side that keys act on. */
  active: "computer" | "machine";
  /** The folder of this computer that was opened. */
  root: FileSystemDirectoryHandle | null;
  computer: { way: readonly string[] };
  machine: { way: readonly string[] };
  /** A person opened the panel just now, and it did not open by itself. */
  summoned: boolean;
}

function isFailedDownload({ direction, status, failures, cause }: TransferFacts): boolean {
  const stopped = status === "stopped" && cause?.code !== "files_cancelled";
  return direction === "download" && (stopped || failures > 0);
}

export class FilesController {
  private state: FilesState = NO_FILES;
  private lastRequest = 0;
  /** Transfers of which it was shown that they failed. */
  private readonly failed = new Set<number>();
  private lastToken = 0;
  private readonly uploads = new Map<number, (cause: CauseFacts | null) => void>();
  private readonly answers = new Map<number, (answer: FolderAnswer) => void>();
  private readonly drops = new Map<number, (answer: DropAnswer) => void>();
  private readonly drags = new Map<number, (answer: DragAnswer) => void>();
  readonly memory: PanelMemory = {
    tab: null,
    active: "machine",
    root: null,
    computer: { way: [] },
    machine: { way: [] },
    summoned: false,
  };

  constructor(
    private readonly send: (command: FilesCommand) => void,
    private readonly changed: (state: FilesState) => void,
  ) {}

  private update(change: Partial<FilesState>): void {
    this.state = { ...this.state, ...change };
    this.changed(this.state);
  }

  receive(event: FilesEvent): void {
    switch (event.what) {
      case "state": {
        const asked = event.conflicts.length > 0 && this.state.conflicts.length === 0;
        const { policy, transfers, conflicts } = event;
        // A download begins without the panel; what went wrong has to be seen.
        const failed = transfers.filter(isFailedDownload).map(({ number }) => number);
        const fresh = failed.some((number) => !this.failed.has(number));
        for (const number of failed) this.failed.add(number);
        this.update({ policy, transfers, conflicts, shown: this.state.shown || asked || fresh });
        break;
      }
      case "reply":
        this.answers.get(event.request)?.(event);
        this.answers.delete(event.request);
        break;
      case "save":
        save(event.name, event.data);
        break;
      case "dropped":
        this.drops.get(event.request)?.(event);
        this.drops.delete(event.request);
        break;
      case "dragged-out":
        this.drags.get(event.request)?.(event);
        this.drags.delete(event.request);
        break;
      case "uploaded":
        this.uploads.get(event.token)?.(event.cause);
        this.uploads.delete(event.token);
        break;
    }
  }

  show(shown: boolean): void {
    this.memory.summoned = shown;
    this.update({ shown, problem: null });
  }

  setFolder(folder: RemotePath): void {
    this.update({ folder });
  }

  upload(items: LocalItem[], folder = this.state.folder): void {
    if (items.length === 0) return;
    this.update({ shown: true, problem: null });
    this.send({ do: "upload", items, folder, rule: "ask" });
  }

  /** The same, to its end: null, or why something is missing. The panel stays as it is. */
  uploaded(items: LocalItem[], folder: RemotePath, title: string): Promise<CauseFacts | null> {
    this.lastToken += 1;
    const token = this.lastToken;
    return new Promise((resolve) => {
      this.uploads.set(token, resolve);
      this.send({ do: "upload", items, folder, rule: "rename", asked: { token, title } });
    });
  }

  /** The same of what another page gives by a channel; into a folder below. */
  fetched(channel: string, folder: RemotePath, below: string, title: string): Promise<CauseFacts | null> {
    this.lastToken += 1;
    const token = this.lastToken;
    return new Promise((resolve) => {
      this.uploads.set(token, resolve);
      this.send({ do: "fetch", folder, below, channel, asked: { token, title } });
    });
  }

  /** Another page takes these files of the machine. */
  give(sources: RemotePath[], channel: string): void {
    this.send({ do: "give", sources, channel });
  }

  /** Drops what is in a folder for pastes on the window at a point of the picture. */
  drop(folder: RemotePath, x: number, y: number): Promise<DropAnswer> {
    this.lastRequest += 1;
    const request = this.lastRequest;
    return new Promise((resolve) => {
      this.drops.set(request, resolve);
      this.send({ do: "drop", request, folder, x, y });
    });
  }

  /** The files that are being dragged on the machine; the drag ends there. */
  dragOut(): Promise<DragAnswer> {
    this.lastRequest += 1;
    const request = this.lastRequest;
    return new Promise((resolve) => {
      this.drags.set(request, resolve);
      this.send({ do: "drag-out", request });
    });
  }

  /** Into a folder that the person chooses, or, where the browser has no such thing,
   * into the browser's downloads. */
  async download(sources: RemotePath[], choose: boolean): Promise<void> {
    if (sources.length === 0) return;
    const folder = choose && this.canChooseFolder ? await this.chooseFolder() : null;
    if (choose && this.canChooseFolder && !folder) return;
    this.downloadTo(sources, folder);
  }

  /** Into a folder of this computer; null for the browser's downloads. */
  downloadTo(sources: RemotePath[], folder: FileSystemDirectoryHandle | null): void {
    this.update({ problem: null });
    for (let at = 0; at < sources.length; at += MAX_SOURCES) {
      this.send({ do: "download", sources: sources.slice(at, at + MAX_SOURCES), folder, rule: "ask" });
    }
  }

  /** A folder that the person chooses; null when they, or the browser, think better of it. */
  async chooseFolder(): Promise<FileSystemDirectoryHandle | null> {
    const picked = await pickFolder();
    if ("folder" in picked) return picked.folder;
    if (picked.sentence !== null) this.update({ problem: picked.sentence });
    return null;
  }

  get canChooseFolder(): boolean {
    return canPickFolder();
  }

  command(command: FilesCommand): void {
    this.send(command);
  }

  /** One step in the folders of the machine. */
  ask(step: FolderStep): Promise<FolderAnswer> {
    this.lastRequest += 1;
    const request = this.lastRequest;
    return new Promise((resolve) => {
      this.answers.set(request, resolve);
      this.send({ do: "request", request, step });
    });
  }

  /** Files dropped on the session go up. `aim` takes those that are for a point of it. */
  listen(
    stage: HTMLElement,
    signal: AbortSignal,
    allowed: () => boolean,
    aim: (event: DragEvent) => ((reading: Promise<LocalItem[]>) => void) | null,
  ): void {
    const target = stage.parentElement ?? stage;
    const ours = (event: DragEvent) => allowed() && event.dataTransfer?.types.includes("Files") === true;
    let depth = 0;
    const over = (dragging: boolean) => {
      if (this.state.dragging !== dragging) this.update({ dragging });
    };
    target.addEventListener(
      "dragenter",
      (event) => {
        if (!ours(event)) return;
        event.preventDefault();
        depth += 1;
        over(true);
      },
      { signal },
    );
    target.addEventListener("dragover", (event) => ours(event) && event.preventDefault(), { signal });
    target.addEventListener(
      "dragleave",
      () => {
        depth = Math.max(0, depth - 1);
        if (depth === 0) over(false);
      },
      { signal },
    );
    target.addEventListener(
      "drop",
      (event) => {
        // A file dropped beside the mark must not replace the page.
        event.preventDefault();
        depth = 0;
        over(false);
        if (!ours(event) || !event.dataTransfer) return;
        const aimed = aim(event);
        if (aimed) {
          aimed(dropped(event.dataTransfer));
          return;
        }
        dropped(event.dataTransfer).then(
          (items) => this.upload(items),
          () => this.update({ shown: true, problem: "The browser could not read what was dropped." }),
        );
      },
      { signal },
    );
  }
}
