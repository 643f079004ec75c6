import { Check, Copy } from "lucide-react";
import { useEffect, useState } from "react";

/** Copies without the asynchronous clipboard too, which plain http does not have. */
export async function copyText(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const area = document.createElement("textarea");
    area.value = text;
    area.className = "hidden-visually";
    document.body.append(area);
    area.select();
    const done = document.execCommand("copy");
    area.remove();
    return done;
  }
}

interface CopyButtonProps {
  text: string;
  label: string;
  testId?: string;
  small?: boolean;
  primary?: boolean;
}

export function CopyButton({ text, label, testId, small, primary }: CopyButtonProps) {
  const [state, setState] = useState<"idle" | "done" | "failed">("idle");
  useEffect(() => {
    if (state === "idle") return;
    const timer = setTimeout(() => setState("idle"), 1800);
    return () => clearTimeout(timer);
  }, [state]);
  return (
    <button
      type="button"
      className={`button${small ? " small" : ""}${primary ? " primary" : ""}`}
      data-testid={testId}
      onClick={() => void copyText(text).then((done) => setState(done ? "done" : "failed"))}
    >
      {state === "done" ? <Check size={14} aria-hidden /> : <Copy size={14} aria-hidden />}
      <span aria-live="polite">
        {state === "done" ? "Copied" : state === "failed" ? "Select and copy it" : label}
      </span>
    </button>
  );
}

export function Copyable({
  text,
  label,
  testId,
  buttonTestId,
}: {
  text: string;
  label: string;
  testId?: string;
  buttonTestId?: string;
}) {
  return (
    <div className="copyable">
      <code data-testid={testId}>{text}</code>
      <CopyButton text={text} label={label} small {...(buttonTestId ? { testId: buttonTestId } : {})} />
    </div>
  );
}
