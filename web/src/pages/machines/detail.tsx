import { Tabs } from "@base-ui/react/tabs";
import { Eye, Pencil, Play, Trash2 } from "lucide-react";
import { useState } from "react";
import { removeMachine } from "../../api/actions";
import { useChange, useHistory } from "../../api/queries";
import type { Machine } from "../../api/types";
import { may, useUser } from "../../app/auth";
import { Confirm } from "../../ui/dialog";
import { Empty, Failure, Loading } from "../../ui/states";
import { Ago, Lasting, spell } from "../../ui/time";
import { tell } from "../../ui/toast";
import { AuditList } from "../audit-list";
import { CONSENT_MODES, MachineDialog } from "./dialogs";
import { KeysTab } from "./keys";
import { StatusBar } from "./status-bar";

interface DetailProps {
  machine: Machine;
  onJoin(machine: Machine, access: "control" | "view_only"): void;
  onRemoved(): void;
}

export function MachineDetail({ machine, onJoin, onRemoved }: DetailProps) {
  const user = useUser();
  const manages = may(user, "manage_clients");
  const [editing, setEditing] = useState(false);
  const [removing, setRemoving] = useState(false);
  const remove = useChange(removeMachine, "machines");
  return (
    <div className="detail" data-testid="machine-detail">
      <div className="detail-head">
        <h2>{machine.name}</h2>
        <span className="muted">{[machine.company, machine.site].filter(Boolean).join(" · ")}</span>
      </div>
      <Tabs.Root defaultValue="start" className="tabs">
        <Tabs.List className="tab-list" aria-label="About this machine">
          <Tab value="start">Start</Tab>
          <Tab value="info">Info</Tab>
          <Tab value="timeline">Timeline</Tab>
          {manages && <Tab value="keys">Keys</Tab>}
        </Tabs.List>
        <Tabs.Panel value="start" className="tab-panel">
          <StartTab machine={machine} onJoin={onJoin} />
        </Tabs.Panel>
        <Tabs.Panel value="info" className="tab-panel">
          <InfoTab machine={machine} />
          {manages && (
            <div className="actions">
              <button
                type="button"
                className="button"
                data-testid="edit-machine"
                onClick={() => setEditing(true)}
              >
                <Pencil size={14} aria-hidden /> Edit
              </button>
              <button
                type="button"
                className="button danger"
                data-testid="remove-machine"
                onClick={() => setRemoving(true)}
              >
                <Trash2 size={14} aria-hidden /> Remove…
              </button>
            </div>
          )}
        </Tabs.Panel>
        <Tabs.Panel value="timeline" className="tab-panel">
          <TimelineTab machineId={machine.id} />
        </Tabs.Panel>
        {manages && (
          <Tabs.Panel value="keys" className="tab-panel">
            <KeysTab machineId={machine.id} />
          </Tabs.Panel>
        )}
      </Tabs.Root>
      <MachineDialog open={editing} onOpenChange={setEditing} machine={machine} />
      <Confirm
        open={removing}
        onOpenChange={setRemoving}
        title={`Remove ${machine.name}?`}
        action="Remove 1 machine"
        run={async () => {
          await remove.mutateAsync(machine.id);
          tell(`${machine.name} removed`);
          onRemoved();
        }}
      >
        It leaves the list and its keys stop working. Its audit stays. The agent on the machine is not
        uninstalled.
      </Confirm>
    </div>
  );
}

function Tab({ value, children }: { value: string; children: string }) {
  return (
    <Tabs.Tab value={value} className="tab">
      {children}
    </Tabs.Tab>
  );
}

