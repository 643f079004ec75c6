import { useBlocker } from "@tanstack/react-router";
import { type FormEvent, useId, useRef, useState } from "react";
import { setConnectionNotice } from "../api/actions";
import { useChange, useConnectionNotice } from "../api/queries";
import type { ConnectionNotice, ConnectionNoticeSettings } from "../api/types";
import { useUser } from "../app/auth";
import { Dialog } from "../ui/dialog";
import { SelectField, TextField } from "../ui/field";
import { Failure, Loading, Problem } from "../ui/states";
import { tell } from "../ui/toast";
import { fillTemplate, MAX_TEMPLATE, templateProblem } from "./notice-template";

const POSITIONS: readonly (readonly [ConnectionNotice["position"], string])[] = [
  ["top_left", "Top left"],
  ["top_right", "Top right"],
  ["bottom_left", "Bottom left"],
  ["bottom_right", "Bottom right"],
  ["center", "Centre"],
];
const SHORTEST_S = 5;
const LONGEST_S = 60;

export function ConnectionNoticeSection() {
  const settings = useConnectionNotice();
  if (settings.isPending) return <Loading label="Loading the connection notice" />;
  if (settings.isError) {
    return (
      <Failure error={settings.error} what="the connection notice" retry={() => void settings.refetch()} />
    );
  }
  return <NoticeForm settings={settings.data} />;
}

function same(a: ConnectionNotice, b: ConnectionNotice): boolean {
  return (
    a.enabled === b.enabled &&
    a.template === b.template &&
    a.duration_s === b.duration_s &&
    a.position === b.position &&
    a.dismissible === b.dismissible
  );
}

function NoticeForm({ settings }: { settings: ConnectionNoticeSettings }) {
  const user = useUser();
  const [form, setForm] = useState(settings.current);
  const text = useRef<HTMLTextAreaElement>(null);
  const save = useChange((notice: ConnectionNotice) => setConnectionNotice(notice), "settings");
  const id = useId();
  const put = (change: Partial<ConnectionNotice>) => setForm({ ...form, ...change });
  const changed = !same(form, settings.current);
  const problem = templateProblem(form.template, settings.placeholders);
  const duration = form.duration_s;
  const inRange = Number.isInteger(duration) && duration >= SHORTEST_S && duration <= LONGEST_S;

  const blocker = useBlocker({
    shouldBlockFn: () => changed,
    enableBeforeUnload: () => changed,
    withResolver: true,
  });

  const submit = (event: FormEvent) => {
    event.preventDefault();
    save.mutate(form, { onSuccess: () => tell("The connection notice was saved") });
  };

  /** Puts a placeholder where the cursor is. */
  const insert = (name: string) => {
    const area = text.current;
    const [from, to] = [
      area?.selectionStart ?? form.template.length,
      area?.selectionEnd ?? form.template.length,
    ];
    const added = `{{${name}}}`;
    put({ template: form.template.slice(0, from) + added + form.template.slice(to) });
    requestAnimationFrame(() => {
      area?.focus();
      area?.setSelectionRange(from + added.length, from + added.length);
    });
  };

  const words = {
    technician_name: user.display_name,
    company: settings.company || "the support provider",
    time: new Date().toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", hour12: false }),
  };

  return (
    <section className="settings-section" aria-labelledby={`${id}-title`}>
      <h2 id={`${id}-title`}>Connection notice</h2>
      <p className="muted page-text">
        What the person at a machine is shown when the first technician of a session connects. Sessions that
        are being watched take a change up once everybody has left.
      </p>
      <div className="notice-columns">
        <form className="form" onSubmit={submit} data-testid="notice-form">
          <label className="check">
            <input
              type="checkbox"
              checked={form.enabled}
              data-testid="notice-enabled"
              onChange={(event) => put({ enabled: event.target.checked })}
            />
            Show a notice
          </label>
          <div className="field">
            <label className="label" htmlFor={`${id}-text`}>
              Text
            </label>
            <textarea
              id={`${id}-text`}
              ref={text}
              className="input"
              rows={4}
              value={form.template}
              data-testid="notice-template"
              aria-invalid={problem ? true : undefined}
              aria-describedby={`${id}-more`}
              onChange={(event) => put({ template: event.target.value })}
            />
            <span className={problem ? "problem" : "hint"} id={`${id}-more`} data-testid="notice-problem">
              {problem ?? `${[...form.template].length} of ${MAX_TEMPLATE} characters`}
            </span>
          </div>
          <div className="actions">
            {settings.placeholders.map((name) => (
              <button
                key={name}
                type="button"
                className="button small"
                data-testid={`notice-insert-${name}`}
                onClick={() => insert(name)}
              >
                {`{{${name}}}`}
              </button>
            ))}
          </div>
          <div className="field-row">
            <SelectField
              label="Place"
              value={form.position}
              options={POSITIONS}
              testId="notice-position"
              onChange={(position) => put({ position })}
            />
            <TextField
              label="Seconds"
              type="number"
              min={SHORTEST_S}
              max={LONGEST_S}
              value={Number.isNaN(duration) ? "" : duration}
              problem={inRange ? null : `${SHORTEST_S} to ${LONGEST_S}`}
              onChange={(event) => put({ duration_s: event.target.valueAsNumber })}
            />
          </div>
          <label className="check">
            <input
              type="checkbox"
              checked={form.dismissible}
              data-testid="notice-dismissible"
              onChange={(event) => put({ dismissible: event.target.checked })}
            />
            A click closes it (otherwise clicks go to what lies below)
          </label>
          {save.error && <Problem error={save.error} testId="notice-error" />}
          <div className="actions">
            <button
              type="submit"
              className="button primary"
              disabled={!changed || problem !== null || !inRange || save.isPending}
              data-testid="notice-save"
            >
              Save notice
            </button>
            <button
              type="button"
              className="button"
              disabled={!changed}
              data-testid="notice-discard"
              onClick={() => setForm(settings.current)}
            >
              Discard changes
            </button>
            <button
              type="button"
              className="button plain"
              disabled={same(form, settings.default)}
              data-testid="notice-reset"
              onClick={() => setForm(settings.default)}
            >
              Reset to default
            </button>
          </div>
        </form>
        <figure className="notice-preview">
          <div className="notice-screen" data-testid="notice-preview">
            {form.enabled ? (
              <div className={`notice-sample ${form.position.replace("_", "-")}`}>
                <span className="notice-mark" aria-hidden />
                <span className="notice-words">{fillTemplate(form.template, words)}</span>
                {form.dismissible && <span aria-hidden>×</span>}
              </div>
            ) : (
              <p className="notice-off">Nothing is shown. The bar with Stop stays.</p>
            )}
          </div>
          <figcaption className="hint">
            {form.enabled && inRange ? `Preview; it shows for ${duration} s.` : "Preview"}
          </figcaption>
        </figure>
      </div>
      <Dialog
        open={blocker.status === "blocked"}
        onOpenChange={(open) => !open && blocker.reset?.()}
        title="Leave without saving?"
        description="The connection notice was changed and not saved."
      >
        <div className="actions end">
          <button type="button" className="button" onClick={() => blocker.reset?.()}>
            Stay
          </button>
          <button
            type="button"
            className="button danger"
            data-testid="notice-leave"
            onClick={() => blocker.proceed?.()}
          >
            Discard changes
          </button>
        </div>
      </Dialog>
    </section>
  );
}
