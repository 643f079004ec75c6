// What lies over the picture when it is not simply there and in control.

import {
  Eye,
  LoaderCircle,
  MonitorOff,
  MousePointerClick,
  RotateCw,
  ShieldQuestion,
  WifiOff,
} from "lucide-react";
import type { Access } from "../api/types";
import type { CauseFacts } from "../engine/messages";
import { spell, useNow } from "../ui/time";
import type { ViewerController } from "./controller";
import { RIGHT_CONTROL, type ViewerState } from "./state";

interface Props {
  controller: ViewerController;
  state: ViewerState;
}

interface Situation {
  icon: typeof Eye;
  title: string;
  cause: CauseFacts | null;
  action?: { label: string; run(): void };
  more?: string | undefined;
}

function situation({ controller, state }: Props, now: number): Situation | null {
  const { phase, cause, session, surface, notices } = state;
  const retry = { label: "Reconnect now", run: () => controller.retry() };
  switch (phase) {
    case "connecting":
      return surface ? null : { icon: LoaderCircle, title: "Connecting to the session", cause: null };
    case "reconnecting": {
      const left = Math.max(0, Math.ceil(((state.retryAt ?? now) - now) / 1000));
      const more = left > 0 ? `Next attempt in ${left} s.` : "Trying now.";
      return { icon: WifiOff, title: "Connection lost", cause, action: retry, more };
    }
    case "consent":
      return { icon: ShieldQuestion, title: "Waiting for consent", cause };
    case "ended":
      return { icon: MonitorOff, title: "The session is over", cause };
    case "failed":
      return {
        icon: WifiOff,
        title: "The session cannot be shown",
        cause,
        action: { ...retry, label: "Try again" },
      };
    case "live":
      break;
  }
  if (session?.consent === "pending") {
    return {
      icon: ShieldQuestion,
      title: "Waiting for consent",
      cause: {
        code: "consent_pending",
        sentence: "The user at the machine is being asked. Nothing shows before they allow it.",
        detail: "",
      },
    };
  }
  if (session?.agent === "offline") {
    const since = session.agentSinceMs > 0 ? `Offline for ${spell(now - session.agentSinceMs)}.` : undefined;
    return {
      icon: MonitorOff,
      title: "The machine is offline",
      cause: session.cause ?? {
        code: "agent_offline",
        sentence: "The machine is offline. The session goes on by itself when it is back.",
        detail: "",
      },
      more: since,
    };
  }
  const desktop = notices.desktop_session;
  if (desktop && desktop.code !== "desktop_session_unknown") {
    const switching = desktop.code === "desktop_switching";
    return {
      icon: switching ? LoaderCircle : MonitorOff,
      title: switching ? "One moment" : "No picture",
      cause: desktop,
    };
  }
  const ask = { label: "Ask for a new picture", run: () => controller.refresh() };
  if (notices.picture) return { icon: MonitorOff, title: "No picture", cause: notices.picture, action: ask };
  if (!surface) {
    return { icon: LoaderCircle, title: "Waiting for the first picture", cause: session?.cause ?? null };
  }
  return null;
}

export function Overlay({
  controller,
  state,
  sessionId,
  access,
}: Props & { sessionId: string; access: Access }) {
  const now = useNow();
  const found = situation({ controller, state }, now);
  if (!found) return null;
  const Icon = found.icon;
  const refused = access === "control" && found.cause?.code === "forbidden";
  const signIn = found.cause?.code === "unauthorized" || found.cause?.code === "unauthenticated";
  return (
    <div className="viewer-overlay" data-testid="viewer-overlay">
      <div className="viewer-card" role="status">
        <Icon size={26} aria-hidden />
        <h1>{found.title}</h1>
        {found.cause && (
          <p data-testid="viewer-cause" data-cause={found.cause.code}>
            {found.cause.sentence}
          </p>
        )}
        {found.cause?.detail && <p className="muted">{found.cause.detail}</p>}
        {found.more && <p className="muted">{found.more}</p>}
        {found.cause && <span className="cause-code">{found.cause.code}</span>}
        <div className="actions">
          {found.action && (
            <button type="button" className="button" data-testid="viewer-retry" onClick={found.action.run}>
              <RotateCw size={14} aria-hidden />
              {found.action.label}
            </button>
          )}
          {refused && (
            <a className="button" href={`/session/${sessionId}?access=view_only`}>
              Watch only
            </a>
          )}
          {signIn && (
            <a className="button" href="/login">
              Sign in
            </a>
          )}
          {state.phase === "ended" && (
            <a className="button" href="/machines">
              Back to the machines
            </a>
          )}
        </div>
      </div>
    </div>
  );
}

export function Banner({ controller, state, access }: Props & { access: Access }) {
  const { session, phase, surface } = state;
  if (phase !== "live" || !session || !surface || controller.inControl) return null;
  const may = access === "control" && (session.rights & RIGHT_CONTROL) !== 0;
  const holder = session.participants.find((one) => one.participant === session.controller);
  const own = session.participants.find((one) => one.participant === session.self);
  const asked = own?.asks === true;
  return (
    <div className="viewer-banner" data-testid="viewer-banner" role="status">
      {may ? <MousePointerClick size={15} aria-hidden /> : <Eye size={15} aria-hidden />}
      <span>
        {!may && "View only. Keyboard and mouse are not sent."}
        {may && holder && `${holder.name} has control.`}
        {may && !holder && "Nobody has control."}
      </span>
      {may && (
        <button
          type="button"
          className="button small"
          data-testid="banner-ask"
          disabled={asked}
          onClick={() => {
            controller.control("ask");
            controller.focus();
          }}
        >
          {asked ? "Asked" : holder ? "Ask for control" : "Take control"}
        </button>
      )}
    </div>
  );
}

export function Notices({ state }: { state: ViewerState }) {
  if (state.phase !== "live") return null;
  const { input, clipboard, encoder, capture, action, desktop_session: desktop } = state.notices;
  const stalled = state.session?.agent === "stalled";
  const refused = desktop?.code === "desktop_session_unknown" ? desktop : undefined;
  const lines: CauseFacts[] = [input, clipboard, encoder, capture, action, refused].filter(
    (cause) => cause !== undefined,
  );
  return (
    <div role="status">
      {stalled && <p>Nothing has been heard from the machine for a few seconds. Waiting for it.</p>}
      {state.clipboardWaiting && (
        <p>Something was copied on the machine. Click the picture to take it over.</p>
      )}
      {lines.map((cause) => (
        <p key={cause.code} data-cause={cause.code}>
          {cause.sentence}
        </p>
      ))}
    </div>
  );
}
