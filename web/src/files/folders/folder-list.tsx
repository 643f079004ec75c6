// The rows of a pane: keys, clicks, drags.

import { File as FileIcon, Folder, Link } from "lucide-react";
import {
  type DragEvent,
  type KeyboardEvent,
  type MouseEvent,
  memo,
  type ReactNode,
  type RefObject,
  useEffect,
  useId,
  useMemo,
  useRef,
  useState,
} from "react";
import { cleanText } from "../../wire/validate";
import { bytes } from "../format";
import { at, by, everything, found, type How } from "./marks";
import type { Column, Entry, Order, SideId } from "./side";
import type { Pane } from "./use-folder";

/** Letters within this are of one name, ms. */
const LETTERS_MS = 1000;

/** What rows are dragged with; no other program knows it. */
export const DRAGGED = "application/x-guruconnect-files";

/** Of test ids. */
const PREFIX: Record<SideId, string> = { computer: "local", machine: "remote" };

export interface RowDrags {
  begin(entries: Entry[]): void;
  end(): void;
  /** Whether what is being dragged can be dropped in this list. */
  fits(): boolean;
  /** Into the folder of the list, or one that is in it. */
  drop(folder: Entry | null): void;
}

interface Props {
  pane: Pane;
  label: string;
  id: SideId;
  /** The keys of the panel act on this side. */
  active: boolean;
  activate(): void;
  list: RefObject<HTMLDivElement | null>;
  drags: RowDrags | null;
  /** Instead of rows: what there is to say. */
  children: ReactNode;
}

export function FolderList({ id: sideId, pane, label, active, activate, list, drags, children }: Props) {
  const { rows, marks, side, way, setMarks } = pane;
  const id = useId();
  const prefix = PREFIX[sideId];
  const letters = useRef({ typed: "", at: 0 });
  /** Row that something is held over; empty for the list as a whole. */
  const [over, setOver] = useState<string | null>(null);
  const steps = useMemo(() => rows.map(({ step }) => step), [rows]);
  const holds = side?.holds(way) ?? false;
  const cursor = marks.cursor === null ? -1 : steps.indexOf(marks.cursor);

  useEffect(() => {
    if (cursor >= 0) document.getElementById(`${id}-${cursor}`)?.scrollIntoView({ block: "nearest" });
  }, [cursor, id]);

  const entryOf = (event: { target: EventTarget }): Entry | undefined => {
    const row = event.target instanceof Element ? event.target.closest("tr[data-row]") : null;
    return row instanceof HTMLElement ? rows[Number(row.dataset.row)] : undefined;
  };

  const move = (event: KeyboardEvent, by_: number) => {
    const how: How = !holds ? "cursor" : event.shiftKey ? "range" : event.ctrlKey ? "cursor" : "only";
    setMarks(by(steps, marks, by_, how));
  };
  const page = () => Math.max(1, Math.floor((list.current?.clientHeight ?? 0) / 28) - 2);

  const keys = (event: KeyboardEvent) => {
    if (event.altKey || event.metaKey) return;
    const here = rows[cursor];
    switch (event.key) {
      case "ArrowDown":
        move(event, 1);
        break;
      case "ArrowUp":
        move(event, -1);
        break;
      case "PageDown":
        move(event, page());
        break;
      case "PageUp":
        move(event, -page());
        break;
      case "Home":
        move(event, -rows.length);
        break;
      case "End":
        move(event, rows.length);
        break;
      case "Enter":
        if (!here) return;
        pane.open(here);
        break;
      case "Backspace":
        pane.up();
        break;
      case " ":
        if (holds && here) setMarks(at(steps, marks, here.step, "toggle"));
        break;
      case "Insert":
        if (holds && here) setMarks(by(steps, at(steps, marks, here.step, "toggle"), 1, "cursor"));
        break;
      default:
        if (event.ctrlKey && event.key.toLowerCase() === "a" && holds) {
          setMarks(everything(steps, marks));
          break;
        }
        if (event.ctrlKey || event.key.length !== 1) return;
        type(event);
    }
    event.preventDefault();
  };

  const type = (event: KeyboardEvent) => {
    const { typed, at: then } = letters.current;
    const whole = event.timeStamp - then < LETTERS_MS ? typed + event.key : event.key;
    letters.current = { typed: whole, at: event.timeStamp };
    const step = found(rows, marks, whole);
    if (step !== null) setMarks(at(steps, marks, step, holds ? "only" : "cursor"));
  };

  const click = (event: MouseEvent) => {
    const entry = entryOf(event);
    if (!entry) return;
    const toggles = event.ctrlKey || event.metaKey;
    const how: How = !holds ? "cursor" : event.shiftKey ? "range" : toggles ? "toggle" : "only";
    setMarks(at(steps, marks, entry.step, how));
  };

  const dragStart = (event: DragEvent) => {
    const entry = entryOf(event);
    if (!entry || !drags || !holds) {
      event.preventDefault();
      return;
    }
    const marked = marks.marked.has(entry.step);
    if (!marked) setMarks(at(steps, marks, entry.step, "only"));
    event.dataTransfer.effectAllowed = "copy";
    event.dataTransfer.setData(DRAGGED, prefix);
    drags.begin(marked ? pane.chosen : [entry]);
  };
  const dragOver = (event: DragEvent) => {
    if (!event.dataTransfer.types.includes(DRAGGED) || !drags?.fits()) return;
    event.preventDefault();
    event.dataTransfer.dropEffect = "copy";
    const entry = entryOf(event);
    setOver(entry?.kind === "folder" ? entry.step : "");
  };
  const drop = (event: DragEvent) => {
    setOver(null);
    if (!event.dataTransfer.types.includes(DRAGGED) || !drags?.fits()) return;
    event.preventDefault();
    const entry = entryOf(event);
    drags.drop(entry?.kind === "folder" ? entry : null);
  };

  return (
    <div
      ref={list}
      role="grid"
      aria-label={label}
      aria-multiselectable
      {...(cursor >= 0 ? { "aria-activedescendant": `${id}-${cursor}` } : {})}
      tabIndex={0}
      className={over === "" ? "folder-scroll over" : "folder-scroll"}
      data-side={sideId}
      data-active={active}
      data-testid={`${prefix}-list`}
      onFocus={activate}
      onPointerDown={activate}
      onKeyDown={keys}
      onClick={click}
      onDoubleClick={(event) => {
        const entry = entryOf(event);
        if (entry) pane.open(entry);
      }}
      onDragStart={dragStart}
      onDragEnd={() => drags?.end()}
      onDragOver={dragOver}
      onDragLeave={() => setOver(null)}
      onDrop={drop}
    >
      {children}
      {rows.length > 0 && (
        <table className="folder-list" role="presentation">
          <thead role="rowgroup">
            <tr role="row">
              <Head label="Name" by="name" order={pane.order} set={pane.setOrder} />
              <Head label="Size" by="size" order={pane.order} set={pane.setOrder} />
              <Head label="Changed" by="modifiedMs" order={pane.order} set={pane.setOrder} />
            </tr>
          </thead>
          <tbody role="rowgroup">
            {rows.map((entry, row) => (
              <Row
                key={entry.step}
                id={`${id}-${row}`}
                row={row}
                prefix={prefix}
                entry={entry}
                marked={marks.marked.has(entry.step)}
                cursor={row === cursor}
                over={over !== "" && over === entry.step}
                draggable={holds && drags !== null}
              />
            ))}
          </tbody>
        </table>
      )}
    </div>
  );
}

