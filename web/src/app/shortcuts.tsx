import { Dialog } from "../ui/dialog";

/** Whether a key belongs to a field or a dialog rather than to the page. */
export function isTyping(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement &&
    (target.matches("input, textarea, select, [contenteditable]") || target.closest("[role=dialog]") !== null)
  );
}

const SHORTCUTS: readonly (readonly [keys: string[], what: string])[] = [
  [["/"], "Search machines"],
  [["n"], "New support code"],
  [["↑", "↓"], "Move in the machines list"],
  [["Enter"], "Join the selected machine"],
  [["w"], "Watch the selected machine (view only)"],
  [["Esc"], "Close a dialog, clear the search"],
  [["?"], "This list"],
];

export function ShortcutsDialog({
  open,
  onOpenChange,
}: {
  open: boolean;
  onOpenChange(open: boolean): void;
}) {
  return (
    <Dialog open={open} onOpenChange={onOpenChange} title="Keyboard shortcuts">
      <dl className="shortcuts">
        {SHORTCUTS.map(([keys, what]) => (
          <div key={what}>
            <dt>
              {keys.map((key) => (
                <kbd key={key} className="kbd">
                  {key}
                </kbd>
              ))}
            </dt>
            <dd>{what}</dd>
          </div>
        ))}
      </dl>
    </Dialog>
  );
}