function StartTab({ machine, onJoin }: Omit<DetailProps, "onRemoved">) {
  const user = useUser();
  const viewers = machine.session?.viewers ?? [];
  const control = may(user, "control");
  return (
    <div className="form">
      <StatusBar machine={machine} wide />
      <div className="actions">
        {control && (
          <button
            type="button"
            className="button primary join"
            data-testid="join-machine"
            onClick={() => onJoin(machine, "control")}
          >
            <Play size={15} aria-hidden /> Join
          </button>
        )}
        <button
          type="button"
          className={control ? "button" : "button primary"}
          data-testid="watch-machine"
          onClick={() => onJoin(machine, "view_only")}
        >
          <Eye size={15} aria-hidden /> Watch
        </button>
      </div>
      {!machine.online && (
        <p className="muted">
          {machine.last_seen_ms === null
            ? "It has never connected. Run the agent on it with a key from the Keys tab."
            : "It is offline. You can join now; the picture comes as soon as it is back."}
        </p>
      )}
      {machine.no_picture && (
        <p className="notice warn" data-testid="no-picture">
          {machine.no_picture.sentence}
        </p>
      )}
      <dl className="facts">
        <Fact name="Logged on" value={machine.logged_on_user || "nobody"} />
        {machine.online && machine.idle_s !== null && (
          <Fact name="Idle" value={spell(machine.idle_s * 1000)} />
        )}
        <Fact name="System" value={[machine.os, machine.os_version].filter(Boolean).join(" ") || "unknown"} />
        <Fact
          name="Consent"
          value={CONSENT_MODES.find(([mode]) => mode === machine.consent_mode)?.[1] ?? ""}
        />
      </dl>
      {viewers.length > 0 && (
        <div>
          <h3 className="small-title">In the session now</h3>
          <ul className="people">
            {viewers.map((viewer) => (
              <li key={viewer.participant}>
                <span className="truncate">{viewer.name}</span>
                {viewer.in_control && <span className="badge good">control</span>}
                <span className="muted">
                  <Lasting since={viewer.since_ms} />
                </span>
              </li>
            ))}
          </ul>
        </div>
      )}
    </div>
  );
}

function Fact({ name, value }: { name: string; value: React.ReactNode }) {
  return (
    <>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </>
  );
}

function InfoTab({ machine }: { machine: Machine }) {
  const text = (value: string) => value || <span className="muted">–</span>;
  return (
    <dl className="facts">
      <Fact name="Host name" value={text(machine.hostname)} />
      <Fact name="Company" value={text(machine.company)} />
      <Fact name="Site" value={text(machine.site)} />
      <Fact name="Department" value={text(machine.department)} />
      <Fact name="Device type" value={text(machine.device_type)} />
      <Fact name="Tags" value={text(machine.tags.join(", "))} />
      <Fact name="System" value={text([machine.os, machine.os_version].filter(Boolean).join(" "))} />
      <Fact name="Architecture" value={text(machine.architecture)} />
      <Fact name="Agent" value={text(machine.agent_version)} />
      <Fact name="Last seen" value={machine.online ? "now" : <Ago at={machine.last_seen_ms} />} />
      <Fact
        name="Link trouble"
        value={machine.link_trouble ? <Trouble of={machine.link_trouble} /> : text("")}
      />
      <Fact name="Added" value={<Ago at={machine.created_ms} />} />
      <Fact name="Id" value={<code className="id">{machine.id}</code>} />
    </dl>
  );
}

/** What kept the agent from the server the last time, told by the agent when it was through. */
function Trouble({ of }: { of: NonNullable<Machine["link_trouble"]> }) {
  const attempts = of.attempts === 1 ? "1 attempt" : `${of.attempts} attempts`;
  return (
    <span data-testid="link-trouble">
      {of.cause.sentence}{" "}
      <span className="muted">
        {of.detail && `(${of.detail}) `}
        {attempts} in {spell(of.lasted_ms)}, over <Ago at={of.ended_ms} />
      </span>
    </span>
  );
}

function TimelineTab({ machineId }: { machineId: string }) {
  const history = useHistory(machineId);
  if (history.isPending) return <Loading label="Loading the timeline" />;
  if (history.isError) {
    return <Failure error={history.error} what="this timeline" retry={() => void history.refetch()} />;
  }
  if (history.data.items.length === 0) return <Empty title="Nothing has happened yet" />;
  return <AuditList events={history.data.items} compact />;
}
