// Names from the machine are hostile: what is saved here is one plain file below the
// chosen folder. The same rules as crates/filetransfer/src/names.rs, as far as a browser
// does not keep them itself.

const MAX_DEPTH = 64;
const MAX_PATH = 2048;
const RESERVED = /^(con|prn|aux|nul|conin\$|conout\$|clock\$|com[0-9]|lpt[0-9])$/;
const REPLACED = /[\p{Cc}:*?"<>|\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/gu;

/** The parts of a safe way, or null when nothing safe can be made of it. */
export function portableParts(path: string): string[] | null {
  if (path === "" || path.length > MAX_PATH || /^([/\\]|[a-z]:([/\\]|$))/i.test(path)) return null;
  const parts = path.split("/").map(portableName);
  return parts.length <= MAX_DEPTH && parts.every((part) => part !== null) ? (parts as string[]) : null;
}

function portableName(name: string): string | null {
  if (name === "" || name === "." || name === ".." || /[\\\0]/.test(name)) return null;
  let safe = name.replace(REPLACED, "_");
  const kept = safe.replace(/[. ]+$/, "");
  if (kept === "") return null;
  if (kept !== safe) safe = `${kept}_`;
  const stem = safe.normalize("NFKC").toLowerCase().split(".")[0]?.trimEnd() ?? "";
  if (RESERVED.test(stem)) safe = `_${safe}`;
  return new TextEncoder().encode(safe).length <= 255 ? safe : null;
}

/** `report.txt` becomes `report (2).txt`. */
export function numbered(name: string, number: number): string {
  const dot = name.lastIndexOf(".");
  const at = dot > 0 ? dot : name.length;
  return `${name.slice(0, at)} (${number})${name.slice(at)}`;
}
