// Files that are dragged onto the picture and out of it, and those of the sessions in
// other tabs.

import type { CauseFacts } from "../engine/messages";
import { type FilesController, MAX_SOURCES } from "../files/controller";
import type { LocalItem } from "../files/facts";
import { DragEdge } from "./drag-edge";
import { FileDrop } from "./file-drop";
import type { FilePaste } from "./file-paste";
import { PLACE } from "./pasted-place";
import { openTabs, PeerOffers } from "./peer-offers";
import type { ViewerState } from "./state";

/** Why files of another session did not come. What streams from another tab is read once:
 * unlike other transfers, this one is not taken up again. */
export function ofPeer(cause: CauseFacts | null): CauseFacts | null {
  if (cause?.code !== "file_peer_gone") return cause;
  return { ...cause, sentence: "The other session or the connection is gone. Paste them once more." };
}

export interface FileDragPorts {
  files: FilesController;
  filePaste: FilePaste;
  canvas: HTMLElement;
  session: string;
  state(): ViewerState;
  update(change: Partial<ViewerState>): void;
  inControl(): boolean;
  mayMoveFiles(): boolean;
  mayUseClipboard(): boolean;
  /** On the machine's screen. */
  place(event: MouseEvent): { x: number; y: number };
}

export class FileDrags {
  readonly drop: FileDrop;
  private readonly edge = new DragEdge(() => void this.dragOut());
  private peers: PeerOffers | null = null;

  constructor(private readonly ports: FileDragPorts) {
    this.drop = new FileDrop({
      files: ports.files,
      changed: (fileDrop) => ports.update({ fileDrop }),
      now: () => new Date(),
    });
  }

  /** From now on other tabs know of this one. */
  begin(): void {
    const { ports } = this;
    this.peers = new PeerOffers({
      tabs: openTabs(),
      session: ports.session,
      changed: (peerOffer) => ports.update({ peerOffer }),
      give: (channel) => {
        const { fileOffer } = ports.state();
        if (fileOffer) ports.files.give(fileOffer.paths, channel);
      },
    });
  }

  /** The page goes, perhaps to come back. */
  leave(): void {
    this.peers?.announce(null);
  }

  /** No button is held here any more. */
  letGo(): void {
    this.edge.forget();
  }

  close(): void {
    this.drop.close();
    this.edge.forget();
    this.peers?.close();
    this.peers = null;
  }

  /** Files can be dropped on a window of the machine. */
  get aimsDrops(): boolean {
    const { policy } = this.ports.state().files;
    return this.ports.inControl() && policy?.drags === true && policy.upload;
  }

  /** Takes what is dropped on the picture, for that point; null where it only goes up. */
  aim(event: DragEvent): ((reading: Promise<LocalItem[]>) => void) | null {
    const box = this.ports.canvas.getBoundingClientRect();
    const { clientX: x, clientY: y } = event;
    const inside = x >= box.left && x < box.right && y >= box.top && y < box.bottom;
    const panel = event.target instanceof Element && event.target.closest(".files-panel") !== null;
    if (!inside || panel || !this.aimsDrops) return null;
    const point = this.ports.place(event);
    return (reading) => void this.drop.begin(reading, point.x, point.y);
  }

  watchEdge(event: PointerEvent): void {
    const { policy } = this.ports.state().files;
    const held = (event.buttons & 1) !== 0 && this.ports.inControl() && this.ports.mayMoveFiles();
    const may = held && policy?.drags === true && policy.download;
    const { innerWidth: right, innerHeight: bottom } = window;
    const reach = { left: 0, top: 0, right, bottom };
    this.edge.move(event.clientX, event.clientY, may, this.ports.canvas.getBoundingClientRect(), reach);
  }

  /** Whatever is being dragged on the machine has left the picture; most often nothing is. */
  private async dragOut(): Promise<void> {
    const { paths, cause } = await this.ports.files.dragOut();
    if (paths.length > 0) this.ports.filePaste.dragged(paths);
    else if (cause?.code === "files_too_many") this.ports.filePaste.fail("Files", cause.sentence);
  }

  // Files of other sessions --------------------------------------------------------

  /** Tells other tabs what can be pasted there. */
  announce(): void {
    const { fileOffer, session } = this.ports.state();
    // One transfer takes no more of them.
    const offered = fileOffer && fileOffer.paths.length <= MAX_SOURCES ? fileOffer : null;
    this.peers?.announce(
      offered && {
        machine: session?.machineName ?? "",
        count: offered.paths.length,
        names: offered.paths.slice(0, 3).map(({ parts }) => parts.at(-1) ?? ""),
      },
    );
  }

  /** Whether files of another session can be pasted here. */
  get mayPasteFiles(): boolean {
    return (
      this.ports.mayMoveFiles() &&
      this.ports.inControl() &&
      this.ports.mayUseClipboard() &&
      this.ports.state().files.policy?.upload === true
    );
  }

  /** Pastes what was copied in the session of another tab. */
  pastePeer(): void {
    const offer = this.ports.state().peerOffer;
    if (!offer || !this.peers) return;
    const { peers } = this;
    peers.dismiss(offer);
    const [first = ""] = offer.names;
    const title = offer.count === 1 ? first : `${offer.count} files and folders`;
    void this.ports.filePaste.beginFrom(title, async (folder) => {
      let done: Promise<CauseFacts | null> | null = null;
      const place = { place: PLACE, parts: [] };
      const still = await peers.take(offer, (channel) => {
        done = this.ports.files.fetched(channel, place, folder, title);
      });
      if (still && done) return ofPeer(await done);
      const sentence = "They are not on the clipboard of the other session any more.";
      return { code: "file_peer_gone", sentence, detail: "" };
    });
  }

  dismissPeer(): void {
    const { peerOffer } = this.ports.state();
    if (peerOffer) this.peers?.dismiss(peerOffer);
  }
}
