import { Dialog as Base } from "@base-ui/react/dialog";
import { X } from "lucide-react";
import { type ReactNode, useState } from "react";
import { Problem } from "./states";

interface DialogProps {
  open: boolean;
  onOpenChange(open: boolean): void;
  title: string;
  description?: ReactNode;
  kind?: "dialog" | "drawer";
  wide?: boolean;
  testId?: string;
  children: ReactNode;
}

export function Dialog({
  open,
  onOpenChange,
  title,
  description,
  kind,
  wide,
  testId,
  children,
}: DialogProps) {
  const shape = kind === "drawer" ? "drawer" : wide ? "dialog wide" : "dialog";
  return (
    <Base.Root open={open} onOpenChange={(next) => onOpenChange(next)}>
      <Base.Portal>
        <Base.Backdrop className="backdrop" />
        <Base.Popup className={shape} data-testid={testId}>
          <div className="dialog-head">
            <Base.Title>{title}</Base.Title>
            <Base.Close className="icon-button" aria-label="Close">
              <X size={16} />
            </Base.Close>
          </div>
          {description && <Base.Description className="dialog-text">{description}</Base.Description>}
          {children}
        </Base.Popup>
      </Base.Portal>
    </Base.Root>
  );
}

interface ConfirmProps {
  open: boolean;
  onOpenChange(open: boolean): void;
  title: string;
  children: ReactNode;
  /** What the button does, in words: "Remove 1 machine". */
  action: string;
  run(): Promise<unknown>;
  danger?: boolean;
}

export function Confirm({ open, onOpenChange, title, children, action, run, danger = true }: ConfirmProps) {
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<unknown>(null);
  const close = (next: boolean) => {
    setProblem(null);
    onOpenChange(next);
  };
  const confirm = async () => {
    setBusy(true);
    setProblem(null);
    try {
      await run();
      close(false);
    } catch (error) {
      setProblem(error);
    } finally {
      setBusy(false);
    }
  };
  return (
    <Dialog open={open} onOpenChange={close} title={title}>
      <div className="form">
        <div>{children}</div>
        {problem !== null && <Problem error={problem} />}
        <div className="actions end">
          <button type="button" className="button" onClick={() => close(false)}>
            Keep
          </button>
          <button
            type="button"
            className={danger ? "button danger" : "button primary"}
            disabled={busy}
            data-testid="confirm"
            onClick={() => void confirm()}
          >
            {action}
          </button>
        </div>
      </div>
    </Dialog>
  );
}
