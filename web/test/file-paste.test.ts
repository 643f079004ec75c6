import { create, fromBinary } from "@bufbuild/protobuf";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type ClipboardContent, ClipboardExchange, crossed, fitting } from "../src/engine/clipboard";
import { decodeFiles, encodeFiles } from "../src/engine/clipboard-files";
import { isEchoOf, isPartOf, printOf } from "../src/engine/clipboard-print";
import type { CauseFacts, InputEventInit } from "../src/engine/messages";
import type { FolderAnswer } from "../src/files/controller";
import type { LocalItem, RemotePath } from "../src/files/facts";
import { pastedFiles } from "../src/files/local";
import { ClipboardFormat, ClipboardPieceSchema } from "../src/gen/guruconnect/v2/clipboard_pb";
import { Keyboard } from "../src/input/keyboard";
import { type FileOffer, FilePaste, type PasteFacts } from "../src/viewer/file-paste";

const path = (...parts: string[]): RemotePath => ({ place: "/", parts });

describe("files on the clipboard", () => {
  it("cross by name, both ways, and come back as no echo", async () => {
    const files = [path("home", "ada", "grüße.txt"), { place: "C:", parts: ["a"] }];
    const content: ClipboardContent = { text: "/home/ada/grüße.txt", files };
    expect(crossed(content).formats).toEqual(["text", "files"]);
    const [here, there] = [new ClipboardExchange(), new ClipboardExchange()];
    const fits = fitting(content);
    expect(fits).toEqual(content);
    here.local(fits ?? {}, await printOf(content));
    let arrived: ClipboardContent | null = null;
    for (let piece = here.next(); piece; piece = here.next()) {
      arrived = there.receive(fromBinary(ClipboardPieceSchema, piece.payload)).content ?? arrived;
    }
    expect(arrived).toEqual(content);
    const print = await printOf(content);
    expect(isEchoOf(await printOf({ text: content.text ?? "" }), print)).toBe(true);
    expect(isEchoOf(await printOf({ text: "other", files }), print)).toBe(true);
    expect(isEchoOf(await printOf({ files: [path("b")] }), print)).toBe(false);
    expect(isPartOf(await printOf({ files }), print)).toBe(true);
  });

  it("are no more than a thousand", () => {
    const many = (count: number) => Array.from({ length: count }, (_, at) => path(`${at}`));
    expect(fitting({ files: many(1000) })?.files?.length).toBe(1000);
    expect(fitting({ files: many(1001) })).toBeNull();
    expect(fitting({ text: "x", files: many(1001) })).toEqual({ text: "x" });
    expect(() => decodeFiles(encodeFiles(many(1001)))).toThrow();
  });

  it.each([
    ["up", path("a", "..", "b")],
    ["nowhere", path()],
    ["a separator", path("a/b")],
    ["a zero", path("a\0")],
    ["nothing", path("a", "")],
    ["too deep", path(...Array.from({ length: 65 }, () => "a"))],
    ["too long", path("x".repeat(4096))],
  ])("leave out a hostile path: %s", (_name, hostile) => {
    expect(decodeFiles(encodeFiles([hostile]))).toBeNull();
    expect(decodeFiles(encodeFiles([hostile, path("fine")]))).toEqual([path("fine")]);
  });

  it("that cannot be read end the content", () => {
    const [format, total] = [ClipboardFormat.FILES, 2];
    const data = new Uint8Array([0xff, 0xff]);
    const piece = create(ClipboardPieceSchema, {
      serial: 1,
      format,
      total,
      data,
      parts: [{ format, total }],
    });
    expect(() => new ClipboardExchange().receive(piece)).toThrow();
  });
});

interface Part {
  file: Partial<File>;
  entry?: boolean;
}

function transfer(parts: Part[], types: string[] = ["Files"]): DataTransfer {
  const items = parts.map(({ file, entry }) => ({
    kind: "file",
    type: file.type ?? "",
    getAsFile: () => file,
    webkitGetAsEntry: () =>
      entry ? { isFile: true, name: file.name, file: (ok: (file: unknown) => void) => ok(file) } : null,
  }));
  return { items, types } as unknown as DataTransfer;
}

