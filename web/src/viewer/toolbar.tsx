import {
  ChevronDown,
  ChevronUp,
  Clipboard,
  ClipboardCheck,
  ClipboardX,
  FolderSync,
  Gauge,
  Info,
  Keyboard,
  LogOut,
  Maximize,
  Monitor,
  Pin,
  PinOff,
  Users,
} from "lucide-react";
import { type RefObject, useEffect, useRef, useState } from "react";
import { endSession } from "../api/actions";
import { ApiError } from "../api/client";
import { choice } from "../engine/actions";
import type { QualitySettings } from "../engine/messages";
import { Confirm } from "../ui/dialog";
import { Dropdown, Item, Label, Line } from "../ui/menu";
import { OpenInApp } from "../ui/open-in-app";
import { Hint } from "../ui/tooltip";
import { Actions, SystemItems } from "./actions-menu";
import type { ViewerController } from "./controller";
import { DesktopSessions } from "./desktop-sessions";
import { RIGHT_CLIPBOARD, RIGHT_CONTROL, RIGHT_FILES, type ViewerState } from "./state";
import { QualityDialog, TypeDialog } from "./toolbar-dialogs";

interface ToolbarProps {
  controller: ViewerController;
  state: ViewerState;
  sessionId: string;
  keys: RefObject<HTMLTextAreaElement | null>;
}

const CHORDS: readonly (readonly [id: string, label: string, codes: readonly string[]])[] = [
  ["key-win", "Win", ["MetaLeft"]],
  ["key-win-r", "Win + R", ["MetaLeft", "KeyR"]],
  ["key-alt-tab", "Alt + Tab", ["AltLeft", "Tab"]],
  ["key-ctrl-shift-esc", "Ctrl + Shift + Esc", ["ControlLeft", "ShiftLeft", "Escape"]],
  ["key-print-screen", "Print Screen", ["PrintScreen"]],
];

const PRESETS: readonly (readonly [preset: QualitySettings["preset"], label: string, trail: string])[] = [
  ["auto", "Automatic", "by the link"],
  ["low", "Low", "slow links"],
  ["balanced", "Balanced", ""],
  ["high", "High", "fast links"],
];

const HIDE_AFTER_MS = 4000;

export function Toolbar(props: ToolbarProps) {
  const { controller, state, sessionId } = props;
  const [open, setOpen] = useState(true);
  const [pinned, setPinned] = useState(false);
  const [ending, setEnding] = useState(false);
  const [inApp, setInApp] = useState(false);
  const zone = useRef<HTMLDivElement>(null);
  // Without a picture there is nothing to be in the way of.
  const shown = open || state.phase !== "live";

  // Out of the way of the machine's own top edge, unless it is wanted.
  useEffect(() => {
    if (pinned || !open || state.phase !== "live") return;
    let timer: ReturnType<typeof setTimeout>;
    const later = () => {
      timer = setTimeout(() => {
        const busy = zone.current?.matches(":hover, :focus-within, :has([data-popup-open])");
        if (busy) later();
        else setOpen(false);
      }, HIDE_AFTER_MS);
    };
    later();
    return () => clearTimeout(timer);
  }, [pinned, open, state.phase]);

  const leave = () => {
    controller.stop();
    window.close();
    // A tab that no script opened stays; it then goes back to the list.
    location.assign("/sessions");
  };

  return (
    <div className="toolbar-zone" ref={zone}>
      {shown && (
        <div
          className="toolbar"
          role="toolbar"
          aria-label="Quick access in the browser"
          data-testid="toolbar"
        >
          <span className="group-name">Quick access in the browser</span>
          <Monitors {...props} />
          <DesktopSessions {...props} />
          <View {...props} />
          <Quality {...props} />
          <Keys {...props} />
          <ClipboardButton {...props} />
          <Actions {...props} />
          <FilesButton {...props} />
          <span className="divider" />
          <Hint text="Statistics (Ctrl + Alt + Shift + S)">
            <button
              type="button"
              className="tool"
              aria-pressed={state.showStats}
              aria-keyshortcuts="Control+Alt+Shift+S"
              aria-label="Statistics"
              data-testid="toolbar-info"
              onClick={() => {
                controller.setOverlays(!state.showStats, state.showRegions);
                controller.focus();
              }}
            >
              <Info size={16} aria-hidden />
            </button>
          </Hint>
          <People {...props} />
          <span className="divider" />
          <Dropdown
            align="end"
            finalFocus={props.keys}
            trigger={
              <button
                type="button"
                className="tool leave"
                data-testid="toolbar-disconnect"
                aria-label="Leave"
              >
                <LogOut size={16} aria-hidden />
                <span className="word">Leave</span>
              </button>
            }
          >
            <Item testId="open-in-app-item" onSelect={() => setInApp(true)}>
              Open in app…
            </Item>
            <Item testId="leave-session" onSelect={leave}>
              Disconnect, session stays open
            </Item>
            <Item testId="end-session" onSelect={() => setEnding(true)}>
              End session for everyone…
            </Item>
          </Dropdown>
          <Hint text={pinned ? "Let the toolbar hide" : "Keep the toolbar open"}>
            <button
              type="button"
              className="tool"
              aria-pressed={pinned}
              aria-label="Keep open"
              data-testid="toolbar-pin"
              onClick={() => setPinned(!pinned)}
            >
              {pinned ? <PinOff size={15} aria-hidden /> : <Pin size={15} aria-hidden />}
            </button>
          </Hint>
        </div>
      )}
      <button
        type="button"
        className="toolbar-handle"
        aria-label={open ? "Hide toolbar" : "Show toolbar"}
        aria-expanded={open}
        data-testid="toolbar-handle"
        onClick={() => {
          setOpen(!open);
          if (open) controller.focus();
        }}
      >
        {open ? <ChevronUp size={12} aria-hidden /> : <ChevronDown size={12} aria-hidden />}
      </button>
      <OpenInApp open={inApp} onOpenChange={setInApp} sessionId={sessionId} access={controller.access} />
      <EndSession
        key={ending ? "open" : "closed"}
        controller={controller}
        state={state}
        sessionId={sessionId}
        open={ending}
        onOpenChange={setEnding}
      />
    </div>
  );
}

