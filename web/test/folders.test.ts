import { describe, expect, it, vi } from "vitest";
import type { RemotePath } from "../src/files/facts";
import { ComputerSide } from "../src/files/folders/computer-side";
import { copyOver } from "../src/files/folders/copy";
import { MachineSide } from "../src/files/folders/machine-side";
import { at, by, everything, found, kept, NO_MARKS } from "../src/files/folders/marks";
import { type Entry, sorted } from "../src/files/folders/side";
import { FolderSink } from "../src/files/sink";
import { type Faults, folderOf, type MemoryFolder } from "./memory-folder";

const entry = (name: string, kind: Entry["kind"] = "file", size = 0, modifiedMs = 0): Entry => ({
  name,
  step: name,
  kind,
  size,
  modifiedMs,
});
const side = (root: MemoryFolder) => new ComputerSide(root.handle);

describe("the folders of this computer", () => {
  it("are listed with sizes and dates", async () => {
    const root = await folderOf({ "a.txt": "hello", "docs/b.txt": "x" });
    const { entries, cut, cause } = await side(root).list([]);
    expect(entries).toEqual([entry("a.txt", "file", 5, 1_700_000_000_000), entry("docs", "folder")]);
    expect([cut, cause]).toEqual([false, null]);
    expect((await side(root).list(["docs"])).entries.map(({ name }) => name)).toEqual(["b.txt"]);
  });

  it("stop at a number that a browser can look at, and say so", async () => {
    const files = Object.fromEntries(Array.from({ length: 5001 }, (_, at) => [`${at}`, ""]));
    const { entries, cut } = await side(await folderOf(files)).list([]);
    expect([entries.length, cut]).toEqual([5000, true]);
  });

  it("lose what a page that crashed has left of downloads, a day later, and nothing else", async () => {
    const left = ".gc-part-0123456789abcdef";
    const fresh = ".gc-part-fedcba9876543210";
    const root = await folderOf({ [left]: "", [fresh]: "", ".gc-part-mine": "" });
    (await root.getFileHandle(fresh)).lastModified = Date.now();
    const { entries } = await side(root).list([]);
    expect(entries.map(({ name }) => name)).toEqual([fresh, ".gc-part-mine"]);
    expect(root.tree()).toEqual({ [fresh]: "", ".gc-part-mine": "" });
  });

  it("get new folders, but none over what is there", async () => {
    const root = await folderOf({ "a.txt": "hello", "docs/": "" });
    expect(await side(root).make([], "new")).toBeNull();
    for (const name of ["a.txt", "docs"]) {
      expect((await side(root).make([], name))?.code).toBe("computer_exists");
    }
    expect((await side(root).make([], "a/b"))?.code).toBe("computer_name_not_allowed");
    expect(root.tree()).toEqual({ "a.txt": "hello", "docs/": "", "new/": "" });
  });

  it.each([{}, { move: true }])(
    "give files and folders other names, and never one that is taken: %o",
    async (faults: Faults) => {
      const root = await folderOf({ "a.txt": "hello", "b.txt": "b", "docs/deep/c": "c" }, faults);
      expect(await side(root).rename([], entry("a.txt"), "new.txt")).toBeNull();
      expect(await side(root).rename([], entry("docs", "folder"), "texts")).toBeNull();
      expect((await side(root).rename([], entry("new.txt"), "b.txt"))?.code).toBe("computer_exists");
      expect((await side(root).rename([], entry("new.txt"), "texts"))?.code).toBe("computer_exists");
      expect(await side(root).rename([], entry("b.txt"), "B.TXT")).toBeNull();
      expect(root.tree()).toEqual({ "new.txt": "hello", "B.TXT": "b", "texts/deep/c": "c" });
    },
  );

  it("keep a folder of which a part could not be copied to its new name", async () => {
    const root = await folderOf({ "docs/a": "a", "docs/b": "b" }, { unreadable: ["b"] });
    expect((await side(root).rename([], entry("docs", "folder"), "texts"))?.code).toBe("computer_unreadable");
    expect(root.tree()).toEqual({ "docs/a": "a", "docs/b": "b" });
  });

  it("lose what is deleted, with all that is in it", async () => {
    const root = await folderOf({ "a.txt": "hello", "docs/deep/c": "c" });
    expect(await side(root).remove([], entry("docs", "folder"))).toBeNull();
    expect((await side(root).remove([], entry("docs", "folder")))?.code).toBe("computer_not_found");
    expect(root.tree()).toEqual({ "a.txt": "hello" });
  });

  it("say when access is lost, and are back when it is given again", async () => {
    const root = await folderOf({ "a.txt": "hello" }, {});
    root.faults.all = "NotAllowedError";
    root.answer = "denied";
    expect((await side(root).list([])).cause?.code).toBe("computer_denied");
    expect((await side(root).make([], "new"))?.code).toBe("computer_denied");
    expect(await side(root).allow()).toBe(false);
    root.answer = "granted";
    expect(await side(root).allow()).toBe(true);
    expect((await side(root).list([])).cause).toBeNull();
  });
});

