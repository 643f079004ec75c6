import type { Machine } from "../../api/types";
import { exact, spell, spellShort, useNow } from "../../ui/time";

/** Two halves: the guest (is the agent there) and the host (is anyone looking). */
export function StatusBar({ machine, wide }: { machine: Machine; wide?: boolean }) {
  const now = useNow();
  const since = machine.since_ms;
  const viewers = machine.session?.viewers ?? [];
  const first = viewers.reduce((least, one) => Math.min(least, one.since_ms), Number.POSITIVE_INFINITY);
  const guest = machine.online ? "online" : since === null ? "never connected" : "offline";
  const length = wide ? spell : spellShort;
  const guestTime = since === null ? "" : length(now - since);
  const hostTime = viewers.length > 0 ? length(now - first) : "";
  const names = viewers.map((one) => one.name).join(", ");
  const guestTitle = since === null ? guest : `Guest ${guest} since ${exact(since)}`;
  const hostTitle = viewers.length > 0 ? `Joined: ${names}` : "Nobody has joined";
  return (
    <span className={wide ? "halves wide" : "halves"} data-testid="machine-bar">
      <span className={machine.online ? "half guest lit" : "half guest"} title={guestTitle}>
        <span className="hidden-visually">Guest {guest}</span>
        <span className="half-mark" aria-hidden="true">
          {machine.online ? "●" : "○"}
        </span>
        {wide ? `Guest ${guest}${guestTime && ` · ${guestTime}`}` : guestTime}
      </span>
      <span className={viewers.length > 0 ? "half host lit" : "half host"} title={hostTitle}>
        <span className="hidden-visually">{hostTitle}</span>
        {wide ? (viewers.length > 0 ? `${names} · ${hostTime}` : "Nobody joined") : hostTime}
      </span>
    </span>
  );
}
