// Everything of the viewer that is not markup: engine, canvas, input and clipboard. The
// components read its state and call its methods.

import type { Access } from "../api/types";
import type { ActionName } from "../engine/actions";
import type { ClipboardContent, Crossed } from "../engine/clipboard";
import { type EngineHost, startEngine } from "../engine/host";
import type {
  CauseFacts,
  EngineCommand,
  EngineEvent,
  InputEventInit,
  LinkPhase,
  QualitySettings,
  SessionFacts,
} from "../engine/messages";
import type { Region } from "../engine/regions";
import { FilesController } from "../files/controller";
import { Keyboard } from "../input/keyboard";
import { Pointer } from "../input/pointer";
import { conceal, expose } from "./expose";
import { FileDrags } from "./file-drags";
import { FilePaste } from "./file-paste";
import { Hands } from "./hands";
import { LocalClipboard } from "./local-clipboard";
import { PasteGate } from "./paste-gate";
import { PendingRequests } from "./pending";
import { Screen } from "./screen";
import { RIGHT_CLIPBOARD, RIGHT_CONTROL, RIGHT_FILES, START, type ViewerState } from "./state";
import { mintToken } from "./token";

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
  private keys: HTMLTextAreaElement | null = null;
  private readonly screen = new Screen({ state: () => this.state, inControl: () => this.inControl });
  private readonly keyboard: Keyboard;
  private readonly pointer: Pointer;
  private readonly clipboard: LocalClipboard;
  private flashTimer: ReturnType<typeof setTimeout> | null = null;
  private autoAsk = true;
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
  private readonly gate: PasteGate;
  private readonly hands: Hands;
  /** Contents that came, went, arrived there, and were there already. */
  private readonly crossings = { in: 0, out: 0, delivered: 0, known: 0 };

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
      canvas: this.screen.canvas,
      session: sessionId,
      state: () => this.state,
      update: (change) => this.update(change),
      inControl: () => this.inControl,
      mayMoveFiles: () => this.mayMoveFiles,
      mayUseClipboard: () => this.mayUseClipboard,
      place: (event) => this.screen.place(event),
    });
    const shared = {
      keyboard: this.keyboard,
      clipboard: this.clipboard,
      filePaste: this.filePaste,
      state: () => this.state,
      inControl: () => this.inControl,
      mayUseClipboard: () => this.mayUseClipboard,
      mayMoveFiles: () => this.mayMoveFiles,
    };
    this.gate = new PasteGate({ ...shared, offer: (content) => this.offerClipboard(content) });
    this.hands = new Hands({
      ...shared,
      screen: this.screen,
      pointer: this.pointer,
      files: this.files,
      drags: this.drags,
      gate: this.gate,
      update: (change) => this.update(change),
      setOverlays: (stats, regions) => this.setOverlays(stats, regions),
      focus: () => this.focus(),
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
    // Asked for while the engine starts.
    this.firstToken = mintToken(this.sessionId, this.access);
    this.drags.begin();
    const url = `${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/ws/viewer`;
    this.host = startEngine(this.screen.canvas, url, "guruconnect-web", (event) => this.receive(event));
  }

  attach(stage: HTMLElement, keys: HTMLTextAreaElement): void {
    this.begin();
    this.keys = keys;
    this.screen.attach(stage);
    this.hands.listen(stage, keys, this.abort.signal);
    this.screen.layout();
    // Only now: a picture counts as shown when it is on the page.
    expose({
      state: () => this.state,
      inControl: () => this.inControl,
      crossings: this.crossings,
      readPixels: this.readPixels,
    });
    this.focus();
  }

  stop(): void {
    this.abort.abort();
    this.host?.stop();
    this.host = null;
    this.filePaste.close();
    this.drags.close();
    this.screen.close();
    if (this.flashTimer !== null) clearTimeout(this.flashTimer);
    conceal();
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
    this.screen.layout();
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
        this.screen.layout();
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
        this.screen.setCursor(event.shape);
        break;
      case "cursor-position":
        this.screen.showGhost(event.x, event.y);
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
        this.crossings[event.type === "clipboard-known" ? "known" : "delivered"] += 1;
        if (event.files) this.filePaste.delivered();
        else this.gate.delivered();
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
      this.screen.applyCursor();
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

  // Tests and benches ----------------------------------------------------------

  private readonly readPixels = (x: number, y: number, width: number, height: number): Promise<number[]> =>
    new Promise((resolve, reject) => {
      this.readId += 1;
      const id = this.readId;
      this.reads.set(id, (pixels) =>
        pixels ? resolve(pixels) : reject(new RangeError("outside the surface")),
      );
      this.host?.send({ type: "read-pixels", id, x, y, width, height });
    });
}
