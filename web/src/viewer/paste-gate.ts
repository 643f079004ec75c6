// Ctrl + V: what is pasted has to be on the machine before the key arrives there. Keys that
// are struck meanwhile wait behind it.

import { causeFacts } from "../engine/cause";
import type { ClipboardContent } from "../engine/clipboard";
import type { LocalItem } from "../files/facts";
import { pastedFiles } from "../files/local";
import { CauseCode } from "../gen/guruconnect/v2/cause_pb";
import type { Keyboard } from "../input/keyboard";
import type { FilePaste } from "./file-paste";
import { type LocalClipboard, pasted } from "./local-clipboard";
import type { ViewerState } from "./state";

const PASTE_GRACE_MS = 60;
/** A picture takes longer; the machine tells when it is there. */
const PASTE_PICTURE_MS = 5_000;
const PASTE_WAIT_MS = 40;

export interface PastePorts {
  keyboard: Keyboard;
  clipboard: LocalClipboard;
  filePaste: FilePaste;
  state(): ViewerState;
  inControl(): boolean;
  mayUseClipboard(): boolean;
  mayMoveFiles(): boolean;
  /** To the machine's clipboard. */
  offer(content: ClipboardContent): void;
}

export class PasteGate {
  /** Key events that wait for a paste to reach the machine first. */
  private gate: (() => void)[] | null = null;
  /** A key whose stroke was taken for something else, until it goes up. */
  private takenKey: string | null = null;
  private pasteUnderWay = false;

  constructor(private readonly ports: PastePorts) {}

  /** What waits is for nobody any more. */
  drop(): void {
    this.gate = null;
  }

  /** The machine has what is to be pasted there. */
  delivered(): void {
    if (this.pasteUnderWay) this.open(true);
  }

  /** A key of somebody who is in control. */
  down(event: KeyboardEvent): void {
    void this.ports.clipboard.gesture();
    if (event.repeat && event.code === this.takenKey) {
      event.preventDefault();
      return;
    }
    if (!event.repeat && !/^(Shift|Control|Alt|Meta)/.test(event.code)) this.ports.filePaste.touched();
    if (this.gate) {
      event.preventDefault();
      this.gate.push(() => this.ports.keyboard.down(event));
      return;
    }
    const paste = event.code === "KeyV" && (event.ctrlKey || event.metaKey) && !event.altKey && !event.repeat;
    if (paste && this.ports.mayUseClipboard()) {
      // Not prevented: the browser then hands over the clipboard with a paste event.
      this.gate = [() => this.ports.keyboard.down(event)];
      setTimeout(() => this.open(), PASTE_WAIT_MS);
      return;
    }
    if (this.ports.keyboard.down(event).prevent) event.preventDefault();
  }

  up(event: KeyboardEvent): void {
    if (event.code === this.takenKey) this.takenKey = null;
    if (this.gate) this.gate.push(() => this.ports.keyboard.up(event));
    else if (this.ports.keyboard.up(event).prevent) event.preventDefault();
  }

  pasted(event: ClipboardEvent): void {
    event.preventDefault();
    if (!event.clipboardData) return;
    // By the browser's menu: no key was struck that waits.
    if (!this.gate && this.ports.inControl()) this.gate = [() => this.ports.keyboard.paste()];
    const held = this.gate;
    const files = pastedFiles(event.clipboardData, Date.now());
    if (files) {
      const text = event.clipboardData.getData("text/plain");
      this.pasteFiles(files, held, text);
      return;
    }
    if (!held || !this.ports.mayUseClipboard()) {
      this.open();
      return;
    }
    this.pasteUnderWay = true;
    const open = () => this.gate === held && this.open(true);
    void pasted(event.clipboardData).then((content) => {
      if (Object.keys(content).length === 0) {
        open();
        return;
      }
      this.ports.offer(content);
      // What is pasted travels behind input; the machine needs it before the key
      // arrives. Machines tell when they have it; older ones do not, and get text only.
      const trip = this.ports.state().stats?.roundTripMs ?? 0;
      setTimeout(open, (content.png ? PASTE_PICTURE_MS : PASTE_GRACE_MS) + trip);
    });
  }

  /** The key is struck when the files are there; all others go on meanwhile. */
  private pasteFiles(files: Promise<LocalItem[]>, held: (() => void)[] | null, text: string): void {
    if (held) this.takenKey = "KeyV";
    held?.shift();
    this.open();
    const { policy } = this.ports.state().files;
    if (!this.ports.mayMoveFiles() || (policy && !policy.upload)) {
      this.ports.filePaste.fail("Files", causeFacts(CauseCode.FILES_DENIED).sentence);
    } else if (!this.ports.inControl()) {
      this.ports.filePaste.fail("Files", "Take control first, then paste.");
    } else if (!this.ports.mayUseClipboard()) {
      this.ports.filePaste.fail(
        "Files",
        "The clipboard is not shared. Switch it on, or drop the files on the picture.",
      );
    } else {
      this.ports.clipboard.passOver({ text });
      void this.ports.filePaste.begin(files);
    }
  }

  private open(delivered = false): void {
    if (this.pasteUnderWay && !delivered) return;
    this.pasteUnderWay = false;
    const waiting = this.gate ?? [];
    this.gate = null;
    for (const work of waiting) work();
  }
}
