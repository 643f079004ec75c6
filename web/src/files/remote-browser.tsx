import { Download, File as FileIcon, Folder, FolderPlus, Link, Pencil, RotateCw, Trash2 } from "lucide-react";
import { type FormEvent, type KeyboardEvent, useCallback, useEffect, useState } from "react";
import type { CauseFacts } from "../engine/messages";
import { Confirm, Dialog } from "../ui/dialog";
import { TextField } from "../ui/field";
import { Empty, Loading } from "../ui/states";
import type { ViewerController } from "../viewer/controller";
import type { FilePolicyFacts, FolderStep, RemoteEntry, RemotePath } from "./facts";
import { bytes } from "./format";

type Sort = "name" | "size" | "modifiedMs";

interface Shown {
  entries: RemoteEntry[];
  cut: boolean;
  cause: CauseFacts | null;
}

/** Cut off: a browser draws no more rows in reasonable time. */
const MOST_ROWS = 2000;

function sorted(entries: RemoteEntry[], by: Sort, down: boolean): RemoteEntry[] {
  const names = new Intl.Collator(undefined, { numeric: true, sensitivity: "base" });
  const order = (a: RemoteEntry, b: RemoteEntry) => {
    const folders = Number(b.kind === "folder") - Number(a.kind === "folder");
    if (folders !== 0) return folders;
    const value = by === "name" ? names.compare(a.name, b.name) : a[by] - b[by];
    return down ? -value : value;
  };
  return [...entries].sort(order);
}

/** The folders of the machine, as far as its user may see them. */
export function RemoteBrowser({
  controller,
  policy,
}: {
  controller: ViewerController;
  policy: FilePolicyFacts | null;
}) {
  const [at, setAt] = useState<RemotePath | null>(null);
  const [shown, setShown] = useState<Shown | null>(null);
  const [sort, setSort] = useState<{ by: Sort; down: boolean }>({ by: "name", down: false });
  const [marked, setMarked] = useState<ReadonlySet<string>>(new Set());
  const [naming, setNaming] = useState<"make" | "rename" | null>(null);
  const [deleting, setDeleting] = useState(false);
  const [problem, setProblem] = useState<string | null>(null);
  const { files } = controller;
  const ready = policy !== null && (policy.upload || policy.download);

  const load = useCallback(async () => {
    const path = at ?? { place: "", parts: [] };
    const answer = await files.ask({ kind: "list", path });
    setShown(answer);
    setMarked(new Set());
  }, [at, files]);

  useEffect(() => {
    if (!ready) return;
    setShown(null);
    void load();
    // Uploads go where the person is looking.
    files.setFolder(at ?? { place: "", parts: [] });
  }, [load, ready, at, files]);

  const open = (entry: RemoteEntry) => {
    if (!at) setAt({ place: entry.place, parts: [] });
    else if (entry.kind === "folder") setAt({ place: at.place, parts: [...at.parts, entry.name] });
  };
  const parent = () => {
    if (!at) return;
    setAt(at.parts.length === 0 ? null : { place: at.place, parts: at.parts.slice(0, -1) });
  };
  const pathOf = (name: string): RemotePath => ({
    place: at?.place ?? "",
    parts: [...(at?.parts ?? []), name],
  });
  const change = async (step: FolderStep) => {
    const answer = await files.ask(step);
    setProblem(answer.cause?.sentence ?? null);
    if (!answer.cause) await load();
  };
  const fetchMarked = (choose: boolean) => void files.download([...marked].map(pathOf), choose);
  const keys = (event: KeyboardEvent) => {
    if (event.target instanceof HTMLInputElement) return;
    if (event.key === "F5") void load();
    else if (event.key === "Backspace") parent();
    else if (event.key === "Delete" && marked.size > 0 && policy?.upload) setDeleting(true);
    else if (event.key === "F11" && marked.size > 0 && policy?.download) fetchMarked(true);
    else return;
    event.preventDefault();
  };
  if (!ready) return <Empty title="The machine's folders cannot be shown">Its rules allow no files.</Empty>;

  const rows = shown ? sorted(shown.entries, sort.by, sort.down).slice(0, MOST_ROWS) : [];
  const one = marked.size === 1 ? [...marked][0] : undefined;
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: keys of the list within
    <div className="remote" onKeyDown={keys} data-testid="remote-browser">
      <nav aria-label="Folder" className="crumbs">
        <button type="button" onClick={() => setAt(null)}>
          Machine
        </button>
        {at && (
          <button type="button" onClick={() => setAt({ place: at.place, parts: [] })}>
            {at.place}
          </button>
        )}
        {at?.parts.map((part, depth) => (
          <button
            type="button"
            // biome-ignore lint/suspicious/noArrayIndexKey: a way may hold one name twice
            key={`${depth}/${part}`}
            onClick={() => setAt({ place: at.place, parts: at.parts.slice(0, depth + 1) })}
          >
            {part}
          </button>
        ))}
      </nav>
      <div className="files-actions">
        <button
          type="button"
          className="icon-button"
          aria-label="Read again (F5)"
          onClick={() => void load()}
        >
          <RotateCw size={15} aria-hidden />
        </button>
        <button
          type="button"
          className="icon-button"
          aria-label="New folder"
          disabled={!at || !policy?.upload}
          data-testid="remote-make"
          onClick={() => setNaming("make")}
        >
          <FolderPlus size={15} aria-hidden />
        </button>
        <button
          type="button"
          className="icon-button"
          aria-label="Rename"
          disabled={!one || !policy?.upload}
          onClick={() => setNaming("rename")}
        >
          <Pencil size={15} aria-hidden />
        </button>
        <button
          type="button"
          className="icon-button"
          aria-label="Delete"
          disabled={marked.size === 0 || !policy?.upload}
          data-testid="remote-delete"
          onClick={() => setDeleting(true)}
        >
          <Trash2 size={15} aria-hidden />
        </button>
        <button
          type="button"
          className="button"
          disabled={marked.size === 0 || !policy?.download}
          data-testid="remote-download"
          onClick={() => fetchMarked(false)}
        >
          <Download size={15} aria-hidden /> Download
        </button>
        {files.canChooseFolder && (
          <button
            type="button"
            className="button"
            disabled={marked.size === 0 || !policy?.download}
            onClick={() => fetchMarked(true)}
          >
            Download to…
          </button>
        )}
      </div>
      {problem && (
        <p className="files-problem" role="alert">
          {problem}
        </p>
      )}
      {!shown && <Loading label="Reading the folder" />}
      {shown?.cause && <Empty title="This folder cannot be shown">{shown.cause.sentence}</Empty>}
      {shown && !shown.cause && rows.length === 0 && <Empty title="This folder is empty" />}
      {rows.length > 0 && (
        <table className="remote-list">
          <thead>
            <tr>
              <Head label="Name" by="name" sort={sort} set={setSort} />
              <Head label="Size" by="size" sort={sort} set={setSort} />
              <Head label="Changed" by="modifiedMs" sort={sort} set={setSort} />
            </tr>
          </thead>
          <tbody>
            {rows.map((entry) => (
              <Row
                key={entry.place || entry.name}
                entry={entry}
                marked={marked.has(entry.name)}
                mark={(add) => {
                  if (!at) return;
                  const next = new Set(add ? marked : []);
                  if (add && marked.has(entry.name)) next.delete(entry.name);
                  else next.add(entry.name);
                  setMarked(next);
                }}
                open={() => open(entry)}
              />
            ))}
          </tbody>
        </table>
      )}
      {shown && (shown.cut || shown.entries.length > MOST_ROWS) && (
        <p className="files-note">There is more in this folder than is shown.</p>
      )}
      <NameDialog
        key={`${naming}${one}`}
        open={naming !== null}
        title={naming === "make" ? "New folder" : "Rename"}
        start={naming === "rename" ? (one ?? "") : ""}
        close={() => setNaming(null)}
        done={(name) => {
          if (naming === "make") void change({ kind: "make", path: pathOf(name) });
          else if (one) void change({ kind: "rename", path: pathOf(one), name });
        }}
      />
      <Confirm
        open={deleting}
        onOpenChange={setDeleting}
        title="Delete from the machine?"
        action={marked.size === 1 ? "Delete 1 item" : `Delete ${marked.size} items`}
        run={async () => {
          for (const name of marked) await change({ kind: "delete", path: pathOf(name) });
        }}
      >
        <p>
          {[...marked].slice(0, 5).join(", ")}
          {marked.size > 5 && ` and ${marked.size - 5} more`}. Folders go with everything in them. This cannot
          be undone.
        </p>
      </Confirm>
    </div>
  );
}