describe("copying from one side to the other", () => {
  const world = () => {
    const sent: { items: string[]; folder: RemotePath }[] = [];
    const fetched: { sources: RemotePath[]; folder: FileSystemDirectoryHandle | null }[] = [];
    return {
      sent,
      fetched,
      files: {
        upload: (items: { path: string }[], folder: RemotePath) =>
          sent.push({ items: items.map(({ path }) => path), folder }),
        downloadTo: (sources: RemotePath[], folder: FileSystemDirectoryHandle | null) =>
          fetched.push({ sources, folder }),
      } as never,
    };
  };

  it("sends files and whole folders into the folder of the other side", async () => {
    const root = await folderOf({
      "here/a.txt": "a",
      "here/docs/deep/b": "b",
      "here/docs/hollow/": "",
      "here/c": "",
    });
    const { files, sent } = world();
    const found = vi.fn();
    const entries = [entry("a.txt"), entry("docs", "folder")];
    const copy = { from: "computer" as const, way: ["here"], entries, into: ["home", "in"] };
    expect(await copyOver(copy, side(root), files, found)).toBeNull();
    expect(sent).toEqual([
      {
        items: ["a.txt", "docs/deep/b", "docs/deep", "docs/hollow", "docs"],
        folder: { place: "home", parts: ["in"] },
      },
    ]);
    expect(found).toHaveBeenCalled();
  });

  it("sends the rest of what cannot be read, and says what is missing", async () => {
    const root = await folderOf({ "docs/a": "a", "docs/b": "b" }, { unreadable: ["a"] });
    const { files, sent } = world();
    const entries = [entry("docs", "folder"), entry("gone")];
    const copy = { from: "computer" as const, way: [], entries, into: ["home"] };
    const cause = await copyOver(copy, side(root), files, () => undefined);
    expect(cause?.code).toBe("computer_unreadable");
    expect(cause?.sentence).toContain("docs/a and 1 more");
    expect(sent[0]?.items).toEqual(["docs/b", "docs"]);
  });

  it("fetches into the folder that is open here, and says when that is gone", async () => {
    const root = await folderOf({ "in/": "" });
    const { files, fetched } = world();
    const copy = {
      from: "machine" as const,
      way: ["home", "docs"],
      entries: [entry("a"), entry("b")],
      into: ["in"],
    };
    expect(await copyOver(copy, side(root), files, () => undefined)).toBeNull();
    expect(fetched[0]?.sources).toEqual([
      { place: "home", parts: ["docs", "a"] },
      { place: "home", parts: ["docs", "b"] },
    ]);
    expect(fetched[0]?.folder).toBe(root.children.get("in"));
    await root.removeEntry("in");
    expect((await copyOver(copy, side(root), files, () => undefined))?.code).toBe("computer_not_found");
    expect(fetched).toHaveLength(1);
  });
});

describe("the folder of a download", () => {
  const facts = { size: 5, modifiedMs: 0 };
  const hello = new TextEncoder().encode("hello") as Uint8Array<ArrayBuffer>;

  it("shows a file under its name when all of it is there", async () => {
    const root = await folderOf({});
    const writer = await new FolderSink(root.handle).open(["docs", "a.txt"], false);
    await writer.write(hello);
    const names = Object.keys(root.tree());
    expect(names).toHaveLength(1);
    expect(names[0]).toMatch(/^docs\/\.gc-part-/);
    expect(await writer.finish()).toBe("a.txt");
    expect(root.tree()).toEqual({ "docs/a.txt": "hello" });
  });

  it("keeps what is there under its name, and what came there meanwhile", async () => {
    const root = await folderOf({ "a.txt": "old" });
    const writer = await new FolderSink(root.handle).open(["a.txt"], false);
    await writer.write(hello);
    await root.getFileHandle("a (2).txt", { create: true });
    expect(await writer.finish()).toBe("a (3).txt");
    expect(root.tree()).toEqual({ "a.txt": "old", "a (2).txt": "", "a (3).txt": "hello" });
  });

  it("replaces a file only at the end", async () => {
    const root = await folderOf({ "a.txt": "old" });
    const sink = new FolderSink(root.handle);
    const writer = await sink.open(["a.txt"], true);
    await writer.write(hello);
    expect(root.tree()).toEqual({ "a.txt": "old" });
    await writer.discard();
    expect(root.tree()).toEqual({ "a.txt": "old" });
    const again = await sink.open(["a.txt"], true);
    await again.write(hello);
    await again.finish();
    expect(root.tree()).toEqual({ "a.txt": "hello" });
  });

  it.each([{}, { move: true }])("holds nothing of a file that was given up: %o", async (faults: Faults) => {
    const root = await folderOf({ "b.txt": "b" }, faults);
    const sink = new FolderSink(root.handle);
    for (const name of ["a.txt", "b.txt"]) {
      const writer = await sink.open([name], false);
      await writer.write(hello);
      await writer.discard();
    }
    expect(root.tree()).toEqual({ "b.txt": "b" });
  });

  it("does without moving where the browser refuses it", async () => {
    const root = await folderOf({}, { move: true });
    const sink = new FolderSink(root.handle);
    for (const name of ["a.txt", "b.txt"]) {
      const writer = await sink.open([name], false);
      await writer.write(hello);
      expect(root.tree()[name]).toBe("");
      expect(await writer.finish()).toBe(name);
    }
    expect(root.tree()).toEqual({ "a.txt": "hello", "b.txt": "hello" });
    expect(await sink.existing(["a.txt"])).toMatchObject({ size: facts.size });
  });
});

