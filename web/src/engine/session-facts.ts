// What the relay tells of the session, as the page shows it.

import type { AgentPresence, ConsentState, SessionState } from "../gen/guruconnect/v2/session_pb";
import { cleanText } from "../wire/validate";
import { causeFacts } from "./cause";
import type { SessionFacts } from "./messages";

const CONSENT = { 1: "not_required", 2: "pending", 3: "granted", 4: "denied" } as const;
const PRESENCE = { 1: "online", 2: "stalled", 3: "offline" } as const;

/** This viewer's place in the session. */
export interface Seat {
  session: Uint8Array;
  participant: number;
  rights: number;
  epoch: number;
}

export function sessionFacts(state: SessionState, seat: Seat): SessionFacts {
  const own = state.participants.find((one) => one.participant === seat.participant);
  return {
    consent: CONSENT[state.consent as Exclude<ConsentState, ConsentState.UNSPECIFIED>] ?? "unknown",
    agent: PRESENCE[state.agent as Exclude<AgentPresence, AgentPresence.UNSPECIFIED>] ?? "unknown",
    agentSinceMs: Number(state.agentSinceUnixMs),
    controller: state.controller,
    participants: state.participants.map((one) => ({
      participant: one.participant,
      name: cleanText(one.name, 64),
      rights: one.rights,
      asks: one.asksForControl,
    })),
    machineName: cleanText(state.machineName, 64),
    cause: state.cause ? causeFacts(state.cause.code, cleanText(state.cause.detail, 200)) : null,
    self: seat.participant,
    rights: own?.rights ?? seat.rights,
  };
}
