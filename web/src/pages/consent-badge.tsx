import { Check, CircleSlash, Hourglass, Minus } from "lucide-react";
import type { ConsentState } from "../api/types";

const LOOKS = {
  not_required: { icon: Minus, text: "no consent needed", tone: "" },
  pending: { icon: Hourglass, text: "waiting for consent", tone: " warn pulse" },
  granted: { icon: Check, text: "consent given", tone: " good" },
  denied: { icon: CircleSlash, text: "declined", tone: " bad" },
} as const;

export function ConsentBadge({ state }: { state: ConsentState }) {
  const { icon: Icon, text, tone } = LOOKS[state];
  return (
    <span className={`badge${tone}`} data-testid="consent-badge" data-consent={state}>
      <Icon size={12} aria-hidden />
      {text}
    </span>
  );
}
