// Everything of the viewer that is not markup: engine, canvas, input and clipboard. The
// components read its state and call its methods.

import type { Access } from "../api/types";
import type { Abilities, ActionName } from "../engine/actions";
import { causeFacts } from "../engine/cause";
import type { ClipboardContent, Crossed } from "../engine/clipboard";
import { type EngineHost, startEngine } from "../engine/host";
import type {
  CauseFacts,
  DesktopSessionsFacts,
  DisplayFacts,
  EngineCommand,
  EngineEvent,
  EngineStats,
  InputEventInit,
  LinkPhase,
  NoticeTopicName,
  QualitySettings,
  SessionFacts,
} from "../engine/messages";
import type { Region } from "../engine/regions";
import { FilesController, type FilesState, NO_FILES } from "../files/controller";
import type { LocalItem } from "../files/facts";
import { pastedFiles } from "../files/local";
import { CauseCode } from "../gen/guruconnect/v2/cause_pb";
import { Keyboard } from "../input/keyboard";
import { Pointer, toSurface, WheelUnits } from "../input/pointer";
import { type CursorImage, CursorMaker, cursorScale, paint } from "./cursor";
import { FileDrags } from "./file-drags";
import type { DropFacts } from "./file-drop";
import { type FileOffer, FilePaste, type PasteFacts } from "./file-paste";
import { LocalClipboard, pasted } from "./local-clipboard";
import type { PeerOffer } from "./peer-offers";
import { PendingRequests } from "./pending";
import { mintToken } from "./token";

export const RIGHT_CONTROL = 2;
export const RIGHT_CLIPBOARD = 4;
export const RIGHT_FILES = 8;
const PASTE_GRACE_MS = 60;
/** A picture takes longer; the machine tells when it is there. */
const PASTE_PICTURE_MS = 5_000;
const PASTE_WAIT_MS = 40;
const GHOST_MS = 3000;

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

