// The technician's own clipboard. Browsers give it out by permission, by focus or only
// with a paste; what cannot be written now is written at the next key or click.

import type { ClipboardContent } from "../engine/clipboard";
import { sanitiseHtml } from "./sanitise-html";

const TYPES = { text: "text/plain", html: "text/html", png: "image/png" } as const;

export class LocalClipboard {
  private waiting: ClipboardContent | null = null;
  /**
   * What the last content says, if it is HTML alone: browsers write that their own way,
   * so that only its words tell that it is the same.
   */
  private words: string | null = null;
  /** What was on this computer's clipboard when it was last looked at. */
  private seen: string | null = null;
  /** The same, when something newer is on the machine's that could not be put here. */
  private older: string | null = null;

  constructor(private readonly found: (content: ClipboardContent) => void) {}

  /** What came from the machine. False while the browser does not let it through yet. */
  async write(content: ClipboardContent): Promise<boolean> {
    const { text, html, png, files } = content;
    if (files && text === undefined && !html && !png) {
      this.passOver();
      return true;
    }
    // Until another one comes, or a write has succeeded.
    this.waiting = content;
    this.older = null;
    this.words = html && text === undefined && !png ? wordsOf(html) : null;
    const done = await put(content);
    if (done && this.waiting === content) {
      this.waiting = null;
      this.seen = gist(content);
    }
    return done;
  }

  /** To be called from a key or a click, which is when browsers allow it. */
  async gesture(): Promise<boolean> {
    const content = this.waiting;
    return content === null ? false : this.write(content);
  }

  /** What waits is given up: sharing was switched off. */
  forget(): void {
    this.waiting = null;
  }

  /** Reads only where that asks nobody. */
  async look(): Promise<void> {
    try {
      const name = "clipboard-read" as PermissionName;
      const { state } = await navigator.permissions.query({ name });
      if (state !== "granted" || !document.hasFocus()) return;
    } catch {
      // Browsers without this permission have the paste event.
      return;
    }
    const content = await this.ask();
    if (!content) return;
    const old = this.older !== null && gist(content) === this.older;
    if (!old) this.older = null;
    if (!old && !this.isOwn(content)) this.found(content);
  }

  /** Files are newer than what is here now, which is not to take their place. */
  passOver(content?: ClipboardContent): void {
    this.waiting = null;
    this.older = content ? gist(content) : this.seen;
  }

  private isOwn({ text, html, png }: ClipboardContent): boolean {
    return !text && !png && html !== undefined && this.words !== null && wordsOf(html) === this.words;
  }

  /** Reads, asking for permission if need be; null when it was refused. */
  async ask(): Promise<ClipboardContent | null> {
    try {
      const content = await get();
      this.seen = gist(content);
      return content;
    } catch {
      return null;
    }
  }
}

/** Enough to see that a clipboard still holds the same. */
function gist({ text, html, png }: ClipboardContent): string {
  if (text) return `text ${text.replace(/\r\n?/g, "\n")}`;
  return html ? `html ${wordsOf(html)}` : `png ${png?.length ?? 0}`;
}

function wordsOf(html: string): string {
  const { body } = new DOMParser().parseFromString(sanitiseHtml(html), "text/html");
  return (body.textContent ?? "").replace(/\s+/g, "");
}

async function get(): Promise<ClipboardContent> {
  if (!navigator.clipboard.read) return { text: await navigator.clipboard.readText() };
  const content: ClipboardContent = {};
  for (const item of await navigator.clipboard.read()) {
    const { types } = item;
    if (content.text === undefined && types.includes(TYPES.text)) {
      content.text = await (await item.getType(TYPES.text)).text();
    }
    if (content.html === undefined && types.includes(TYPES.html)) {
      content.html = await (await item.getType(TYPES.html)).text();
    }
    if (!content.png && types.includes(TYPES.png)) {
      content.png = new Uint8Array(await (await item.getType(TYPES.png)).arrayBuffer());
    }
  }
  return content;
}

/** What a paste event brings. */
export async function pasted(data: DataTransfer): Promise<ClipboardContent> {
  const content: ClipboardContent = {};
  const text = data.getData(TYPES.text);
  const html = data.getData(TYPES.html);
  if (text) content.text = text;
  if (html) content.html = html;
  const file = [...data.files].find(({ type }) => type === TYPES.png);
  if (file) content.png = new Uint8Array(await file.arrayBuffer());
  return content;
}

async function put(content: ClipboardContent): Promise<boolean> {
  const html = content.html ? sanitiseHtml(content.html) : "";
  const blobs: Record<string, Blob> = {};
  const add = (type: string, data: BlobPart) => {
    blobs[type] = new Blob([data], { type });
  };
  if (content.text !== undefined) add(TYPES.text, content.text);
  if (html) add(TYPES.html, html);
  if (content.png) add(TYPES.png, content.png);
  // Browsers know no RTF: with nothing else in it there is nothing to write.
  if (Object.keys(blobs).length === 0) return true;
  try {
    if (typeof ClipboardItem !== "undefined" && (html || content.png)) {
      await navigator.clipboard.write([new ClipboardItem(blobs)]);
    } else {
      await navigator.clipboard.writeText(content.text ?? "");
    }
    return true;
  } catch {
    return false;
  }
}