function Head({
  label,
  by: column,
  order,
  set,
}: {
  label: string;
  by: Column;
  order: Order;
  set(order: Order): void;
}) {
  const on = order.by === column;
  return (
    <th role="columnheader" aria-sort={on ? (order.down ? "descending" : "ascending") : "none"}>
      <button type="button" tabIndex={-1} onClick={() => set({ by: column, down: on && !order.down })}>
        {label}
        {on ? (order.down ? " ↓" : " ↑") : ""}
      </button>
    </th>
  );
}

interface RowProps {
  id: string;
  row: number;
  prefix: string;
  entry: Entry;
  marked: boolean;
  cursor: boolean;
  over: boolean;
  draggable: boolean;
}

const Row = memo(function Row({ id, row, prefix, entry, marked, cursor, over, draggable }: RowProps) {
  const { name, kind, size, modifiedMs } = entry;
  const Icon = kind === "folder" ? Folder : kind === "file" ? FileIcon : Link;
  const classes = [cursor && "cursor", over && "over"].filter(Boolean).join(" ");
  return (
    <tr
      role="row"
      id={id}
      aria-selected={marked}
      className={classes || undefined}
      data-row={row}
      data-testid={`${prefix}-${name}`}
      draggable={draggable}
    >
      <td role="gridcell" title={cleanText(name)}>
        <Icon size={14} aria-label={kind} /> {cleanText(name)}
      </td>
      <td role="gridcell">{kind === "file" ? bytes(size) : ""}</td>
      <td role="gridcell" title={modifiedMs > 0 ? new Date(modifiedMs).toLocaleString() : undefined}>
        {modifiedMs > 0 ? SHORT.format(modifiedMs) : ""}
      </td>
    </tr>
  );
});

const SHORT = new Intl.DateTimeFormat(undefined, { dateStyle: "short", timeStyle: "short" });
