import {
  createColumnHelper,
  createSortedRowModel,
  rowSortingFeature,
  sortFn_basic,
  sortFn_text,
  tableFeatures,
  useTable,
} from "@tanstack/react-table";
import { useVirtualizer } from "@tanstack/react-virtual";
import { ArrowDown, ArrowUp } from "lucide-react";
import { type KeyboardEvent, useEffect, useMemo, useRef } from "react";
import type { Machine } from "../../api/types";
import { Ago, spell } from "../../ui/time";
import { isOutdated } from "./groups";
import { StatusBar } from "./status-bar";

const features = tableFeatures({
  rowSortingFeature,
  sortedRowModel: createSortedRowModel(),
  sortFns: { text: sortFn_text, basic: sortFn_basic },
});
const helper = createColumnHelper<typeof features, Machine>();
const ROW = 44;

function makeColumns(latest: string) {
  return helper.columns([
    helper.accessor((m) => (m.online ? 2 : 0) + (m.session && m.session.viewers.length > 0 ? 1 : 0), {
      id: "status",
      header: "Guest · host",
      sortFn: "basic",
      cell: ({ row }) => <StatusBar machine={row.original} />,
    }),
    helper.accessor("name", {
      header: "Name",
      sortFn: "text",
      cell: ({ row: { original: m } }) => (
        <>
          <span className="truncate strong">{m.name}</span>
          <span className="truncate muted under">
            {[m.company, m.site].filter(Boolean).join(" · ") || m.hostname}
          </span>
        </>
      ),
    }),
    helper.accessor("logged_on_user", {
      id: "user",
      header: "User",
      sortFn: "text",
      cell: ({ row: { original: m } }) => (
        <>
          <span className="truncate">{m.logged_on_user || <span className="muted">nobody</span>}</span>
          {m.online && m.idle_s !== null && m.idle_s >= 60 && (
            <span className="truncate muted under">idle {spell(m.idle_s * 1000)}</span>
          )}
        </>
      ),
    }),
    helper.accessor("os", {
      header: "System",
      sortFn: "text",
      cell: ({ row: { original: m } }) => (
        <>
          <span className="truncate">{m.os || <span className="muted">unknown</span>}</span>
          <span className="truncate muted under">{m.os_version}</span>
        </>
      ),
    }),
    helper.accessor("agent_version", {
      id: "version",
      header: "Version",
      sortFn: "text",
      cell: ({ row: { original: m } }) =>
        isOutdated(m, latest) ? (
          <span className="outdated" title={`Current is ${latest}`}>
            {m.agent_version} ↑
          </span>
        ) : (
          m.agent_version
        ),
    }),
    helper.accessor((m) => m.last_seen_ms ?? 0, {
      id: "seen",
      header: "Last seen",
      sortFn: "basic",
      cell: ({ row: { original: m } }) => (m.online ? "now" : <Ago at={m.last_seen_ms} />),
    }),
  ]);
}

interface TableProps {
  machines: Machine[];
  latest: string;
  selected: string | null;
  onSelect(id: string): void;
  onJoin(machine: Machine, access: "control" | "view_only"): void;
  onNearEnd(): void;
}

export function MachineTable({ machines, latest, selected, onSelect, onJoin, onNearEnd }: TableProps) {
  const columns = useMemo(() => makeColumns(latest), [latest]);
  const table = useTable({
    features,
    columns,
    data: machines,
    getRowId: (machine) => machine.id,
    initialState: { sorting: [{ id: "name", desc: false }] },
  });
  const rows = table.getRowModel().rows;
  const scroller = useRef<HTMLDivElement>(null);
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW,
    overscan: 12,
    getItemKey: (index) => rows[index]?.id ?? index,
  });
  const items = virtual.getVirtualItems();
  const lastShown = items.at(-1)?.index ?? 0;
  useEffect(() => {
    if (rows.length > 0 && lastShown >= rows.length - 20) onNearEnd();
  }, [lastShown, rows.length, onNearEnd]);

  const at = rows.findIndex((row) => row.id === selected);
  const go = (index: number) => {
    const row = rows[Math.min(Math.max(0, index), rows.length - 1)];
    if (!row) return;
    onSelect(row.id);
    virtual.scrollToIndex(row.index === -1 ? 0 : rows.indexOf(row), { align: "auto" });
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const page = Math.max(1, Math.floor((scroller.current?.clientHeight ?? ROW) / ROW) - 1);
    const moves: Record<string, number> = {
      ArrowDown: at + 1,
      ArrowUp: at < 0 ? 0 : at - 1,
      PageDown: at + page,
      PageUp: at - page,
      Home: 0,
      End: rows.length - 1,
    };
    const current = rows[at]?.original;
    const target = moves[event.key];
    if (target !== undefined) go(target);
    else if (event.key === "Enter" && current) onJoin(current, "control");
    else if (event.key === "w" && current) onJoin(current, "view_only");
    else return;
    event.preventDefault();
  };

  // An ARIA grid (WAI-ARIA APG): a table element cannot say that only the rows in sight
  // exist. It is one tab stop; arrows move inside, and it handles the keys of all rows.
  return (
    <div
      className="grid"
      role="grid"
      aria-label="Machines"
      aria-rowcount={rows.length + 1}
      aria-activedescendant={at >= 0 ? `machine-${selected}` : undefined}
      tabIndex={0}
      ref={scroller}
      onKeyDown={onKeyDown}
    >
      <div className="grid-head" role="rowgroup">
        {table.getHeaderGroups().map((group) => (
          <div key={group.id} className="grid-row" role="row">
            {group.headers.map((header) => {
              const sorted = header.column.getIsSorted();
              return (
                <div
                  key={header.id}
                  role="columnheader"
                  aria-sort={sorted === "asc" ? "ascending" : sorted === "desc" ? "descending" : "none"}
                >
                  <button type="button" tabIndex={-1} onClick={header.column.getToggleSortingHandler()}>
                    <table.FlexRender header={header} />
                    {sorted === "asc" && <ArrowUp size={12} aria-hidden />}
                    {sorted === "desc" && <ArrowDown size={12} aria-hidden />}
                  </button>
                </div>
              );
            })}
          </div>
        ))}
      </div>
      <div role="rowgroup" className="grid-body" style={{ height: virtual.getTotalSize() }}>
        {items.map((item) => {
          const row = rows[item.index];
          if (!row) return null;
          return (
            <div
              key={row.id}
              id={`machine-${row.id}`}
              className="grid-row"
              role="row"
              aria-rowindex={item.index + 2}
              aria-selected={row.id === selected}
              data-testid="machine-row"
              data-machine-id={row.id}
              data-online={row.original.online}
              style={{ transform: `translateY(${item.start}px)` }}
              onClick={() => onSelect(row.id)}
              onDoubleClick={() => onJoin(row.original, "control")}
            >
              {row.getAllCells().map((cell) => (
                <div key={cell.id} role="gridcell" className="grid-cell">
                  <table.FlexRender cell={cell} />
                </div>
              ))}
            </div>
          );
        })}
      </div>
    </div>
  );
}
