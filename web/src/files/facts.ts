// What page and engine tell each other about files.

import type { CauseFacts } from "../engine/messages";

/** A place of the machine and the way from it; an empty place is the drop folder. */
export interface RemotePath {
  place: string;
  parts: string[];
}

export interface RemoteEntry {
  name: string;
  kind: "file" | "folder" | "other";
  size: number;
  modifiedMs: number;
  /** For a place: what a path calls it. */
  place: string;
}

export type Rule = "ask" | "rename" | "skip" | "overwrite";

/** Something of this computer: a file, or a folder that may be empty. */
export interface LocalItem {
  /** Relative, parts separated by `/`. */
  path: string;
  file: LocalBytes | null;
  modifiedMs: number;
}

/** The bytes of a file, as a `File` of the browser has them. */
export interface LocalBytes {
  readonly size: number;
  slice(start: number, end: number): { arrayBuffer(): Promise<ArrayBuffer> };
  /** What comes from another page can be read once, in order, as it arrives. */
  readonly arriving?: ByteStream;
}

export interface ByteStream {
  /** Bytes that can be taken now; throws when there will be no more of them. */
  readonly ready: number;
  take(length: number): Uint8Array<ArrayBuffer>;
  /** Nobody wants the rest. */
  release(): void;
}

export type TransferStatus = "running" | "paused" | "waiting" | "done" | "stopped";

export interface TransferFacts {
  number: number;
  direction: "upload" | "download";
  /** Name of the first thing in it. */
  title: string;
  status: TransferStatus;
  files: number;
  totalFiles: number;
  bytes: number;
  totalBytes: number;
  /** Bytes a second. */
  rate: number;
  leftS: number | null;
  current: string | null;
  cause: CauseFacts | null;
  /** Files that did not come through, with why; the first hundred. */
  failed: { path: string; cause: CauseFacts }[];
  failures: number;
}

export interface FilePolicyFacts {
  upload: boolean;
  download: boolean;
  maxFileBytes: number | null;
  allowed: string[];
  blocked: string[];
  /** Files can be dropped at a point of the picture, and dragged out of it. */
  drags: boolean;
}

export interface ConflictFacts {
  transfer: number;
  index: number;
  path: string;
  size: number;
  existingSize: number;
  existingModifiedMs: number;
}

export type FolderStep =
  | { kind: "list" | "make" | "delete"; path: RemotePath }
  | { kind: "rename"; path: RemotePath; name: string };

/** An upload whose end somebody waits for. */
export interface AskedUpload {
  token: number;
  /** Instead of the name of the first thing in it. */
  title: string;
}

export type FilesCommand =
  | { do: "upload"; items: LocalItem[]; folder: RemotePath; rule: Rule; asked?: AskedUpload }
  | { do: "download"; sources: RemotePath[]; folder: FileSystemDirectoryHandle | null; rule: Rule }
  | { do: "choose"; transfer: number; index: number; rule: Rule; all: boolean }
  | { do: "pause"; transfer: number; paused: boolean }
  | { do: "cancel" | "retry" | "forget"; transfer: number }
  | { do: "request"; request: number; step: FolderStep }
  | { do: "drop"; request: number; folder: RemotePath; x: number; y: number }
  | { do: "drag-out"; request: number }
  /** From here to the page that listens on a channel, and the other way round. */
  | { do: "give"; sources: RemotePath[]; channel: string }
  | { do: "fetch"; folder: RemotePath; below: string; channel: string; asked: AskedUpload };

export type FilesEvent =
  | { what: "state"; policy: FilePolicyFacts | null; transfers: TransferFacts[]; conflicts: ConflictFacts[] }
  | { what: "reply"; request: number; entries: RemoteEntry[]; cut: boolean; cause: CauseFacts | null }
  | { what: "save"; name: string; data: Blob }
  | { what: "dropped"; request: number; cause: CauseFacts | null; folder: RemotePath | null }
  | { what: "dragged-out"; request: number; paths: RemotePath[]; cause: CauseFacts | null }
  /** An upload with this token is over; with a cause when something of it is missing. */
  | { what: "uploaded"; token: number; cause: CauseFacts | null };
