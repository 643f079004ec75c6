import { Menu } from "@base-ui/react/menu";
import { Check } from "lucide-react";
import type { ReactElement, ReactNode, RefObject } from "react";

interface DropdownProps {
  trigger: ReactElement<Record<string, unknown>>;
  children: ReactNode;
  align?: "start" | "center" | "end";
  /** Where the keyboard goes when the menu closes; the trigger unless told. */
  finalFocus?: RefObject<HTMLElement | null>;
}

export function Dropdown({ trigger, children, align = "start", finalFocus }: DropdownProps) {
  return (
    <Menu.Root modal={false}>
      <Menu.Trigger render={trigger} />
      <Menu.Portal>
        <Menu.Positioner sideOffset={6} align={align} className="positioner">
          <Menu.Popup className="menu" {...(finalFocus ? { finalFocus } : {})}>
            {children}
          </Menu.Popup>
        </Menu.Positioner>
      </Menu.Portal>
    </Menu.Root>
  );
}

interface ItemProps {
  children: ReactNode;
  onSelect(): void;
  testId?: string;
  trail?: ReactNode;
  disabled?: boolean;
  /** Marks the current choice; leaves room for the mark when false. */
  checked?: boolean;
}

export function Item({ children, onSelect, testId, trail, disabled, checked }: ItemProps) {
  return (
    <Menu.Item
      className="menu-item"
      onClick={onSelect}
      data-testid={testId}
      data-checked={checked ? "" : undefined}
      disabled={disabled ?? false}
    >
      {checked !== undefined && (
        <span className="mark">
          {checked && <Check size={14} aria-hidden />}
          {checked && <span className="hidden-visually">Current:</span>}
        </span>
      )}
      {children}
      {trail !== undefined && <span className="trail">{trail}</span>}
    </Menu.Item>
  );
}

export function Line() {
  return <Menu.Separator className="menu-line" />;
}

export function Label({ children }: { children: ReactNode }) {
  return <div className="menu-label">{children}</div>;
}
