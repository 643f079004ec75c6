// The technician's own clipboard. Browsers give it out by permission, by focus or only
// with a paste; what cannot be written now is written at the next key or click.

export class LocalClipboard {
  private waiting: string | null = null;

  constructor(private readonly found: (text: string) => void) {}

  /** Text from the machine. False while the browser does not let it through yet. */
  async write(text: string): Promise<boolean> {
    try {
      await navigator.clipboard.writeText(text);
      this.waiting = null;
      return true;
    } catch {
      this.waiting = text;
      return false;
    }
  }

  /** To be called from a key or a click, which is when browsers allow it. */
  async gesture(): Promise<boolean> {
    const text = this.waiting;
    return text === null ? false : this.write(text);
  }

  /** Reads only where that asks nobody. */
  async look(): Promise<void> {
    try {
      const name = "clipboard-read" as PermissionName;
      const { state } = await navigator.permissions.query({ name });
      if (state === "granted" && document.hasFocus()) this.found(await navigator.clipboard.readText());
    } catch {
      // Browsers without this permission have the paste event.
    }
  }

  /** Reads, asking for permission if need be; null when it was refused. */
  async ask(): Promise<string | null> {
    try {
      return await navigator.clipboard.readText();
    } catch {
      return null;
    }
  }
}
