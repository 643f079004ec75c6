import { Plus } from "lucide-react";
import { useCallback, useDeferredValue, useEffect, useMemo, useState } from "react";
import { useMachines, useVersion } from "../../api/queries";
import type { Machine } from "../../api/types";
import { may, useUser } from "../../app/auth";
import { useSearchText } from "../../app/search";
import { Empty, Failure, Forbidden, Loading } from "../../ui/states";
import { joinMachine } from "../launch";
import { MachineDetail } from "./detail";
import { MachineDialog } from "./dialogs";
import { buildGroups, type GroupSection } from "./groups";
import { MachineTable } from "./table";

function useDelayed(text: string): string {
  const [late, setLate] = useState(text);
  useEffect(() => {
    const timer = setTimeout(() => setLate(text.trim()), 200);
    return () => clearTimeout(timer);
  }, [text]);
  return useDeferredValue(late);
}

export function MachinesPage() {
  const user = useUser();
  const version = useVersion();
  const [searchText, setSearchText] = useSearchText();
  const wanted = useDelayed(searchText);
  const query = useMachines(wanted);
  const [groupKey, setGroupKey] = useState("all");
  const [selected, setSelected] = useState<string | null>(null);
  const [adding, setAdding] = useState(false);
  const manages = may(user, "manage_clients");
  const latest = version.data?.version ?? "";

  useEffect(() => {
    document.title = "Machines · GuruConnect";
  }, []);

  const machines = useMemo(() => query.data?.pages.flatMap((page) => page.items) ?? [], [query.data]);
  const sections = useMemo(
    () => buildGroups(machines, { userId: user.id, latest, now: Date.now() }),
    [machines, user.id, latest],
  );
  const group = sections.flatMap((section) => section.groups).find((one) => one.key === groupKey);
  const shown = useMemo(() => (group ? machines.filter(group.holds) : machines), [group, machines]);
  const machine = machines.find((one) => one.id === selected) ?? null;

  const join = useCallback(
    (target: Machine, access: "control" | "view_only") =>
      void joinMachine(target.id, may(user, "control") ? access : "view_only"),
    [user],
  );
  const { hasNextPage, isFetchingNextPage, fetchNextPage } = query;
  const nearEnd = useCallback(() => {
    if (hasNextPage && !isFetchingNextPage) void fetchNextPage();
  }, [hasNextPage, isFetchingNextPage, fetchNextPage]);

  if (!may(user, "view")) return <Forbidden what="the machines" />;
  if (query.isPending) return <Loading label="Loading machines" />;
  if (query.isError && machines.length === 0) {
    return <Failure error={query.error} what="the machines" retry={() => void query.refetch()} />;
  }

  const addButton = manages && (
    <button type="button" className="button" data-testid="add-machine" onClick={() => setAdding(true)}>
      <Plus size={15} aria-hidden />
      Add machine
    </button>
  );
  return (
    <div className="machines">
      <Groups sections={sections} current={group?.key ?? "all"} onChoose={setGroupKey} />
      <section className="pane list-pane">
        <div className="pane-head">
          <h1>{group?.label ?? "All machines"}</h1>
          <span className="muted">
            {shown.length.toLocaleString()}
            {wanted !== "" && ` found for “${wanted}”`}
            {hasNextPage && " loaded so far"}
          </span>
          <span className="grow" />
          {addButton}
        </div>
        {shown.length > 0 ? (
          <MachineTable
            machines={shown}
            latest={latest}
            selected={selected}
            onSelect={setSelected}
            onJoin={join}
            onNearEnd={nearEnd}
          />
        ) : wanted !== "" ? (
          <Empty
            title="No machine matches"
            action={
              <button type="button" className="button" onClick={() => setSearchText("")}>
                Clear the search
              </button>
            }
          >
            Every word must occur somewhere: name, user, system, address, tag.
          </Empty>
        ) : machines.length === 0 ? (
          <Empty title="No machines yet" action={addButton}>
            Add a machine, run the agent on it with the key that is shown once, and it appears here by itself.
          </Empty>
        ) : (
          <Empty title="Nothing in this group" />
        )}
      </section>
      <aside className="pane detail-pane" aria-label="Selected machine">
        {machine ? (
          <MachineDetail
            key={machine.id}
            machine={machine}
            onJoin={join}
            onRemoved={() => setSelected(null)}
          />
        ) : (
          <div className="state">
            <p>Select a machine to see it here.</p>
          </div>
        )}
      </aside>
      <MachineDialog open={adding} onOpenChange={setAdding} onDone={(made) => setSelected(made.id)} />
    </div>
  );
}

interface GroupsProps {
  sections: GroupSection[];
  current: string;
  onChoose(key: string): void;
}

function Groups({ sections, current, onChoose }: GroupsProps) {
  return (
    <nav className="pane groups-pane" aria-label="Groups">
      {sections.map((section) => (
        <div key={section.title ?? ""} className="groups">
          {section.title && <h2>{section.title}</h2>}
          <ul>
            {section.groups.map((group) => (
              <li key={group.key}>
                <button
                  type="button"
                  className={group.depth === 1 ? "group-row inner" : "group-row"}
                  aria-current={group.key === current}
                  data-testid="group-row"
                  onClick={() => onChoose(group.key)}
                >
                  <span className="truncate">{group.label}</span>
                  <span className="count">{group.count.toLocaleString()}</span>
                </button>
              </li>
            ))}
          </ul>
        </div>
      ))}
    </nav>
  );
}
