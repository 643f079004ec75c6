// The folders of both sides, and what is done between them; those of the machine alone
// where the browser opens no folders of this computer.

import { FolderOpen } from "lucide-react";
import { type KeyboardEvent, useEffect, useMemo, useRef, useState } from "react";
import type { CauseFacts } from "../../engine/messages";
import { Empty, Loading } from "../../ui/states";
import type { FilesController } from "../controller";
import type { FilePolicyFacts, TransferFacts } from "../facts";
import { whyNoFolders } from "../pick";
import { type Change, ChangeDialogs } from "./change-dialogs";
import { CommandBar, type Commands } from "./commands";
import { ComputerSide } from "./computer-side";
import { Allow, ComputerStates } from "./computer-states";
import { copyOver } from "./copy";
import { FolderHead } from "./folder-head";
import { FolderList, type RowDrags } from "./folder-list";
import "./folders.css";
import { MachineSide, pathOf } from "./machine-side";
import type { Entry, SideId, Way } from "./side";
import { type Pane, useFolder } from "./use-folder";
import { useReadAgain } from "./use-read-again";

interface Props {
  files: FilesController;
  policy: FilePolicyFacts | null;
  machine: string;
  transfers: TransferFacts[];
}

export function Folders({ files, policy, machine, transfers }: Props) {
  const { memory } = files;
  const two = files.canChooseFolder;
  const ready = policy !== null && (policy.upload || policy.download);
  const [root, setRoot] = useState(memory.root);
  const [active, setActive] = useState<SideId>(two ? memory.active : "machine");
  const [change, setChange] = useState<Change | null>(null);
  const [problem, setProblem] = useState<CauseFacts | null>(null);
  /** Files of this computer that were found so far, while they are looked for. */
  const [reading, setReading] = useState<number | null>(null);
  const [refused, setRefused] = useState(false);
  const dragged = useRef<{ from: SideId; entries: Entry[] } | null>(null);
  const lists = {
    computer: useRef<HTMLDivElement>(null),
    machine: useRef<HTMLDivElement>(null),
  };

  const computerSide = useMemo(() => (root ? new ComputerSide(root) : null), [root]);
  const machineSide = useMemo(() => (ready ? new MachineSide(files) : null), [ready, files]);
  const computer = useFolder(computerSide, memory.computer);
  const there = useFolder(machineSide, memory.machine);
  const panes: Record<SideId, Pane> = { computer, machine: there };
  const pane = panes[active];
  const otherId: SideId = active === "computer" ? "machine" : "computer";
  useReadAgain(transfers, "upload", there.reload);
  useReadAgain(transfers, "download", computer.reload);

  const { way: thereWay } = there;
  useEffect(() => {
    // Uploads go where the person is looking.
    if (ready) files.setFolder(pathOf(thereWay));
  }, [ready, files, thereWay]);

  const { current: start } = useRef(active);
  const { current: startList } = useRef(lists[start]);
  useEffect(() => {
    // Who opened the panel goes on there; when it opened by itself, keys stay where they were.
    if (memory.summoned) startList.current?.focus();
    memory.summoned = false;
  }, [memory, startList]);

  const activate = (id: SideId) => {
    memory.active = id;
    setActive(id);
  };
  const open = async () => {
    const folder = await files.chooseFolder();
    setRefused(!folder);
    if (!folder) return;
    memory.root = folder;
    setProblem(null);
    setRoot(folder);
    computer.enter([]);
    activate("computer");
    lists.computer.current?.focus();
  };
  const allow = async () => {
    if (!(await computerSide?.allow())) return;
    setProblem(null);
    await computer.reload();
  };

  const copy = async (from: SideId, entries: Entry[], into: Way) => {
    if (!computerSide) return;
    setProblem(null);
    const { way } = panes[from];
    if (from === "computer") setReading(0);
    const cause = await copyOver({ from, way, entries, into }, computerSide, files, setReading);
    setReading(null);
    setProblem(cause);
  };
  const mayCopy = (from: SideId) =>
    computerSide !== null &&
    panes[from].side !== null &&
    (from === "computer" ? policy?.upload === true : policy?.download === true);

  const changed = async (step: (pane: Pane) => Promise<CauseFacts | null>) => {
    setProblem(await step(pane));
    await pane.reload();
  };
  const named = (name: string) =>
    void changed(async ({ side, way }) => {
      if (!side || !change) return null;
      if (change.kind === "make") return side.make(way, name);
      return change.kind === "rename" ? side.rename(way, change.entry, name) : null;
    });
  const remove = (entries: Entry[]) =>
    changed(async ({ side, way }) => {
      let first: CauseFacts | null = null;
      for (const entry of entries) {
        const cause = (await side?.remove(way, entry)) ?? null;
        if (cause) first ??= { ...cause, sentence: `${entry.name}: ${cause.sentence}` };
      }
      return first;
    });

  const { chosen } = pane;
  const [one] = chosen;
  const writes = pane.side?.holds(pane.way) === true && (active === "computer" || policy?.upload === true);
  const when = (may: boolean, run: () => void) => (may ? run : null);
  const commands: Commands = {
    copy: when(mayCopy(active) && chosen.length > 0, () => void copy(active, chosen, panes[otherId].way)),
    whyNoCopy: computerSide ? undefined : "Open a folder of this computer first.",
    make: when(writes, () => setChange({ kind: "make" })),
    rename: when(writes && chosen.length === 1, () => one && setChange({ kind: "rename", entry: one })),
    remove: when(writes && chosen.length > 0, () => setChange({ kind: "remove", entries: chosen })),
    download: when(active === "machine" && policy?.download === true && chosen.length > 0, () =>
      files.downloadTo(
        chosen.map(({ step }) => pathOf([...there.way, step])),
        null,
      ),
    ),
  };

  const keys = (event: KeyboardEvent) => {
    // Not of the dialogs, which React counts as within.
    if (!(event.target instanceof Element) || !event.currentTarget.contains(event.target)) return;
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    const inList = event.target.closest(".folder-scroll") !== null;
    const run = inList && { F2: commands.rename, F7: commands.make, Delete: commands.remove }[event.key];
    // On a button, too: it must not load the page again.
    if (event.key === "F5") (two ? commands.copy : pane.reload)?.();
    else if (run || run === null) run?.();
    else if (inList && event.key === "Tab" && !event.shiftKey && two) lists[otherId].current?.focus();
    else return;
    event.preventDefault();
  };

  const drags = (id: SideId): RowDrags | null =>
    two
      ? {
          begin: (entries) => {
            dragged.current = { from: id, entries };
          },
          end: () => {
            dragged.current = null;
          },
          fits: () =>
            dragged.current !== null && dragged.current.from !== id && mayCopy(dragged.current.from),
          drop: (folder) => {
            const held = dragged.current;
            dragged.current = null;
            const { way } = panes[id];
            if (held) void copy(held.from, held.entries, folder ? [...way, folder.step] : way);
          },
        }
      : null;

  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: keys of the lists within
    <div className={two ? "folders two" : "folders"} onKeyDown={keys} data-testid="remote-browser">
      <CommandBar
        commands={commands}
        from={active}
        machine={machine}
        two={two}
        before={() => lists[active].current?.focus()}
      />
      {problem && (
        <div className="files-problem" role="alert" data-testid="folders-problem">
          {problem.sentence}
          <Allow cause={problem} allow={() => void allow()} />
        </div>
      )}
      {reading !== null && (
        <p className="files-note" role="status">
          Looking through the folders of this computer: {reading} found
        </p>
      )}
      {two && (
        <FolderHead
          id="computer"
          pane={computer}
          title="This computer"
          top={root?.name || "Folder"}
          active={active === "computer"}
          activate={() => activate("computer")}
        >
          {root && (
            <button
              type="button"
              className="icon-button"
              aria-label="Open another folder of this computer"
              title="Open another folder"
              onClick={() => void open()}
            >
              <FolderOpen size={14} aria-hidden />
            </button>
          )}
        </FolderHead>
      )}
      <FolderHead
        id="machine"
        pane={there}
        title={machine}
        top="Machine"
        active={active === "machine"}
        activate={() => activate("machine")}
      />
      {two && (
        <FolderList
          id="computer"
          pane={computer}
          label="Files of this computer"
          active={active === "computer"}
          activate={() => activate("computer")}
          list={lists.computer}
          drags={drags("computer")}
        >
          <ComputerStates
            pane={computer}
            refused={refused}
            open={() => void open()}
            allow={() => void allow()}
          />
          {computer.cut && <Cut />}
        </FolderList>
      )}
      <FolderList
        id="machine"
        pane={there}
        label={`Files of ${machine}`}
        active={active === "machine"}
        activate={() => activate("machine")}
        list={lists.machine}
        drags={drags("machine")}
      >
        <MachineStates pane={there} policy={policy} />
        {there.cut && <Cut />}
      </FolderList>
      <p className="files-note folder-keys">
        {two
          ? "Tab other side · Enter open · Backspace up · F5 copy · F2 rename · F7 new folder · Del delete · Shift + Tab buttons"
          : whyNoFolders()}
      </p>
      <ChangeDialogs
        side={active}
        machine={machine}
        change={change}
        close={() => setChange(null)}
        name={named}
        remove={remove}
      />
    </div>
  );
}

function Cut() {
  return <p className="files-note">There is more in this folder than is shown.</p>;
}

function MachineStates({ pane, policy }: { pane: Pane; policy: FilePolicyFacts | null }) {
  const { side, listing } = pane;
  if (!policy) return <Empty title="Waiting for the machine" />;
  if (!side) return <Empty title="The machine's folders cannot be shown">Its rules allow no files.</Empty>;
  if (!listing) return <Loading label="Reading the folder" />;
  if (listing.cause) return <Empty title="This folder cannot be shown">{listing.cause.sentence}</Empty>;
  return listing.entries.length === 0 ? <Empty title="This folder is empty" /> : null;
}
