import {
  DesktopSessionKind,
  type DesktopSessionList,
  DesktopSessionState,
} from "../gen/guruconnect/v2/control_pb";
import { cleanText } from "../wire/validate";
import type { DesktopSessionFacts, DesktopSessionsFacts } from "./messages";

const MOST = 256;

const STATES: Partial<Record<DesktopSessionState, DesktopSessionFacts["state"]>> = {
  [DesktopSessionState.ACTIVE]: "active",
  [DesktopSessionState.LOCKED]: "locked",
  [DesktopSessionState.LOGON_SCREEN]: "logon_screen",
  [DesktopSessionState.DISCONNECTED]: "disconnected",
};

const KINDS: Partial<Record<DesktopSessionKind, DesktopSessionFacts["kind"]>> = {
  [DesktopSessionKind.CONSOLE]: "console",
  [DesktopSessionKind.REMOTE]: "remote",
};

/** The sessions of users as the agent tells them; its texts are plain text of a stranger. */
export function desktopSessions(list: DesktopSessionList): DesktopSessionsFacts {
  const sessions = list.sessions
    .filter((one) => one.id !== 0)
    .slice(0, MOST)
    .map((one) => ({
      id: one.id,
      user: cleanText(one.user, 64),
      state: STATES[one.state] ?? ("unknown" as const),
      kind: KINDS[one.kind] ?? ("unknown" as const),
      name: cleanText(one.name, 64),
    }));
  return { sessions, current: list.current, followsConsole: list.followsConsole };
}
