import { type FormEvent, useEffect, useState } from "react";
import { canDecodeHevc } from "../engine/decoder";
import type { QualitySettings } from "../engine/messages";
import { Dialog } from "../ui/dialog";
import { TextField } from "../ui/field";
import type { ViewerController } from "./controller";

interface DialogProps {
  open: boolean;
  onOpenChange(open: boolean): void;
  controller: ViewerController;
}

const within = (value: string, least: number, most: number) =>
  Math.min(most, Math.max(least, Math.round(Number(value)) || least));

export function QualityDialog({
  open,
  onOpenChange,
  controller,
  start,
}: DialogProps & { start: QualitySettings }) {
  const [fps, setFps] = useState(String(start.fps));
  const [kbps, setKbps] = useState(String(start.kbps));
  const [hevc, setHevc] = useState(start.hevc ?? false);
  const [canHevc, setCanHevc] = useState(false);
  useEffect(() => {
    void canDecodeHevc().then(setCanHevc);
  }, []);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    controller.setQuality({
      preset: "custom",
      fps: within(fps, 1, 60),
      kbps: within(kbps, 64, 50_000),
      hevc: canHevc && hevc,
    });
    onOpenChange(false);
    controller.focus();
  };
  return (
    <Dialog open={open} onOpenChange={onOpenChange} title="Custom quality">
      <form className="form" onSubmit={submit}>
        <div className="pair">
          <TextField
            label="Pictures per second"
            hint="1 to 60"
            type="number"
            min={1}
            max={60}
            value={fps}
            onChange={(event) => setFps(event.target.value)}
          />
          <TextField
            label="Rate in kbit/s"
            hint="64 to 50,000"
            type="number"
            min={64}
            max={50000}
            value={kbps}
            onChange={(event) => setKbps(event.target.value)}
          />
        </div>
        {canHevc && (
          <label className="check">
            <input type="checkbox" checked={hevc} onChange={(event) => setHevc(event.target.checked)} />
            H.265 for motion, where the machine can
          </label>
        )}
        <div className="actions end">
          <button type="submit" className="button primary" data-testid="quality-apply">
            Use this quality
          </button>
        </div>
      </form>
    </Dialog>
  );
}

/** Far more than anyone would have typed, and still done in seconds. */
const MOST_TYPED = 16_384;

export function TypeDialog({ open, onOpenChange, controller }: DialogProps) {
  const [text, setText] = useState("");
  const submit = (event: FormEvent) => {
    event.preventDefault();
    onOpenChange(false);
    controller.typeText(text);
    setText("");
    controller.focus();
  };
  return (
    <Dialog
      open={open}
      onOpenChange={onOpenChange}
      title="Type text on the machine"
      description="Paste or write text here. It is typed on the machine as if from its keyboard, also where pasting is not possible."
    >
      <form className="form" onSubmit={submit}>
        <textarea
          className="input"
          rows={5}
          maxLength={MOST_TYPED}
          aria-label="Text to type"
          value={text}
          onChange={(event) => setText(event.target.value)}
        />
        <div className="actions end">
          <button type="submit" className="button primary" disabled={text === ""} data-testid="type-text">
            Type it
          </button>
        </div>
      </form>
    </Dialog>
  );
}