function Head({
  label,
  by,
  sort,
  set,
}: {
  label: string;
  by: Sort;
  sort: { by: Sort; down: boolean };
  set(sort: { by: Sort; down: boolean }): void;
}) {
  const on = sort.by === by;
  return (
    <th aria-sort={on ? (sort.down ? "descending" : "ascending") : "none"}>
      <button type="button" onClick={() => set({ by, down: on && !sort.down })}>
        {label}
        {on ? (sort.down ? " ↓" : " ↑") : ""}
      </button>
    </th>
  );
}

function Row({
  entry,
  marked,
  mark,
  open,
}: {
  entry: RemoteEntry;
  marked: boolean;
  mark(add: boolean): void;
  open(): void;
}) {
  const Icon = entry.kind === "folder" ? Folder : entry.kind === "file" ? FileIcon : Link;
  return (
    <tr
      aria-selected={marked}
      tabIndex={0}
      data-testid={`remote-${entry.name}`}
      onClick={(event) => mark(event.ctrlKey || event.metaKey)}
      onDoubleClick={open}
      onKeyDown={(event) => {
        if (event.key === "Enter") open();
        else if (event.key === " ") mark(true);
        else return;
        event.preventDefault();
      }}
    >
      <td>
        <Icon size={14} aria-label={entry.kind} /> {entry.name}
      </td>
      <td>{entry.kind === "file" ? bytes(entry.size) : ""}</td>
      <td>{entry.modifiedMs > 0 ? new Date(entry.modifiedMs).toLocaleString() : ""}</td>
    </tr>
  );
}

function NameDialog({
  open,
  title,
  start,
  close,
  done,
}: {
  open: boolean;
  title: string;
  start: string;
  close(): void;
  done(name: string): void;
}) {
  const [name, setName] = useState(start);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (name.trim() === "") return;
    done(name.trim());
    close();
  };
  return (
    <Dialog open={open} onOpenChange={(next) => !next && close()} title={title}>
      <form className="form" onSubmit={submit}>
        <TextField
          label="Name"
          value={name}
          data-testid="remote-name"
          onChange={(event) => setName(event.target.value)}
        />
        <div className="actions end">
          <button type="submit" className="button primary" data-testid="remote-name-done">
            {title}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
