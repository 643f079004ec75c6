// What the components of the viewer show.

import type { Abilities } from "../engine/actions";
import type { Crossed } from "../engine/clipboard";
import type {
  CauseFacts,
  DesktopSessionsFacts,
  DisplayFacts,
  EngineStats,
  LinkPhase,
  NoticeTopicName,
  QualitySettings,
  SessionFacts,
} from "../engine/messages";
import { type FilesState, NO_FILES } from "../files/controller";
import type { DropFacts } from "./file-drop";
import type { FileOffer, PasteFacts } from "./file-paste";
import type { PeerOffer } from "./peer-offers";

/** Bits of a participant's rights. */
export const RIGHT_CONTROL = 2;
export const RIGHT_CLIPBOARD = 4;
export const RIGHT_FILES = 8;

export interface ViewerState {
  phase: LinkPhase;
  cause: CauseFacts | null;
  retryAt: number | null;
  session: SessionFacts | null;
  surface: { width: number; height: number; displayId: number } | null;
  displays: DisplayFacts[];
  selectedDisplay: number;
  /** Null where the agent knows of one only. */
  desktopSessions: DesktopSessionsFacts | null;
  notices: Partial<Record<NoticeTopicName, CauseFacts>>;
  /** What the machine can be told to do; null until its agent has said it. */
  actions: Abilities | null;
  stats: EngineStats | null;
  quality: QualitySettings;
  scaling: "fit" | "one";
  textMode: boolean;
  fullScreen: boolean;
  clipboardOn: boolean;
  clipboardFlash: "in" | "out" | null;
  /** What crossed last. */
  clipboardCrossed: (Crossed & { direction: "in" | "out" }) | null;
  /** Text from the machine that the browser does not let through yet. */
  clipboardWaiting: boolean;
  showStats: boolean;
  showRegions: boolean;
  files: FilesState;
  /** Files that were copied on the machine. */
  fileOffer: FileOffer | null;
  /** Files of this computer that are being pasted. */
  filePaste: PasteFacts | null;
  /** Files of this computer that are being dropped at a point. */
  fileDrop: DropFacts | null;
  /** Files that were copied in the session of another tab. */
  peerOffer: PeerOffer | null;
}

export const START: ViewerState = {
  phase: "connecting",
  cause: null,
  retryAt: null,
  session: null,
  surface: null,
  displays: [],
  selectedDisplay: 0,
  desktopSessions: null,
  notices: {},
  actions: null,
  stats: null,
  quality: { preset: "auto", fps: 30, kbps: 4000 },
  scaling: "fit",
  textMode: false,
  fullScreen: false,
  clipboardOn: true,
  clipboardFlash: null,
  clipboardCrossed: null,
  clipboardWaiting: false,
  showStats: false,
  showRegions: false,
  files: NO_FILES,
  fileOffer: null,
  filePaste: null,
  fileDrop: null,
  peerOffer: null,
};