const START: ViewerState = {
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

interface KeyboardLock {
  lock?(codes?: string[]): Promise<void>;
  unlock?(): void;
}

export class ViewerController {
  private state: ViewerState = START;
  private readonly listeners = new Set<() => void>();
  private readonly abort = new AbortController();
  private host: EngineHost | null = null;
  private firstToken: Promise<EngineCommand> | null = null;
  private stage: HTMLElement | null = null;
  private keys: HTMLTextAreaElement | null = null;
  private readonly canvas = document.createElement("canvas");
  private ghost: HTMLCanvasElement | null = null;
  private ghostTimer: ReturnType<typeof setTimeout> | null = null;
  private shape: CursorImage | null = null;
  private cursorKnown = false;
  private scale = 1;
  private readonly cursors = new CursorMaker();
  private readonly keyboard: Keyboard;
  private readonly pointer: Pointer;
  private readonly wheel = new WheelUnits();
  private readonly clipboard: LocalClipboard;
  private flashTimer: ReturnType<typeof setTimeout> | null = null;
  private autoAsk = true;
  /** Key events that wait for a paste to reach the machine first. */
  private gate: (() => void)[] | null = null;
  /** A key whose stroke was taken for something else, until it goes up. */
  private takenKey: string | null = null;
  private readonly reads = new Map<number, (pixels: number[] | null) => void>();
  private readId = 0;
  private readonly requests = new PendingRequests();
  private readonly regionListeners = new Set<(regions: Region[]) => void>();
  readonly files = new FilesController(
    (command) => this.host?.send({ type: "files", command }),
    (files) => this.update({ files }),
  );

  readonly filePaste: FilePaste;
  /** Files that are dragged, and those of other sessions. */
  readonly drags: FileDrags;

  constructor(
    private readonly sessionId: string,
    readonly access: Access,
  ) {
    const windows = /windows/i.test(navigator.userAgent);
    this.keyboard = new Keyboard((events) => this.sendInput(events), windows);
    this.pointer = new Pointer((events) => this.sendInput(events));
    this.clipboard = new LocalClipboard((content) => this.offerClipboard(content));
    this.filePaste = new FilePaste({
      files: this.files,
      copy: (content) => this.offerClipboard(content),
      press: () => this.inControl && this.keyboard.paste(),
      changed: (fileOffer, filePaste) => {
        const other = fileOffer?.paths !== this.state.fileOffer?.paths;
        this.update({ fileOffer, filePaste });
        if (other) this.drags.announce();
      },
      now: () => new Date(),
    });
    this.drags = new FileDrags({
      files: this.files,
      filePaste: this.filePaste,
      canvas: this.canvas,
      session: sessionId,
      state: () => this.state,
      update: (change) => this.update(change),
      inControl: () => this.inControl,
      mayMoveFiles: () => this.mayMoveFiles,
      mayUseClipboard: () => this.mayUseClipboard,
      place: (event) => this.place(event),
    });
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  readonly snapshot = (): ViewerState => this.state;

  private update(change: Partial<ViewerState>): void {
    this.state = { ...this.state, ...change };
    for (const listener of this.listeners) listener();
  }

  // Life -------------------------------------------------------------------

  /** Connects; the picture is drawn to a canvas that is not on the page yet. */
  begin(): void {
    if (this.host) return;
    this.canvas.className = "viewer-canvas";
    this.canvas.dataset.testid = "viewer-canvas";
    this.canvas.width = 1;
    this.canvas.height = 1;
    // Asked for while the engine starts.
    this.firstToken = mintToken(this.sessionId, this.access);
    this.drags.begin();
    const url = `${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/ws/viewer`;
    this.host = startEngine(this.canvas, url, "guruconnect-web", (event) => this.receive(event));
  }

  attach(stage: HTMLElement, keys: HTMLTextAreaElement): void {
    this.begin();
    this.stage = stage;
    this.keys = keys;
    stage.append(this.canvas);
    this.listen(stage, keys);
    this.layout();
    // Only now: a picture counts as shown when it is on the page.
    this.expose();
    this.focus();
  }

  stop(): void {
    this.abort.abort();
    this.host?.stop();
    this.host = null;
    this.cursors.close();
    this.filePaste.close();
    this.drags.close();
    this.ghost?.remove();
    if (this.ghostTimer !== null) clearTimeout(this.ghostTimer);
    if (this.flashTimer !== null) clearTimeout(this.flashTimer);
    delete window.__guruconnect;
  }

  focus(): void {
    this.keys?.focus({ preventScroll: true });
  }

  // What the toolbar does ----------------------------------------------------

  retry(): void {
    this.host?.send({ type: "retry" });
  }

  refresh(): void {
    this.host?.send({ type: "refresh" });
  }

  /** 0: whatever the machine's own screen shows. */
  selectDesktopSession(id: number): void {
    this.host?.send({ type: "select-desktop-session", id });
  }

  selectDisplay(id: number): void {
    this.host?.send({ type: "select-display", id });
  }

  setQuality(quality: QualitySettings): void {
    this.update({ quality });
    this.host?.send({ type: "quality", settings: quality });
  }

  setOverlays(showStats: boolean, showRegions: boolean): void {
    this.update({ showStats, showRegions });
    this.host?.send({ type: "watch", stats: showStats, regions: showRegions });
  }

  /** Tells of what is drawn while the outlines are shown. */
  readonly onRegions = (listener: (regions: Region[]) => void): (() => void) => {
    this.regionListeners.add(listener);
    return () => this.regionListeners.delete(listener);
  };

  setScaling(scaling: "fit" | "one"): void {
    this.update({ scaling });
    this.layout();
  }

  setTextMode(on: boolean): void {
    this.keyboard.releaseAll();
    this.keyboard.textMode = on;
    this.update({ textMode: on });
  }

  control(verb: "ask" | "give" | "refuse" | "release", participant = 0): void {
    if (verb === "release" || verb === "give") {
      this.keyboard.releaseAll();
      this.autoAsk = false;
    }
    this.host?.send({ type: "control", verb, participant });
  }

  /** Tells the machine to do something; resolves to why it was not done, or null. */
  act(action: ActionName, on = true): Promise<CauseFacts | null> {
    return this.requests.ask((id) => this.host?.send({ type: "action", id, action, on }));
  }

  chord(codes: readonly string[]): void {
    this.keyboard.chord(codes);
  }

  systemKey(chord: "ctrl-alt-del" | "lock"): void {
    const value = { chord: chord === "ctrl-alt-del" ? 1 : 2 };
    this.sendInput([{ event: { case: "systemKey", value } }]);
  }

  typeText(text: string): void {
    this.keyboard.text(text);
  }

  /** The clipboard as keystrokes; false when the browser does not give it out. */
  async typeClipboard(): Promise<boolean> {
    const content = await this.clipboard.ask();
    if (content?.text === undefined) return false;
    this.typeText(content.text);
    return true;
  }

  setClipboard(on: boolean): void {
    this.update({ clipboardOn: on, clipboardWaiting: false });
    this.host?.send({ type: "clipboard-sync", enabled: on });
    if (on) void this.clipboard.ask().then((content) => content && this.offerClipboard(content));
    else this.clipboard.forget();
  }

  async toggleFullScreen(): Promise<void> {
    if (document.fullscreenElement) {
      await document.exitFullscreen();
      return;
    }
    await document.documentElement.requestFullscreen();
    const { keyboard } = navigator as Navigator & { keyboard?: KeyboardLock };
    // Win, Alt+Tab and Escape then reach the machine, where the browser knows how.
    await keyboard?.lock?.().catch(() => undefined);
  }

  // Engine -------------------------------------------------------------------

  private receive(event: EngineEvent): void {
    switch (event.type) {
      case "token-wanted":
        void (this.firstToken ?? mintToken(this.sessionId, this.access)).then((command) =>
          this.host?.send(command),
        );
        this.firstToken = null;
        break;
      case "phase":
        this.phaseChanged(event.phase, event.cause, event.retryInMs);
        break;
      case "session":
        this.sessionChanged(event.session);
        break;
      case "surface":
        this.update({ surface: { width: event.width, height: event.height, displayId: event.displayId } });
        this.layout();
        break;
      case "displays":
        this.update({ displays: event.displays, selectedDisplay: event.selected });
        break;
      case "desktop-sessions":
        this.update({ desktopSessions: event.list });
        break;
      case "notice": {
        const notices = { ...this.state.notices };
        if (event.cause) notices[event.topic] = event.cause;
        else delete notices[event.topic];
        this.update({ notices });
        if (event.topic === "clipboard" && event.cause) this.filePaste.refused(event.cause);
        break;
      }
      case "actions":
        this.update({ actions: event.abilities });
        break;
      case "action-result":
        this.requests.answered(event.id, event.cause);
        break;
      case "cursor":
        this.shape = event.shape;
        this.cursorKnown = true;
        this.hideGhost();
        this.applyCursor();
        break;
      case "cursor-position":
        this.showGhost(event.x, event.y);
        break;
      case "clipboard":
        this.flash("in", event.crossed);
        this.filePaste.copied(event.content.files && this.mayMoveFiles ? event.content.files : null);
        void this.clipboard.write(event.content).then((done) => this.update({ clipboardWaiting: !done }));
        break;
      case "clipboard-sent":
        this.flash("out", event.crossed);
        this.filePaste.sent(event.crossed.formats.includes("files"));
        break;
      case "clipboard-delivered":
      case "clipboard-known":
        // The machine has what is to be pasted there.
        this.crossings[event.type === "clipboard-known" ? "known" : "delivered"] += 1;
        if (event.files) this.filePaste.delivered();
        else if (this.pasteUnderWay) this.openGate(true);
        break;
      case "clipboard-refused":
        this.update({ notices: { ...this.state.notices, clipboard: event.cause } });
        this.filePaste.refused(event.cause);
        break;
      case "stats":
        this.update({ stats: event.stats });
        break;
      case "files":
        this.files.receive(event.event);
        break;
      case "regions":
        for (const listener of this.regionListeners) listener(event.regions);
        break;
      case "pixels":
        this.reads.get(event.id)?.(event.pixels ? Array.from(event.pixels) : null);
        this.reads.delete(event.id);
        break;
    }
  }

  private phaseChanged(phase: LinkPhase, cause: CauseFacts | null, retryInMs: number | null): void {
    if (phase !== "live") {
      this.requests.lost();
      this.pointer.forget();
      this.keyboard.releaseAll();
      this.filePaste.lost();
    } else {
      this.autoAsk = true;
    }
    const notices = phase === "live" ? {} : this.state.notices;
    // Told anew to everybody who joins.
    this.update({
      phase,
      cause,
      notices,
      actions: null,
      retryAt: retryInMs === null ? null : Date.now() + retryInMs,
    });
    if (phase === "live") void this.clipboard.look();
  }

  private sessionChanged(session: SessionFacts): void {
    const had = this.inControl;
    this.update({ session });
    if (session.machineName) document.title = `${session.machineName} · GuruConnect`;
    const free = session.controller === 0 && (session.rights & RIGHT_CONTROL) !== 0;
    if (free && this.autoAsk && this.access === "control") {
      this.autoAsk = false;
      this.control("ask");
    }
    if (had !== this.inControl) {
      if (!had) this.pointer.forget();
      this.filePaste.touched();
      this.applyCursor();
    }
  }

  get inControl(): boolean {
    const { session, phase } = this.state;
    return phase === "live" && session !== null && session.controller === session.self && session.self !== 0;
  }

  private get mayUseClipboard(): boolean {
    const rights = this.state.session?.rights ?? 0;
    return this.state.clipboardOn && (rights & RIGHT_CLIPBOARD) !== 0;
  }

  private get mayMoveFiles(): boolean {
    return ((this.state.session?.rights ?? 0) & RIGHT_FILES) !== 0;
  }

  private sendInput(events: InputEventInit[]): void {
    if (this.inControl) this.host?.send({ type: "input", events });
  }

  private offerClipboard(content: ClipboardContent): void {
    if (this.mayUseClipboard) this.host?.send({ type: "clipboard-content", content });
  }

  private flash(direction: "in" | "out", crossed: Crossed): void {
    this.crossings[direction] += 1;
    this.update({ clipboardFlash: direction, clipboardCrossed: { direction, ...crossed } });
    if (this.flashTimer !== null) clearTimeout(this.flashTimer);
    this.flashTimer = setTimeout(() => this.update({ clipboardFlash: null }), 900);
  }

  // Picture ------------------------------------------------------------------

  private layout(): void {
    const { surface, scaling } = this.state;
    const stage = this.stage;
    if (!surface || !stage) return;
    const exact = 1 / window.devicePixelRatio;
    let scale = exact;
    if (scaling === "fit") {
      scale = Math.min(stage.clientWidth / surface.width, stage.clientHeight / surface.height);
      // Nearly the same size: rather a thin edge than a blurred picture.
      if (Math.abs(scale / exact - 1) < 0.02 && scale >= exact) scale = exact;
    }
    this.scale = scale;
    this.canvas.style.width = `${surface.width * scale}px`;
    this.canvas.style.height = `${surface.height * scale}px`;
    this.canvas.classList.toggle("exact", Number.isInteger(scale * window.devicePixelRatio));
    stage.classList.toggle("scrolls", scaling === "one");
    this.applyCursor();
  }

  private applyCursor(): void {
    if (!this.inControl || !this.cursorKnown) {
      this.canvas.style.cursor = "default";
      return;
    }
    void this.cursors.make(this.shape, this.scale, (css) => {
      if (this.inControl) this.canvas.style.cursor = css;
    });
  }

  /** Someone else moved the pointer: shows where it is. */
  private showGhost(x: number, y: number): void {
    const { surface } = this.state;
    if (!this.shape || !surface) return;
    if (!this.ghost) {
      this.ghost = paint(this.shape);
      this.ghost.className = "viewer-ghost";
      this.ghost.ariaHidden = "true";
      this.stage?.append(this.ghost);
    }
    const box = this.canvas.getBoundingClientRect();
    const scale = cursorScale(this.shape, this.scale);
    const left = box.left + (x / surface.width) * box.width - this.shape.x * scale;
    const top = box.top + (y / surface.height) * box.height - this.shape.y * scale;
    this.ghost.style.transform = `translate(${left}px, ${top}px) scale(${scale})`;
    if (this.ghostTimer !== null) clearTimeout(this.ghostTimer);
    // Who looks on needs the pointer for as long as it stays; who controls has their own.
    if (this.inControl) this.ghostTimer = setTimeout(() => this.hideGhost(), GHOST_MS);
  }

  private hideGhost(): void {
    this.ghost?.remove();
    this.ghost = null;
  }

  // Input --------------------------------------------------------------------

  private listen(stage: HTMLElement, keys: HTMLTextAreaElement): void {
    const { signal } = this.abort;
    const on = <K extends keyof HTMLElementEventMap>(
      target: HTMLElement,
      name: K,
      handler: (event: HTMLElementEventMap[K]) => void,
      passive = false,
    ) => target.addEventListener(name, handler, { signal, passive });

    on(keys, "keydown", (event) => this.keyDown(event));
    on(keys, "keyup", (event) => this.keyUp(event));
    on(keys, "paste", (event) => this.pasted(event));
    on(keys, "compositionend", (event) => {
      this.keyboard.text(event.data);
      keys.value = "";
    });
    on(keys, "input", (event) => {
      // What no key event stands for: on-screen keyboards and dead keys.
      const input = event as InputEvent;
      if (!input.isComposing && input.inputType === "insertText" && input.data)
        this.keyboard.text(input.data);
      if (!input.isComposing) keys.value = "";
    });
    on(keys, "blur", () => this.letGo());
    document.addEventListener("visibilitychange", () => document.hidden && this.letGo(), { signal });
    window.addEventListener("blur", () => this.letGo(), { signal });
    window.addEventListener("focus", () => this.mayUseClipboard && void this.clipboard.look(), { signal });
    this.files.listen(
      stage,
      signal,
      () => this.mayMoveFiles,
      (event) => this.drags.aim(event),
    );
    window.addEventListener("pagehide", () => this.letGo(), { signal });
    window.addEventListener("pagehide", () => this.drags.leave(), { signal });
    // Newer browsers tell of every change while the page has the focus.
    navigator.clipboard?.addEventListener?.(
      "clipboardchange",
      () => this.mayUseClipboard && void this.clipboard.look(),
      { signal },
    );
    document.addEventListener(
      "fullscreenchange",
      () => {
        this.update({ fullScreen: document.fullscreenElement !== null });
        this.focus();
      },
      { signal },
    );

    on(this.canvas, "pointerdown", (event) => {
      event.preventDefault();
      this.focus();
      void this.clipboard.gesture().then((done) => done && this.update({ clipboardWaiting: false }));
      this.filePaste.touched();
      this.canvas.setPointerCapture(event.pointerId);
      this.pointer.button(event.button, true, this.place(event));
    });
    on(this.canvas, "pointermove", (event) => {
      if (this.ghost && this.inControl) this.hideGhost();
      // A second button's press or release comes as a move.
      if (event.button >= 0)
        this.pointer.button(event.button, (event.buttons & bit(event.button)) !== 0, this.place(event));
      else this.pointer.move(this.place(event));
      this.drags.watchEdge(event);
    });
    const up = (event: PointerEvent) => {
      this.drags.letGo();
      this.pointer.button(event.button, false, this.place(event));
    };
    on(this.canvas, "pointerup", up);
    on(this.canvas, "pointercancel", () => this.letGo());
    on(this.canvas, "contextmenu", (event) => event.preventDefault());
    on(this.canvas, "wheel", (event) => {
      if (!this.inControl) return;
      event.preventDefault();
      const units = this.wheel.take(event.deltaX, event.deltaY, event.deltaMode);
      if (units) this.pointer.wheel(units.x, units.y, this.place(event));
    });
    on(stage, "mousedown", (event) => {
      // Back and forward buttons are the machine's, not the browser's.
      if (event.button > 2) event.preventDefault();
    });

    const resized = new ResizeObserver(() => this.layout());
    resized.observe(stage);
    signal.addEventListener("abort", () => resized.disconnect());
  }

  private place(event: MouseEvent) {
    const surface = this.state.surface ?? { width: 1, height: 1 };
    return toSurface(event.clientX, event.clientY, this.canvas.getBoundingClientRect(), surface);
  }

  private letGo(): void {
    this.drags.letGo();
    this.gate = null;
    this.keyboard.releaseAll();
    this.pointer.forget();
  }

  /** The viewer's own keys, which the machine never sees: Ctrl + Alt + Shift with these. */
  private ownKey(event: KeyboardEvent): boolean {
    if (!event.ctrlKey || !event.altKey || !event.shiftKey || event.metaKey) return false;
    const { showStats, showRegions } = this.state;
    if (event.code === "KeyS") {
      if (!event.repeat) this.setOverlays(!showStats, showRegions);
    } else if (event.code === "KeyT") {
      if (!event.repeat) this.files.show(!this.state.files.shown);
    } else if (event.code === "KeyD") {
      if (!event.repeat) this.filePaste.accept(false);
    } else if (event.code === "KeyO") {
      if (!event.repeat) this.setOverlays(showStats, !showRegions);
    } else {
      return false;
    }
    event.preventDefault();
    return true;
  }

  private keyDown(event: KeyboardEvent): void {
    if (this.ownKey(event)) return;
    if (!this.inControl) return;
    void this.clipboard.gesture();
    if (event.repeat && event.code === this.takenKey) {
      event.preventDefault();
      return;
    }
    if (!event.repeat && !/^(Shift|Control|Alt|Meta)/.test(event.code)) this.filePaste.touched();
    if (this.gate) {
      event.preventDefault();
      this.gate.push(() => this.keyboard.down(event));
      return;
    }
    const paste = event.code === "KeyV" && (event.ctrlKey || event.metaKey) && !event.altKey && !event.repeat;
    if (paste && this.mayUseClipboard) {
      // Not prevented: the browser then hands over the clipboard with a paste event.
      this.gate = [() => this.keyboard.down(event)];
      setTimeout(() => this.openGate(), PASTE_WAIT_MS);
      return;
    }
    if (this.keyboard.down(event).prevent) event.preventDefault();
  }

  private keyUp(event: KeyboardEvent): void {
    if (event.code === this.takenKey) this.takenKey = null;
    if (this.gate) this.gate.push(() => this.keyboard.up(event));
    else if (this.keyboard.up(event).prevent) event.preventDefault();
  }

  private pasted(event: ClipboardEvent): void {
    event.preventDefault();
    if (!event.clipboardData) return;
    // By the browser's menu: no key was struck that waits.
    if (!this.gate && this.inControl) this.gate = [() => this.keyboard.paste()];
    const held = this.gate;
    const files = pastedFiles(event.clipboardData, Date.now());
    if (files) {
      const text = event.clipboardData.getData("text/plain");
      this.pasteFiles(files, held, text);
      return;
    }
    if (!held || !this.mayUseClipboard) {
      this.openGate();
      return;
    }
    this.pasteUnderWay = true;
    const open = () => this.gate === held && this.openGate(true);
    void pasted(event.clipboardData).then((content) => {
      if (Object.keys(content).length === 0) {
        open();
        return;
      }
      this.offerClipboard(content);
      // What is pasted travels behind input; the machine needs it before the key
      // arrives. Machines tell when they have it; older ones do not, and get text only.
      const trip = this.state.stats?.roundTripMs ?? 0;
      setTimeout(open, (content.png ? PASTE_PICTURE_MS : PASTE_GRACE_MS) + trip);
    });
  }

  /** The key is struck when the files are there; all others go on meanwhile. */
  private pasteFiles(files: Promise<LocalItem[]>, held: (() => void)[] | null, text: string): void {
    if (held) this.takenKey = "KeyV";
    held?.shift();
    this.openGate();
    const { policy } = this.state.files;
    if (!this.mayMoveFiles || (policy && !policy.upload)) {
      this.filePaste.fail("Files", causeFacts(CauseCode.FILES_DENIED).sentence);
    } else if (!this.inControl) {
      this.filePaste.fail("Files", "Take control first, then paste.");
    } else if (!this.mayUseClipboard) {
      this.filePaste.fail(
        "Files",
        "The clipboard is not shared. Switch it on, or drop the files on the picture.",
      );
    } else {
      this.clipboard.passOver({ text });
      void this.filePaste.begin(files);
    }
  }

  private pasteUnderWay = false;
  /** Contents that came, went, arrived there, and were there already. */
  private readonly crossings = { in: 0, out: 0, delivered: 0, known: 0 };

  private openGate(delivered = false): void {
    if (this.pasteUnderWay && !delivered) return;
    this.pasteUnderWay = false;
    const waiting = this.gate ?? [];
    this.gate = null;
    for (const work of waiting) work();
  }

  // Tests and benches ----------------------------------------------------------

  private expose(): void {
    window.__guruconnect = {
      stats: () => {
        const { stats, phase, session, cause, selectedDisplay, displays } = this.state;
        const { clipboardCrossed, clipboardWaiting } = this.state;
        return {
          ...stats,
          state: phase,
          // What the machine says it uses, which may be later than what was chosen.
          preset: stats?.quality?.preset ?? null,
          cause: cause?.code ?? null,
          controller: session?.controller ?? 0,
          self: session?.self ?? 0,
          inControl: this.inControl,
          agent: session?.agent ?? "unknown",
          consent: session?.consent ?? "unknown",
          participants: session?.participants ?? [],
          displays,
          selectedDisplay,
          actions: this.state.actions,
          clipboard: { ...this.crossings, last: clipboardCrossed, waiting: clipboardWaiting },
        };
      },
      surface: () => {
        const surface = this.state.surface;
        return surface ? { width: surface.width, height: surface.height } : { width: 0, height: 0 };
      },
      readPixels: (x, y, width, height) =>
        new Promise((resolve, reject) => {
          const id = ++this.readId;
          this.reads.set(id, (pixels) =>
            pixels ? resolve(pixels) : reject(new RangeError("outside the surface")),
          );
          this.host?.send({ type: "read-pixels", id, x, y, width, height });
        }),
    };
  }
}

/** Bit of `PointerEvent.buttons` for a `PointerEvent.button`. */
function bit(button: number): number {
  return [1, 4, 2, 8, 16][button] ?? 0;
}

declare global {
  interface Window {
    __guruconnect?: {
      stats(): Record<string, unknown>;
      surface(): { width: number; height: number };
      readPixels(x: number, y: number, width: number, height: number): Promise<number[]>;
    };
  }
}