describe("what a paste event brings", () => {
  const now = 1_700_000_000_000;
  const png = (name: string, lastModified: number) => ({ name, type: "image/png", lastModified });

  it("is files, with their names", async () => {
    const text = { name: "a.txt", type: "text/plain", lastModified: 5 };
    const items = await pastedFiles(transfer([{ file: text, entry: true }, { file: png("b.png", 7) }]), now);
    expect(items?.map((item) => [item.path, item.modifiedMs])).toEqual([
      ["a.txt", 5],
      ["b.png", 7],
    ]);
    expect(pastedFiles(transfer([{ file: png("photo.png", 7), entry: true }]), now)).not.toBeNull();
    expect(pastedFiles(transfer([{ file: png("image.png", 7), entry: true }]), now)).not.toBeNull();
  });

  it("is a picture that was copied in a program, and no file", () => {
    expect(pastedFiles(transfer([{ file: png("image.png", now) }]), now)).toBeNull();
    // Some browsers give it a way, too.
    expect(pastedFiles(transfer([{ file: png("image.png", now - 9), entry: true }]), now)).toBeNull();
    const markup = ["text/html", "Files"];
    expect(pastedFiles(transfer([{ file: png("photo.png", 7) }], markup), now)).toBeNull();
    expect(pastedFiles(transfer([], ["text/plain"]), now)).toBeNull();
  });
});

const cause = (code: string): CauseFacts => ({ code, sentence: `${code}.`, detail: "" });

function world() {
  const shown: { offer: FileOffer | null; paste: PasteFacts | null } = { offer: null, paste: null };
  const uploads: { items: LocalItem[]; folder: RemotePath; done(cause: CauseFacts | null): void }[] = [];
  const copied: ClipboardContent[] = [];
  const downloads: RemotePath[][] = [];
  let listing: FolderAnswer = {
    entries: [{ name: "a_.txt", kind: "file", size: 1, modifiedMs: 0, place: "" }],
    cut: false,
    cause: null,
  };
  let pressed = 0;
  const paste = new FilePaste({
    files: {
      uploaded: (items, folder) =>
        new Promise((done) => {
          uploads.push({ items, folder, done });
        }),
      ask: () => Promise.resolve(listing),
      download: (sources) => {
        downloads.push(sources);
        return Promise.resolve();
      },
    },
    copy: (content) => copied.push(content),
    press: () => {
      pressed += 1;
    },
    changed: (offer, state) => Object.assign(shown, { offer, paste: state }),
    now: () => new Date(2026, 10, 22, 15, 4, 5),
  });
  const item = (name: string): LocalItem => ({
    path: name,
    file: { size: 1, lastModified: 2 } as File,
    modifiedMs: 2,
  });
  return {
    paste,
    shown,
    uploads,
    copied,
    downloads,
    pressed: () => pressed,
    list: (answer: FolderAnswer) => {
      listing = answer;
    },
    begin: (...names: string[]) => paste.begin(Promise.resolve(names.map(item))),
  };
}

const settle = () => vi.advanceTimersByTimeAsync(0);

describe("pasting files", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it("sends them up, puts the machine's own names on its clipboard, and only then strikes the key", async () => {
    const { paste, shown, uploads, copied, pressed, begin } = world();
    const begun = begin("a?.txt");
    await settle();
    expect(shown.paste).toEqual({ at: "sending", title: "a?.txt" });
    expect(uploads[0]?.folder).toEqual({ place: "pasted", parts: [] });
    const way = uploads[0]?.items[0]?.path ?? "";
    expect(way).toMatch(/^2026-11-22 15\.04\.05 [0-9a-f]{4}\/a\?\.txt$/);
    uploads[0]?.done(null);
    await begun;
    const folder = way.split("/")[0] ?? "";
    expect(copied).toEqual([{ files: [{ place: "pasted", parts: [folder, "a_.txt"] }] }]);
    expect(pressed()).toBe(0);
    paste.delivered();
    paste.delivered();
    expect(pressed()).toBe(1);
    expect(shown.paste).toBeNull();

    // The same once more is there already; other files are not.
    await begin("a?.txt");
    paste.delivered();
    expect([uploads.length, copied.length, pressed()]).toEqual([1, 2, 2]);
    void begin("b");
    await settle();
    expect(uploads.length).toBe(2);
  });

  it("strikes nothing when something else was done on the machine meanwhile", async () => {
    const { paste, shown, uploads, pressed, begin } = world();
    const begun = begin("a", "b");
    await settle();
    paste.touched();
    uploads[0]?.done(null);
    await begun;
    paste.delivered();
    expect(pressed()).toBe(0);
    expect(shown.paste).toEqual({ at: "ready", title: "2 files and folders" });
    await vi.advanceTimersByTimeAsync(60_000);
    expect(shown.paste).toBeNull();
  });

  it("says why and strikes nothing when it fails", async () => {
    const { paste, shown, uploads, copied, pressed, begin, list } = world();
    const failed = (sentence: string) => ({ at: "failed", title: "a", sentence });
    let begun = begin("a");
    await settle();
    uploads[0]?.done(cause("disk_full"));
    await begun;
    expect(shown.paste).toEqual(failed("disk_full."));
    list({ entries: [], cut: false, cause: cause("file_not_found") });
    begun = begin("a");
    await settle();
    uploads[1]?.done(null);
    await begun;
    expect(shown.paste).toEqual(failed("file_not_found."));
    expect(copied).toEqual([]);
    list({
      entries: [{ name: "a", kind: "file", size: 1, modifiedMs: 0, place: "" }],
      cut: false,
      cause: null,
    });
    begun = begin("a");
    await settle();
    uploads[2]?.done(null);
    await begun;
    paste.refused(cause("files_denied"));
    // What the machine says of the content then is not taken for a yes.
    paste.delivered();
    expect(shown.paste).toEqual(failed("files_denied."));
    expect(pressed()).toBe(0);
    // After a refusal everything is sent anew.
    void begin("a");
    await settle();
    expect(uploads.length).toBe(4);
    paste.lost();
    await paste.begin(Promise.reject(new Error("unreadable")));
    expect(shown.paste?.at).toBe("failed");
    await begin(...Array.from({ length: 1001 }, (_, at) => `${at}`));
    expect(shown.paste?.at).toBe("failed");
    expect(uploads.length).toBe(4);
  });

  it("gives way to what was copied later", async () => {
    const { paste, shown, uploads, pressed, begin } = world();
    for (const overtake of [
      () => paste.copied(null),
      () => paste.sent(false),
      () => paste.lost(),
      () => paste.copied([path("x")]),
    ]) {
      const begun = begin(`${Math.random()}`);
      await settle();
      uploads.at(-1)?.done(null);
      await begun;
      paste.sent(true);
      overtake();
      expect(shown.paste?.at).toBe("failed");
      paste.delivered();
    }
    const first = begin("first");
    await settle();
    const second = begin("second");
    await settle();
    uploads.at(-2)?.done(null);
    await first;
    paste.delivered();
    expect(pressed()).toBe(0);
    uploads.at(-1)?.done(null);
    await second;
    paste.delivered();
    expect(pressed()).toBe(1);
  });
});

