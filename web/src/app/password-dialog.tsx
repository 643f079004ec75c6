import { type FormEvent, useState } from "react";
import { changePassword } from "../api/actions";
import { LEAST_PASSWORD } from "../pages/entry";
import { Dialog } from "../ui/dialog";
import { TextField } from "../ui/field";
import { Problem } from "../ui/states";
import { tell } from "../ui/toast";

const EMPTY = { current: "", next: "", again: "" };

export function PasswordDialog({ open, onOpenChange }: { open: boolean; onOpenChange(open: boolean): void }) {
  const [form, setForm] = useState(EMPTY);
  const [problem, setProblem] = useState<unknown>(null);
  const close = (next: boolean) => {
    setForm(EMPTY);
    setProblem(null);
    onOpenChange(next);
  };
  const put = (name: keyof typeof form) => (event: { target: { value: string } }) =>
    setForm((before) => ({ ...before, [name]: event.target.value }));
  const differs = form.again !== "" && form.again !== form.next;
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    try {
      await changePassword(form.current, form.next);
      tell("Password changed");
      close(false);
    } catch (error) {
      setProblem(error);
    }
  };
  return (
    <Dialog open={open} onOpenChange={close} title="Change password">
      <form className="form" onSubmit={(event) => void submit(event)}>
        <TextField
          label="Current password"
          type="password"
          autoComplete="current-password"
          required
          value={form.current}
          onChange={put("current")}
        />
        <TextField
          label="New password"
          type="password"
          autoComplete="new-password"
          required
          minLength={LEAST_PASSWORD}
          hint={`At least ${LEAST_PASSWORD} characters`}
          value={form.next}
          onChange={put("next")}
        />
        <TextField
          label="Repeat new password"
          type="password"
          autoComplete="new-password"
          required
          problem={differs ? "The passwords differ." : null}
          value={form.again}
          onChange={put("again")}
        />
        {problem !== null && <Problem error={problem} />}
        <div className="actions end">
          <button
            type="submit"
            className="button primary"
            disabled={form.next === "" || form.again !== form.next}
          >
            Change password
          </button>
        </div>
      </form>
    </Dialog>
  );
}
