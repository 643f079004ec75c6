import { MonitorCog } from "lucide-react";
import type { RefObject } from "react";
import type { DesktopSessionFacts } from "../engine/messages";
import { Dropdown, Item, Line } from "../ui/menu";
import type { ViewerController } from "./controller";
import type { ViewerState } from "./state";

interface Props {
  controller: ViewerController;
  state: ViewerState;
  keys: RefObject<HTMLTextAreaElement | null>;
}

const STATES: Readonly<Record<DesktopSessionFacts["state"], string>> = {
  active: "",
  locked: "locked",
  logon_screen: "sign-in screen",
  disconnected: "disconnected",
  unknown: "",
};

/** Which user's session is shown, where the machine has several. */
export function DesktopSessions({ controller, state, keys }: Props) {
  const list = state.desktopSessions;
  if (!list || list.sessions.length < 2) return null;
  const { controller: holder, self } = state.session ?? { controller: 0, self: 0 };
  const off = holder !== 0 && holder !== self;
  return (
    <Dropdown
      finalFocus={keys}
      trigger={
        <button
          type="button"
          className="tool"
          data-testid="toolbar-desktop-sessions"
          aria-label="Windows session"
        >
          <MonitorCog size={16} aria-hidden />
          <span className="word">Windows session</span>
        </button>
      }
    >
      <Item
        testId="desktop-session-0"
        disabled={off}
        checked={list.followsConsole}
        onSelect={() => controller.selectDesktopSession(0)}
      >
        The machine's own screen
      </Item>
      <Line />
      {list.sessions.map((one) => (
        <Item
          key={one.id}
          testId={`desktop-session-${one.id}`}
          disabled={off}
          checked={!list.followsConsole && list.current === one.id}
          trail={facts(one)}
          onSelect={() => controller.selectDesktopSession(one.id)}
        >
          {one.user || "Nobody"}
        </Item>
      ))}
    </Dropdown>
  );
}

function facts(one: DesktopSessionFacts): string {
  const place = one.kind === "console" ? "own screen" : one.name || "remote desktop";
  return [`${one.id}`, place, STATES[one.state]].filter((word) => word !== "").join(" · ");
}