interface EndSessionProps extends Omit<ToolbarProps, "keys"> {
  open: boolean;
  onOpenChange(open: boolean): void;
}

function EndSession({ controller, state, sessionId, open, onOpenChange }: EndSessionProps) {
  const locking = choice(state.actions, "lock_at_end", controller.inControl);
  const [lock, setLock] = useState(locking.on);
  const end = async () => {
    if (lock !== locking.on) {
      // The machine has to have taken it before there is no session to tell it in.
      const cause = await controller.act("lock_at_end", lock);
      if (cause) throw new ApiError(0, cause.code, cause.sentence, "", null);
    }
    await endSession(sessionId);
  };
  return (
    <Confirm
      open={open}
      onOpenChange={onOpenChange}
      title="End this session?"
      action={lock ? "Lock and end session" : "End session"}
      run={end}
    >
      <p>Everyone is disconnected. An attended machine needs a new code to be helped again.</p>
      <label className="check">
        <input
          type="checkbox"
          checked={lock}
          disabled={locking.disabled}
          data-testid="end-lock"
          onChange={(event) => setLock(event.target.checked)}
        />
        Lock the machine
      </label>
      {locking.why !== null && <span className="hint">{locking.why}</span>}
    </Confirm>
  );
}

function Monitors({ controller, state, keys }: ToolbarProps) {
  const { displays, selectedDisplay } = state;
  const name = (id: number) => {
    if (id === 0) return "All monitors";
    const index = displays.findIndex((one) => one.id === id);
    return `Monitor ${index + 1}`;
  };
  return (
    <Dropdown
      finalFocus={keys}
      trigger={
        <button type="button" className="tool" data-testid="toolbar-monitors" aria-label="Monitors">
          <Monitor size={16} aria-hidden />
          <span className="word">{displays.length > 1 ? name(selectedDisplay) : "Monitor"}</span>
        </button>
      }
    >
      {displays.length === 0 && <Label>No monitor is known yet</Label>}
      {displays.length > 1 && (
        <Item testId="monitor-0" checked={selectedDisplay === 0} onSelect={() => controller.selectDisplay(0)}>
          All in one picture
        </Item>
      )}
      {displays.map((one) => (
        <Item
          key={one.id}
          testId={`monitor-${one.id}`}
          checked={selectedDisplay === one.id || (selectedDisplay === 0 && displays.length === 1)}
          trail={`${one.width} × ${one.height}${one.primary ? " · main" : ""}`}
          onSelect={() => controller.selectDisplay(one.id)}
        >
          {one.name || name(one.id)}
        </Item>
      ))}
    </Dropdown>
  );
}

