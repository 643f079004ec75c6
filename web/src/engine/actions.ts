// What a machine can be told to do beside keyboard and mouse.

import { MachineAction, type MachineActionState } from "../gen/guruconnect/v2/action_pb";
import { cleanText } from "../wire/validate";
import { causeFacts } from "./cause";
import type { CauseFacts } from "./messages";

export type ActionName = "ctrl_alt_del" | "lock" | "block_input" | "blank_screen" | "elevate" | "lock_at_end";

export const ACTION_NUMBERS: Readonly<Record<ActionName, MachineAction>> = {
  ctrl_alt_del: MachineAction.CTRL_ALT_DEL,
  lock: MachineAction.LOCK,
  block_input: MachineAction.BLOCK_INPUT,
  blank_screen: MachineAction.BLANK_SCREEN,
  elevate: MachineAction.ELEVATE,
  lock_at_end: MachineAction.LOCK_AT_END,
};

export interface Ability {
  /** As the machine was seen after the last change. */
  on: boolean;
  /** Why it cannot be done; null when it can. */
  unavailable: CauseFacts | null;
}

export type Abilities = Readonly<Partial<Record<ActionName, Ability>>>;

/** What a machine says it can do; actions that are not known here are left out. */
export function readAbilities(state: MachineActionState): Abilities {
  const found: Partial<Record<ActionName, Ability>> = {};
  for (const [name, number] of Object.entries(ACTION_NUMBERS) as [ActionName, MachineAction][]) {
    const one = state.abilities.find((ability) => ability.action === number);
    if (!one) continue;
    const cause = one.unavailable;
    found[name] = {
      on: one.on,
      unavailable: cause ? causeFacts(cause.code, cleanText(cause.detail, 200)) : null,
    };
  }
  return found;
}

export interface Choice {
  disabled: boolean;
  on: boolean;
  /** Why it is disabled. */
  why: string | null;
}

/** Where the user of a machine may give a session administrator rights, how that stands. */
export function rightsOf(abilities: Abilities | null): "none" | "asking" | "given" | null {
  const ability = abilities?.elevate;
  if (!ability) return null;
  switch (ability.unavailable?.code) {
    case undefined:
      return "none";
    case "elevation_pending":
      return "asking";
    case "elevation_active":
      return "given";
    default:
      // A managed machine, or a system that has nothing of the kind.
      return null;
  }
}

const NOT_IN_CONTROL = causeFacts(41).sentence;

/** How an entry of the menu stands. `abilities` is null with an agent that has not told them. */
export function choice(abilities: Abilities | null, name: ActionName, inControl: boolean): Choice {
  const ability = abilities?.[name];
  const on = ability?.on ?? false;
  if (ability?.unavailable) {
    const { sentence, detail } = ability.unavailable;
    return { disabled: true, on, why: detail === "" ? sentence : detail };
  }
  if (!ability) return { disabled: true, on, why: "This machine's agent does not know it." };
  return inControl ? { disabled: false, on, why: null } : { disabled: true, on, why: NOT_IN_CONTROL };
}
