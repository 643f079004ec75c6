// Lets the person choose a folder of this computer, where the browser can.

interface DirectoryPicker {
  showDirectoryPicker?(options: { id: string; mode: "readwrite" }): Promise<FileSystemDirectoryHandle>;
}

/** Without a folder: why not, or null when the person thought better of it. */
export type Picked = { folder: FileSystemDirectoryHandle } | { sentence: string | null };

export function canPickFolder(): boolean {
  return "showDirectoryPicker" in window;
}

/** Why not, for who cannot: the browser lacks it, or keeps it from pages without TLS. */
export function whyNoFolders(): string {
  const who = window.isSecureContext
    ? "This browser cannot open folders of this computer"
    : "Without HTTPS, browsers open no folders of this computer";
  return `${who}. Files and folders can be dropped on the picture, and downloads go where the browser keeps them.`;
}

/** Must be called in the turn of a click or a key. */
export async function pickFolder(): Promise<Picked> {
  const { showDirectoryPicker } = window as Window & DirectoryPicker;
  if (!showDirectoryPicker) return { sentence: whyNoFolders() };
  try {
    // With this name, the browser begins where it was left the last time.
    return { folder: await showDirectoryPicker.call(window, { id: "guruconnect", mode: "readwrite" }) };
  } catch (error) {
    const name = error instanceof DOMException ? error.name : "";
    if (name === "AbortError") return { sentence: null };
    if (name === "NotAllowedError" || name === "SecurityError") {
      return {
        sentence:
          "The browser does not let this page open folders. Its settings, or whoever looks after this computer, can allow it.",
      };
    }
    return { sentence: "The browser did not open that folder. Choose another one." };
  }
}
