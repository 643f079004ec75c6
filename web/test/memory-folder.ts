// A folder of a computer as browsers hand it out, in memory. It can be told to fail.

type Child = MemoryFolder | MemoryFile;

const refuse = (name: string) => new DOMException("refused by the test", name);

/** What is forbidden in a whole tree. */
export interface Faults {
  /** Name of the exception that every step throws. */
  all?: string;
  /** The same while bytes are written. */
  write?: string;
  /** Files cannot be moved here, although the method is there. */
  move?: boolean;
  /** Files that cannot be read, by name. */
  unreadable?: string[];
}

class MemoryHandle {
  parent: MemoryFolder | null = null;

  constructor(
    public name: string,
    readonly faults: Faults,
  ) {}

  protected check(): void {
    if (this.faults.all) throw refuse(this.faults.all);
    if (this.name !== "" && this.parent === null) throw refuse("NotFoundError");
  }
}

export class MemoryFile extends MemoryHandle {
  readonly kind = "file";
  bytes = new Uint8Array();
  lastModified = 1_700_000_000_000;

  getFile(): Promise<File> {
    return attempt(() => {
      this.check();
      if (this.faults.unreadable?.includes(this.name)) throw refuse("NotReadableError");
      return new File([this.bytes], this.name, { lastModified: this.lastModified });
    });
  }

  createWritable(): Promise<WritableStream<Uint8Array> & { write(data: Uint8Array): Promise<void> }> {
    return attempt(() => {
      this.check();
      const parts: Uint8Array[] = [];
      let open = true;
      const put = (data: Uint8Array) => {
        if (this.faults.write) throw refuse(this.faults.write);
        if (!open) throw new TypeError("closed");
        parts.push(data.slice());
      };
      // What was written is in the file once it is closed, and never before.
      const close = () => {
        if (!open) throw new TypeError("closed");
        open = false;
        this.bytes = new Uint8Array(parts.flatMap((part) => [...part]));
      };
      const abort = () => {
        if (!open) throw new TypeError("closed");
        open = false;
      };
      const stream = new WritableStream<Uint8Array>({ write: put, close, abort });
      return Object.assign(stream, {
        write: (data: Uint8Array) => attempt(() => put(data)),
        close: () => attempt(close),
        abort: () => attempt(abort),
      });
    });
  }

  move(name: string): Promise<void> {
    return attempt(() => {
      this.check();
      if (this.faults.move) throw refuse("NotAllowedError");
      if (name.includes("/")) throw new TypeError("name");
      const { parent } = this;
      if (!parent || parent.children.has(name)) throw refuse("InvalidModificationError");
      parent.children.delete(this.name);
      this.name = name;
      parent.children.set(name, this);
    });
  }
}

export class MemoryFolder extends MemoryHandle {
  readonly kind = "directory";
  readonly children = new Map<string, Child>();
  /** Answer to being asked for access once more. */
  answer: PermissionState = "granted";

  constructor(name = "", faults: Faults = {}) {
    super(name, faults);
  }

  /** The same thing for code that knows the browser's only. */
  get handle(): FileSystemDirectoryHandle {
    return this as unknown as FileSystemDirectoryHandle;
  }

  private child<Kind extends Child>(
    name: string,
    kind: Kind["kind"],
    make: (() => Kind) | null,
  ): Promise<Kind> {
    return attempt(() => {
      this.check();
      if (name === "" || name === "." || name === ".." || name.includes("/")) throw new TypeError("name");
      const known = this.children.get(name);
      if (known) {
        if (known.kind !== kind) throw refuse("TypeMismatchError");
        return known as Kind;
      }
      if (!make) throw refuse("NotFoundError");
      const made = make();
      made.parent = this;
      this.children.set(name, made);
      return made;
    });
  }

  getFileHandle(name: string, options: { create?: boolean } = {}): Promise<MemoryFile> {
    return this.child(name, "file", options.create ? () => new MemoryFile(name, this.faults) : null);
  }

  getDirectoryHandle(name: string, options: { create?: boolean } = {}): Promise<MemoryFolder> {
    return this.child(name, "directory", options.create ? () => new MemoryFolder(name, this.faults) : null);
  }

  removeEntry(name: string, options: { recursive?: boolean } = {}): Promise<void> {
    return attempt(() => {
      this.check();
      const known = this.children.get(name);
      if (!known) throw refuse("NotFoundError");
      if (known.kind === "directory" && known.children.size > 0 && !options.recursive) {
        throw refuse("InvalidModificationError");
      }
      known.parent = null;
      this.children.delete(name);
    });
  }

  async *values(): AsyncIterable<Child> {
    this.check();
    for (const child of [...this.children.values()]) yield child;
  }

  requestPermission(): Promise<PermissionState> {
    if (this.answer === "granted") delete this.faults.all;
    return Promise.resolve(this.answer);
  }

  /** Files by their ways; folders that are empty end with a slash. */
  tree(): Record<string, string> {
    const out: Record<string, string> = {};
    for (const [name, child] of this.children) {
      if (child.kind === "file") out[name] = new TextDecoder().decode(child.bytes);
      else if (child.children.size === 0) out[`${name}/`] = "";
      else for (const [way, text] of Object.entries(child.tree())) out[`${name}/${way}`] = text;
    }
    return out;
  }
}

async function attempt<T>(work: () => T): Promise<T> {
  return work();
}

/** A folder with these files in it. */
export async function folderOf(files: Record<string, string>, faults: Faults = {}): Promise<MemoryFolder> {
  const root = new MemoryFolder("", faults);
  for (const [way, text] of Object.entries(files)) {
    const parts = way.split("/");
    const name = parts.pop() ?? "";
    let folder = root;
    for (const part of parts) folder = await folder.getDirectoryHandle(part, { create: true });
    if (name === "") continue;
    (await folder.getFileHandle(name, { create: true })).bytes = new TextEncoder().encode(text);
  }
  return root;
}