describe("the folders of the machine", () => {
  it("begin with its places, which are entered and not marked", async () => {
    const asked: unknown[] = [];
    const files = {
      ask: (step: unknown) => {
        asked.push(step);
        const place = { name: "Home", kind: "other" as const, size: 0, modifiedMs: 0, place: "home" };
        return Promise.resolve({ entries: [place], cut: false, cause: null });
      },
    };
    const machine = new MachineSide(files);
    const [home] = (await machine.list([])).entries;
    expect(home).toMatchObject({ name: "Home", step: "home", kind: "folder" });
    expect([machine.holds([]), machine.holds(["home"])]).toEqual([false, true]);
    await machine.rename(["home", "docs"], entry("a"), "b");
    await machine.remove(["home"], entry("a"));
    await machine.make(["home"], "new");
    expect(asked).toEqual([
      { kind: "list", path: { place: "", parts: [] } },
      { kind: "rename", path: { place: "home", parts: ["docs", "a"] }, name: "b" },
      { kind: "delete", path: { place: "home", parts: ["a"] } },
      { kind: "make", path: { place: "home", parts: ["new"] } },
    ]);
  });
});

describe("rows", () => {
  it("have folders first in every order", () => {
    const list = [
      entry("b2", "file", 1, 3),
      entry("a", "file", 2, 1),
      entry("b10", "file", 1, 2),
      entry("z", "folder"),
    ];
    const names = (by: "name" | "size" | "modifiedMs", down = false) =>
      sorted(list, { by, down })
        .map(({ name }) => name)
        .join(" ");
    expect(names("name")).toBe("z a b2 b10");
    expect(names("name", true)).toBe("z b10 b2 a");
    expect(names("size")).toBe("z b2 b10 a");
    expect(names("modifiedMs", true)).toBe("z b2 b10 a");
  });

  const steps = ["a", "b", "c", "d"];
  const marked = ({ marked }: { marked: ReadonlySet<string> }) => [...marked].sort().join("");

  it("are marked by keys as file managers do it", () => {
    let marks = by(steps, NO_MARKS, 1, "only");
    expect(marks.cursor).toBe("a");
    marks = by(steps, marks, 1, "range");
    marks = by(steps, marks, 1, "range");
    expect([marks.cursor, marked(marks)]).toEqual(["c", "abc"]);
    marks = by(steps, marks, -1, "range");
    expect(marked(marks)).toBe("ab");
    marks = by(steps, marks, 9, "cursor");
    expect([marks.cursor, marked(marks)]).toEqual(["d", "ab"]);
    marks = at(steps, marks, "d", "toggle");
    expect(marked(marks)).toBe("abd");
    expect(marked(at(steps, marks, "d", "toggle"))).toBe("ab");
    expect(marked(at(steps, at(steps, marks, "d", "only"), "b", "range"))).toBe("bcd");
    expect(marked(everything(steps, marks))).toBe("abcd");
    expect(by([], marks, 1, "only")).toEqual(NO_MARKS);
  });

  it("stay marked when the folder is read again, as far as they are there", () => {
    const marks = everything(steps, at(steps, NO_MARKS, "b", "only"));
    expect(kept(["b", "d", "e"], marks, null)).toMatchObject({ cursor: "b" });
    expect(marked(kept(["b", "d", "e"], marks, null))).toBe("bd");
    expect(kept(["e"], marks, "e")).toMatchObject({ cursor: "e" });
    expect(kept(["e"], marks, "gone").cursor).toBeNull();
  });

  it("are found by the letters of their names", () => {
    const rows = ["Anna", "bob", "Bert", "carl"].map((name) => entry(name));
    const from = (step: string | null) => ({ ...NO_MARKS, cursor: step });
    expect(found(rows, from(null), "b")).toBe("bob");
    expect(found(rows, from("bob"), "b")).toBe("Bert");
    expect(found(rows, from("Bert"), "b")).toBe("bob");
    expect(found(rows, from("bob"), "be")).toBe("Bert");
    expect(found(rows, from("bob"), "x")).toBeNull();
  });
});