function View({ controller, state, keys }: ToolbarProps) {
  return (
    <Dropdown
      finalFocus={keys}
      trigger={
        <button type="button" className="tool" data-testid="toolbar-view" aria-label="View">
          <Maximize size={16} aria-hidden />
          <span className="word">View</span>
        </button>
      }
    >
      <Item testId="view-fit" checked={state.scaling === "fit"} onSelect={() => controller.setScaling("fit")}>
        Fit the window
      </Item>
      <Item testId="view-one" checked={state.scaling === "one"} onSelect={() => controller.setScaling("one")}>
        Actual size (1:1)
      </Item>
      <Line />
      <Item testId="view-full" checked={state.fullScreen} onSelect={() => void controller.toggleFullScreen()}>
        Full screen
      </Item>
      <Item testId="view-refresh" checked={false} onSelect={() => controller.refresh()}>
        New picture
      </Item>
    </Dropdown>
  );
}

function Quality({ controller, state, keys }: ToolbarProps) {
  const [custom, setCustom] = useState(false);
  const current = state.stats?.quality ?? state.quality;
  return (
    <>
      <Dropdown
        finalFocus={keys}
        trigger={
          <button type="button" className="tool" data-testid="toolbar-quality" aria-label="Quality">
            <Gauge size={16} aria-hidden />
            <span className="word">Quality</span>
          </button>
        }
      >
        {PRESETS.map(([preset, label, trail]) => (
          <Item
            key={preset}
            testId={`quality-${preset}`}
            checked={current.preset === preset}
            trail={trail}
            onSelect={() => controller.setQuality({ ...state.quality, preset })}
          >
            {label}
          </Item>
        ))}
        <Item
          testId="quality-custom"
          checked={current.preset === "custom"}
          trail={current.preset === "custom" ? `${current.fps} fps · ${current.kbps} kbit/s` : ""}
          onSelect={() => setCustom(true)}
        >
          Custom…
        </Item>
      </Dropdown>
      <QualityDialog open={custom} onOpenChange={setCustom} controller={controller} start={state.quality} />
    </>
  );
}

function Keys({ controller, state, keys }: ToolbarProps) {
  const [typing, setTyping] = useState(false);
  const off = !controller.inControl;
  return (
    <>
      <Dropdown
        finalFocus={keys}
        trigger={
          <button type="button" className="tool" data-testid="toolbar-keys" aria-label="Keys">
            <Keyboard size={16} aria-hidden />
            <span className="word">Keys</span>
          </button>
        }
      >
        <SystemItems controller={controller} state={state} />
        {CHORDS.map(([id, label, codes]) => (
          <Item key={id} testId={id} disabled={off} onSelect={() => controller.chord(codes)}>
            {label}
          </Item>
        ))}
        <Line />
        <Item
          testId="key-type-clipboard"
          disabled={off}
          onSelect={() => void controller.typeClipboard().then((done) => !done && setTyping(true))}
        >
          Type clipboard as keystrokes
        </Item>
        <Item testId="key-type-text" disabled={off} onSelect={() => setTyping(true)}>
          Type text…
        </Item>
        <Line />
        <Item
          testId="key-text-mode"
          checked={state.textMode}
          trail="by character"
          onSelect={() => controller.setTextMode(!state.textMode)}
        >
          Text mode
        </Item>
      </Dropdown>
      <TypeDialog open={typing} onOpenChange={setTyping} controller={controller} />
    </>
  );
}

/** What crossed last, for the tooltip: "; last from the machine: text, HTML (1.2 KB)". */
function lastCrossed({ clipboardCrossed: last }: ViewerState): string {
  if (!last) return "";
  const size =
    last.bytes < 1000
      ? `${last.bytes} bytes`
      : last.bytes < 1_000_000
        ? `${(last.bytes / 1000).toFixed(1)} KB`
        : `${(last.bytes / 1_000_000).toFixed(1)} MB`;
  const from = last.direction === "in" ? "from" : "to";
  return `; last ${from} the machine: ${last.formats.join(", ")} (${size})`;
}

