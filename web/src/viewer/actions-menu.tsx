import { EyeOff, KeyboardOff, Lock, LockKeyhole, ShieldPlus, Wrench } from "lucide-react";
import { type ReactNode, type RefObject, useState } from "react";
import { type ActionName, choice, rightsOf } from "../engine/actions";
import { Confirm } from "../ui/dialog";
import { Dropdown, Item, Line } from "../ui/menu";
import { tell, tellCause } from "../ui/toast";
import type { ViewerController } from "./controller";
import type { ViewerState } from "./state";

interface Props {
  controller: ViewerController;
  state: ViewerState;
  keys: RefObject<HTMLTextAreaElement | null>;
}

/** Tells when it was not done; the states say by themselves when it was. */
async function run(controller: ViewerController, action: ActionName, on: boolean, done = ""): Promise<void> {
  const cause = await controller.act(action, on);
  if (cause) tellCause(cause);
  else if (done !== "") tell(done);
}

interface ActionItemProps {
  controller: ViewerController;
  state: ViewerState;
  action: ActionName;
  testId: string;
  icon?: ReactNode;
  /** It is on or off and shows it, or leaves room for the mark of those that do. */
  toggle?: boolean;
  children: ReactNode;
  onSelect(on: boolean): void;
}

/** An entry that shows how the machine stands, and says why when it cannot be chosen. */
export function ActionItem(props: ActionItemProps) {
  const { disabled, on, why } = choice(props.state.actions, props.action, props.controller.inControl);
  return (
    <Item
      testId={props.testId}
      disabled={disabled}
      {...(props.toggle ? { checked: on } : {})}
      onSelect={() => props.onSelect(!on)}
    >
      {props.icon}
      <span className="menu-text">
        {props.children}
        {why !== null && <span className="menu-why">{why}</span>}
      </span>
    </Item>
  );
}

/** Ctrl+Alt+Del and Lock, as the keys menu has them. */
export function SystemItems({ controller, state }: Omit<Props, "keys">) {
  const old = state.actions === null;
  if (old) {
    const off = !controller.inControl;
    return (
      <>
        <Item testId="key-ctrl-alt-del" disabled={off} onSelect={() => controller.systemKey("ctrl-alt-del")}>
          Ctrl + Alt + Del
        </Item>
        <Item testId="key-lock" disabled={off} onSelect={() => controller.systemKey("lock")}>
          Lock the machine
        </Item>
      </>
    );
  }
  return (
    <>
      <ActionItem
        controller={controller}
        state={state}
        action="ctrl_alt_del"
        testId="key-ctrl-alt-del"
        onSelect={() => void run(controller, "ctrl_alt_del", true)}
      >
        Ctrl + Alt + Del
      </ActionItem>
      <ActionItem
        controller={controller}
        state={state}
        action="lock"
        testId="key-lock"
        onSelect={() => void run(controller, "lock", true, "The machine is locked")}
      >
        Lock the machine
      </ActionItem>
    </>
  );
}

export function Actions({ controller, state, keys }: Props) {
  const [asking, setAsking] = useState<"block_input" | "blank_screen" | null>(null);
  const machine = state.session?.machineName || "the machine";
  const active = state.actions?.block_input?.on || state.actions?.blank_screen?.on;
  const rights = rightsOf(state.actions);
  const word = rights === "asking" ? "Asking the user…" : active ? "Actions: on" : "Actions";
  // What the person in front loses is asked about; giving it back is not.
  const turn = (action: "block_input" | "blank_screen", on: boolean) => {
    if (on) setAsking(action);
    else void run(controller, action, false);
  };
  return (
    <>
      <Dropdown
        finalFocus={keys}
        trigger={
          <button
            type="button"
            className={active ? "tool active" : "tool"}
            data-testid="toolbar-actions"
            aria-label="Actions"
          >
            <Wrench size={16} aria-hidden />
            <span className="word">{word}</span>
          </button>
        }
      >
        <ActionItem
          controller={controller}
          state={state}
          action="lock"
          testId="action-lock"
          toggle
          icon={<Lock size={15} aria-hidden />}
          onSelect={() => void run(controller, "lock", true, "The machine is locked")}
        >
          Lock the machine
        </ActionItem>
        <ActionItem
          controller={controller}
          state={state}
          action="block_input"
          testId="action-block-input"
          toggle
          icon={<KeyboardOff size={15} aria-hidden />}
          onSelect={(on) => turn("block_input", on)}
        >
          Block keyboard and mouse
        </ActionItem>
        <ActionItem
          controller={controller}
          state={state}
          action="blank_screen"
          testId="action-blank-screen"
          toggle
          icon={<EyeOff size={15} aria-hidden />}
          onSelect={(on) => turn("blank_screen", on)}
        >
          Blank the monitors
        </ActionItem>
        {rights !== null && (
          <ActionItem
            controller={controller}
            state={state}
            action="elevate"
            testId="action-elevate"
            toggle
            icon={<ShieldPlus size={15} aria-hidden />}
            onSelect={() => void run(controller, "elevate", true, "You have administrator rights now")}
          >
            {rights === "asking" ? "Asking the user…" : "Ask for administrator rights"}
          </ActionItem>
        )}
        <Line />
        <ActionItem
          controller={controller}
          state={state}
          action="lock_at_end"
          testId="action-lock-at-end"
          toggle
          icon={<LockKeyhole size={15} aria-hidden />}
          onSelect={(on) => void run(controller, "lock_at_end", on)}
        >
          Lock when the session ends
        </ActionItem>
      </Dropdown>
      <Confirm
        open={asking !== null}
        onOpenChange={(open) => !open && setAsking(null)}
        danger={false}
        title={
          asking === "blank_screen" ? `Blank the screen of ${machine}?` : `Block the keyboard of ${machine}?`
        }
        action={asking === "blank_screen" ? "Blank screen" : "Block keyboard and mouse"}
        run={async () => {
          if (asking) await run(controller, asking, true);
          controller.focus();
        }}
      >
        {asking === "blank_screen"
          ? "The person in front of it sees nothing"
          : "The person in front of it can neither type nor click"}{" "}
        until you turn it off, leave or lose control, or they press Ctrl + Alt + Del.
      </Confirm>
    </>
  );
}
