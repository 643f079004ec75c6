// What the browser says when something on this computer fails, in words for people and in
// the numbers of the wire.

import type { CauseFacts } from "../engine/messages";
import { CauseCode } from "../gen/guruconnect/v2/cause_pb";

/** Access can be asked for again. */
export const COMPUTER_DENIED = "computer_denied";

type Known = readonly [wire: number, code: string, sentence: string];

const DENIED: Known = [
  CauseCode.FILE_ACCESS_DENIED,
  COMPUTER_DENIED,
  "The browser has no access to this folder of this computer any more. Allow it again, or open another folder.",
];
const TAKEN: Known = [
  CauseCode.FILE_EXISTS,
  "computer_exists",
  "Something with this name is on this computer already.",
];
const NAME: Known = [
  CauseCode.FILE_NAME_NOT_ALLOWED,
  "computer_name_not_allowed",
  "The browser does not allow this name on this computer. Choose another one.",
];
const FAILED: Known = [
  CauseCode.FILE_IO_FAILED,
  "computer_failed",
  "The browser could not do that on this computer's disk. Try again, or choose another folder.",
];

/** By the name of the exception. */
const KNOWN: Readonly<Record<string, Known>> = {
  NotAllowedError: DENIED,
  SecurityError: DENIED,
  TypeMismatchError: TAKEN,
  InvalidModificationError: TAKEN,
  TypeError: NAME,
  NotFoundError: [
    CauseCode.FILE_NOT_FOUND,
    "computer_not_found",
    "It is not there any more: something on this computer moved or removed it.",
  ],
  QuotaExceededError: [
    CauseCode.DISK_FULL,
    "computer_disk_full",
    "There is not enough room on the disk of this computer. Free some and try again.",
  ],
  NoModificationAllowedError: [
    CauseCode.FILE_IO_FAILED,
    "computer_in_use",
    "Another tab or transfer is writing to this file. Try again when it is done.",
  ],
  NotReadableError: [
    CauseCode.FILE_IO_FAILED,
    "computer_unreadable",
    "This computer does not let the browser read it.",
  ],
  // What its protection against malware takes for dangerous.
  AbortError: [
    CauseCode.FILE_IO_FAILED,
    "computer_refused",
    "The browser refused to keep this file because it takes it for dangerous.",
  ],
};

export interface LocalCause {
  /** The number that the other end is told. */
  wire: number;
  facts: CauseFacts;
}

export function localCause(error: unknown): LocalCause {
  const name = error instanceof Error || error instanceof DOMException ? error.name : "";
  const [wire, code, sentence] = KNOWN[name] ?? FAILED;
  return { wire, facts: { code, sentence, detail: "" } };
}

/** Something has this name. */
export function takenHere(): CauseFacts {
  const [, code, sentence] = TAKEN;
  return { code, sentence, detail: "" };
}