function ClipboardButton({ controller, state }: ToolbarProps) {
  const allowed = ((state.session?.rights ?? 0) & RIGHT_CLIPBOARD) !== 0;
  const on = state.clipboardOn && allowed;
  const Icon = !on ? ClipboardX : state.clipboardFlash ? ClipboardCheck : Clipboard;
  const flash = state.clipboardFlash ? ` flash-${state.clipboardFlash}` : "";
  const arrow = { in: "↓", out: "↑" };
  const text = !allowed
    ? "The clipboard is not shared in this session"
    : on
      ? `Clipboard is shared both ways${lastCrossed(state)}. Click to switch off`
      : "Clipboard is not shared. Click to switch on";
  return (
    <Hint text={text}>
      <button
        type="button"
        className={`tool${flash}`}
        aria-pressed={on}
        aria-label="Clipboard"
        data-crossed={state.clipboardCrossed?.formats.join(" ")}
        disabled={!allowed}
        data-testid="toolbar-clipboard"
        data-flash={state.clipboardFlash ?? undefined}
        data-waiting={state.clipboardWaiting || undefined}
        onClick={() => {
          controller.setClipboard(!state.clipboardOn);
          controller.focus();
        }}
      >
        <Icon size={16} aria-hidden />
        <span className="word">Clipboard{state.clipboardFlash ? ` ${arrow[state.clipboardFlash]}` : ""}</span>
      </button>
    </Hint>
  );
}

function FilesButton({ controller, state }: ToolbarProps) {
  const { files } = state;
  const allowed = ((state.session?.rights ?? 0) & RIGHT_FILES) !== 0;
  const running = files.transfers.filter((one) => one.status === "running").length;
  const text = allowed ? "Move files (Ctrl + Alt + Shift + T)" : "Files are not moved in this session";
  return (
    <Hint text={text}>
      <button
        type="button"
        className="tool"
        aria-pressed={files.shown}
        aria-keyshortcuts="Control+Alt+Shift+T"
        aria-label="Files"
        disabled={!allowed}
        data-testid="toolbar-files"
        onClick={() => controller.files.show(!files.shown)}
      >
        <FolderSync size={16} aria-hidden />
        <span className="word">Files</span>
        {running > 0 && (
          <span className="dot" role="status" aria-label={`${running} transfers run`}>
            {running}
          </span>
        )}
      </button>
    </Hint>
  );
}

function People({ controller, state, keys }: ToolbarProps) {
  const { session } = state;
  const people = session?.participants ?? [];
  const asking = controller.inControl ? people.filter((one) => one.asks) : [];
  return (
    <Dropdown
      align="end"
      finalFocus={keys}
      trigger={
        <button type="button" className="tool" data-testid="toolbar-people" aria-label="People">
          <Users size={16} aria-hidden />
          <span className="word">{people.length}</span>
          {asking.length > 0 && (
            <span className="dot" role="status" aria-label={`${asking.length} ask for control`}>
              {asking.length}
            </span>
          )}
        </button>
      }
    >
      <Label>In this session</Label>
      {people.map((one) => (
        <div key={one.participant} className="menu-item" data-testid={`participant-${one.participant}`}>
          {one.name}
          {one.participant === session?.self && " (you)"}
          <span className="trail">
            {one.participant === session?.controller
              ? "has control"
              : one.asks
                ? "asks for control"
                : (one.rights & RIGHT_CONTROL) === 0
                  ? "view only"
                  : "watches"}
          </span>
        </div>
      ))}
      <Line />
      {controller.inControl ? (
        <>
          {people
            .filter((one) => one.participant !== session?.self && (one.rights & RIGHT_CONTROL) !== 0)
            .map((one) => (
              <Item
                key={one.participant}
                testId={`control-give-${one.participant}`}
                onSelect={() => controller.control("give", one.participant)}
              >
                Give control to {one.name}
              </Item>
            ))}
          {asking.map((one) => (
            <Item
              key={`refuse-${one.participant}`}
              testId={`control-refuse-${one.participant}`}
              onSelect={() => controller.control("refuse", one.participant)}
            >
              Refuse {one.name}
            </Item>
          ))}
          <Item testId="control-release" onSelect={() => controller.control("release")}>
            Release control
          </Item>
        </>
      ) : (
        <Item
          testId="control-ask"
          disabled={((session?.rights ?? 0) & RIGHT_CONTROL) === 0}
          onSelect={() => controller.control("ask")}
        >
          Ask for control
        </Item>
      )}
    </Dropdown>
  );
}
