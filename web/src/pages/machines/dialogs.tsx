import { type FormEvent, useEffect, useState } from "react";
import { changeMachine, createKey, createMachine } from "../../api/actions";
import { useChange } from "../../api/queries";
import type { ConsentMode, Machine, MachineForm } from "../../api/types";
import { Copyable } from "../../ui/copy";
import { Dialog } from "../../ui/dialog";
import { SelectField, TextField } from "../../ui/field";
import { Problem } from "../../ui/states";
import { tell, tellError } from "../../ui/toast";

export const CONSENT_MODES: readonly (readonly [ConsentMode, string])[] = [
  ["silent", "Silent: nobody is asked, a bar shows"],
  ["notify", "Notify: the user is told"],
  ["ask", "Ask: no answer is a no"],
  ["ask_unless_alone", "Ask, but allow when nobody is logged on"],
];

const EMPTY = {
  name: "",
  company: "",
  site: "",
  department: "",
  device_type: "",
  tags: "",
  consent_mode: "notify" as ConsentMode,
};

function toForm(machine: Machine): typeof EMPTY {
  return {
    name: machine.name,
    company: machine.company,
    site: machine.site,
    department: machine.department,
    device_type: machine.device_type,
    tags: machine.tags.join(", "),
    consent_mode: machine.consent_mode,
  };
}

interface MachineDialogProps {
  open: boolean;
  onOpenChange(open: boolean): void;
  onDone?(machine: Machine): void;
  /** To change; a new one without it. */
  machine?: Machine;
}

export function MachineDialog({ open, onOpenChange, onDone, machine }: MachineDialogProps) {
  const [form, setForm] = useState(EMPTY);
  const [made, setMade] = useState<{ machine: Machine; secret: string } | null>(null);
  const save = useChange(async (body: MachineForm) => {
    if (machine) return { machine: await changeMachine(machine.id, body), secret: null };
    const created = await createMachine(body);
    try {
      return { machine: created, secret: (await createKey(created.id, "first key")).secret };
    } catch (error) {
      // The machine is there all the same; its Keys tab makes the key later.
      tellError(error);
      return { machine: created, secret: null };
    }
  }, "machines");
  const { reset } = save;

  useEffect(() => {
    if (!open) return;
    setForm(machine ? toForm(machine) : EMPTY);
    setMade(null);
    reset();
  }, [open, machine, reset]);

  const put = (name: keyof typeof form) => (event: { target: { value: string } }) =>
    setForm((before) => ({ ...before, [name]: event.target.value }));

  const submit = async (event: FormEvent) => {
    event.preventDefault();
    const tags = [
      ...new Set(
        form.tags
          .split(",")
          .map((tag) => tag.trim())
          .filter(Boolean),
      ),
    ];
    const done = await save.mutateAsync({ ...form, name: form.name.trim(), tags }).catch(() => null);
    if (!done) return;
    onDone?.(done.machine);
    if (done.secret !== null) {
      setMade({ machine: done.machine, secret: done.secret });
    } else {
      tell(`${done.machine.name} ${machine ? "changed" : "added"}`);
      onOpenChange(false);
    }
  };

  if (made) {
    return (
      <Dialog open={open} onOpenChange={onOpenChange} title={`Connect ${made.machine.name}`} wide>
        <SecretOnce secret={made.secret} onDone={() => onOpenChange(false)} />
      </Dialog>
    );
  }
  return (
    <Dialog open={open} onOpenChange={onOpenChange} title={machine ? "Edit machine" : "Add machine"}>
      <form className="form" onSubmit={(event) => void submit(event)} data-testid="machine-form">
        <TextField label="Name" required maxLength={255} value={form.name} onChange={put("name")} />
        <div className="pair">
          <TextField label="Company" maxLength={255} value={form.company} onChange={put("company")} />
          <TextField label="Site" maxLength={255} value={form.site} onChange={put("site")} />
          <TextField
            label="Department"
            maxLength={255}
            value={form.department}
            onChange={put("department")}
          />
          <TextField
            label="Device type"
            maxLength={255}
            value={form.device_type}
            onChange={put("device_type")}
          />
        </div>
        <TextField label="Tags" hint="Separated by commas" value={form.tags} onChange={put("tags")} />
        <SelectField
          label="Consent"
          value={form.consent_mode}
          options={CONSENT_MODES}
          onChange={(consent_mode) => setForm((before) => ({ ...before, consent_mode }))}
        />
        {save.error && <Problem error={save.error} />}
        <div className="actions end">
          <button
            type="submit"
            className="button primary"
            disabled={save.isPending}
            data-testid="machine-submit"
          >
            {machine ? "Save changes" : "Add machine"}
          </button>
        </div>
      </form>
    </Dialog>
  );
}

export function agentCommand(secret: string): string {
  return `GURUCONNECT_KEY=${secret} ./guruconnect agent --server ${location.origin}`;
}

/** The only time a key is shown. */
export function SecretOnce({ secret, onDone }: { secret: string; onDone(): void }) {
  return (
    <div className="form">
      <p className="notice warn">
        This key is shown only now. Anyone who has it can connect as this machine: copy it to the machine and
        nowhere else.
      </p>
      <div className="field">
        <span className="label">Key</span>
        <Copyable text={secret} label="Copy key" testId="key-secret" buttonTestId="copy-key" />
      </div>
      <div className="field">
        <span className="label">Run on the machine</span>
        <Copyable
          text={agentCommand(secret)}
          label="Copy command"
          testId="key-command"
          buttonTestId="copy-command"
        />
      </div>
      <div className="actions end">
        <button type="button" className="button primary" onClick={onDone} data-testid="key-done">
          I have copied it
        </button>
      </div>
    </div>
  );
}