describe("files of the machine", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it("are offered, over the picture for a while and in the panel until others are copied", async () => {
    const { paste, shown, downloads } = world();
    const paths = [path("a"), path("b")];
    paste.copied(paths);
    expect(shown.offer).toEqual({ paths, how: "copied", shown: true });
    await vi.advanceTimersByTimeAsync(60_000);
    expect(shown.offer).toEqual({ paths, how: "copied", shown: false });
    paste.accept(false);
    expect(downloads).toEqual([paths]);
    paste.copied(null);
    expect(shown.offer).toBeNull();
    paste.accept(false);
    expect(downloads.length).toBe(1);
    paste.copied(paths);
    paste.sent(false);
    expect(shown.offer).toBeNull();
  });
});

describe("the key that pastes", () => {
  const strokes = (events: InputEventInit[]) =>
    events.flatMap(({ event }) =>
      event?.case === "key" ? [`${event.value.down ? "+" : "-"}${event.value.scanCode}`] : [],
    );
  const down = (code: string) => ({
    code,
    key: code,
    repeat: false,
    isComposing: false,
    ctrlKey: false,
    altKey: false,
    metaKey: false,
    timeStamp: 0,
    getModifierState: () => false,
  });
  const [ctrl, shift, meta, v] = [0x1d, 0x2a, 0x5b, 0x2f];

  it("is Ctrl + V whatever is held", () => {
    const sent: InputEventInit[] = [];
    const keyboard = new Keyboard((events) => sent.push(...events), false);
    keyboard.paste();
    expect(strokes(sent.splice(0))).toEqual([`+${ctrl}`, `+${v}`, `-${v}`, `-${ctrl}`]);
    keyboard.down(down("ControlLeft"));
    sent.splice(0);
    keyboard.paste();
    expect(strokes(sent.splice(0))).toEqual([`+${v}`, `-${v}`]);
    keyboard.up(down("ControlLeft"));
    keyboard.down(down("ShiftLeft"));
    sent.splice(0);
    keyboard.paste();
    const around = [`+${ctrl}`, `-${shift}`, `+${v}`, `-${v}`, `-${ctrl}`, `+${shift}`];
    expect(strokes(sent.splice(0))).toEqual(around);
    keyboard.up(down("ShiftLeft"));
    // A Windows key that goes up alone would open a menu.
    keyboard.down(down("MetaLeft"));
    sent.splice(0);
    keyboard.paste();
    expect(strokes(sent.splice(0))).toEqual([`+${ctrl}`, `-${meta}`, `+${v}`, `-${v}`, `-${ctrl}`]);
    keyboard.up(down("MetaLeft"));
    expect(strokes(sent)).toEqual([]);
  });
});
