// What the page and the engine (in its worker) say to each other.

import type { MessageInitShape } from "@bufbuild/protobuf";
import type { FilesCommand, FilesEvent } from "../files/facts";
import type { InputEventSchema } from "../gen/guruconnect/v2/input_pb";
import type { Abilities, ActionName } from "./actions";
import type { ClipboardContent, Crossed } from "./clipboard";
import type { Region } from "./regions";

export type InputEventInit = MessageInitShape<typeof InputEventSchema>;

export interface CauseFacts {
  /** Stable name, for people who report it. */
  code: string;
  sentence: string;
  detail: string;
}

export type NoticeTopicName =
  | "picture"
  | "input"
  | "clipboard"
  | "encoder"
  | "capture"
  | "desktop_session"
  | "action";

export interface DesktopSessionFacts {
  id: number;
  /** Empty for nobody. */
  user: string;
  state: "active" | "locked" | "logon_screen" | "disconnected" | "unknown";
  kind: "console" | "remote" | "unknown";
  name: string;
}

/** Sessions of users on the machine, and which one is shown. */
export interface DesktopSessionsFacts {
  sessions: DesktopSessionFacts[];
  current: number;
  followsConsole: boolean;
}

export type LinkPhase = "connecting" | "live" | "reconnecting" | "consent" | "ended" | "failed";

export interface ParticipantFacts {
  participant: number;
  name: string;
  rights: number;
  asks: boolean;
}

export interface SessionFacts {
  consent: "not_required" | "pending" | "granted" | "denied" | "unknown";
  agent: "online" | "stalled" | "offline" | "unknown";
  agentSinceMs: number;
  controller: number;
  participants: ParticipantFacts[];
  machineName: string;
  cause: CauseFacts | null;
  self: number;
  rights: number;
}

export interface DisplayFacts {
  id: number;
  name: string;
  width: number;
  height: number;
  primary: boolean;
}

export interface QualitySettings {
  preset: "auto" | "low" | "balanced" | "high" | "custom";
  fps: number;
  kbps: number;
  /** H.265 for motion, where the machine and every viewer can. */
  hevc?: boolean;
}

/** The steps of a picture, in order; `total` is from the machine's screen to this one. */
export const PHASES = ["capture", "encode", "network", "decode", "draw", "total"] as const;
export type Phase = (typeof PHASES)[number];

/** Why it is slow, with the figures that showed it; times in ms, 0 where unknown. */
export interface SlowFacts {
  cause: "line" | "encoder" | "remote_cpu" | "local_cpu";
  linkKbps: number;
  roundTripMs: number;
  queueMs: number;
  pictureMs: number;
  intervalMs: number;
  cpuPercent: number;
}

export type OpeningStep =
  | "engine"
  | "prepared"
  | "token"
  | "connected"
  | "welcome"
  | "surface"
  | "frame"
  | "picture";

export interface EngineStats {
  framesPresented: number;
  /** When each step towards the first picture was done, ms since 1970. */
  opening: Partial<Record<OpeningStep, number>>;
  framesDiscarded: number;
  /** Numbers that never came: dropped on the way, or meant for another viewer. */
  framesDropped: number;
  lastFrameId: number;
  bytes: number;
  fps: number;
  kbps: number;
  /** From the last byte to drawn, smoothed. */
  drawMs: number;
  /** Of the last seconds, ms; the network's is half of the round trip. */
  times: Record<Phase, { p50: number; p95: number }>;
  /** The same over time, oldest first, the longest of each part; 0 where nothing came. */
  history: Record<Phase, number[]>;
  roundTripMs: number;
  /** From capture to drawn, ms. */
  latencyMs: number;
  /** Share of pixels by kind within the last second, 0-1. */
  regions: { h264: number; tile: number; copy: number; fill: number };
  /** Share of bytes by kind within the last second, 0-1. */
  byteShares: { h264: number; tile: number; copy: number; fill: number };
  codec: string;
  encoder: string;
  targetKbps: number;
  /** What the link is believed to carry. */
  linkKbps: number;
  slow: SlowFacts | null;
  quality: QualitySettings | null;
  decodeErrors: number;
  links: number;
  offscreen: boolean;
}

export type EngineEvent =
  | { type: "files"; event: FilesEvent }
  | { type: "token-wanted" }
  | { type: "phase"; phase: LinkPhase; cause: CauseFacts | null; retryInMs: number | null }
  | { type: "session"; session: SessionFacts }
  | { type: "surface"; width: number; height: number; displayId: number }
  | { type: "displays"; displays: DisplayFacts[]; selected: number }
  | { type: "desktop-sessions"; list: DesktopSessionsFacts }
  | { type: "notice"; topic: NoticeTopicName; cause: CauseFacts | null }
  | { type: "actions"; abilities: Abilities }
  | { type: "action-result"; id: number; cause: CauseFacts | null }
  | {
      type: "cursor";
      shape: { width: number; height: number; x: number; y: number; rgba: Uint8Array } | null;
    }
  | { type: "cursor-position"; x: number; y: number }
  | { type: "clipboard"; content: ClipboardContent; crossed: Crossed }
  /** On its way; later `clipboard-delivered`, from machines that tell. */
  | { type: "clipboard-sent"; crossed: Crossed }
  | { type: "clipboard-delivered"; files: boolean }
  /** Not sent: the machine has it already. */
  | { type: "clipboard-known"; files: boolean }
  | { type: "clipboard-refused"; cause: CauseFacts }
  | { type: "stats"; stats: EngineStats }
  | { type: "regions"; regions: Region[] }
  | { type: "pixels"; id: number; pixels: Uint8ClampedArray | null };

export type TokenFailure = { retry: "soon" | "consent" | "never"; cause: CauseFacts };

export type EngineCommand =
  | { type: "files"; command: FilesCommand }
  | { type: "start"; canvas: OffscreenCanvas | HTMLCanvasElement; url: string; software: string }
  | { type: "token"; token: string }
  | { type: "token-failed"; failure: TokenFailure }
  | { type: "input"; events: InputEventInit[] }
  | { type: "select-display"; id: number }
  | { type: "select-desktop-session"; id: number }
  | { type: "quality"; settings: QualitySettings }
  | { type: "clipboard-sync"; enabled: boolean }
  | { type: "clipboard-content"; content: ClipboardContent }
  | { type: "control"; verb: "ask" | "give" | "refuse" | "release"; participant: number }
  | { type: "action"; id: number; action: ActionName; on: boolean }
  | { type: "refresh" }
  | { type: "watch"; stats: boolean; regions: boolean }
  | { type: "retry" }
  | { type: "read-pixels"; id: number; x: number; y: number; width: number; height: number }
  | { type: "stop" };
