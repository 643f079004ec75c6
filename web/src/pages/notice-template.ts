// The connection notice's text, for its preview. The server judges what is stored and
// the agent fills it in, by the rules of crates/actions/src/notice.rs.

export const MAX_TEMPLATE = 300;
export const MAX_LINES = 6;

// Control characters, and those that change the direction of writing.
const HIDDEN = /[\p{Cc}\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]/u;

/** Why the server would not take it; null when it would. */
export function templateProblem(template: string, placeholders: readonly string[]): string | null {
  if (template.trim() === "") return "Write what the user is to read.";
  if ([...template].length > MAX_TEMPLATE) return `At most ${MAX_TEMPLATE} characters.`;
  const lines = template.split("\n");
  if (lines.length > MAX_LINES) return `At most ${MAX_LINES} lines.`;
  if (lines.some((line) => HIDDEN.test(line))) return "There are characters that cannot be shown.";
  let rest = "";
  let at = 0;
  for (const found of template.matchAll(/\{\{([\s\S]*?)\}\}/g)) {
    const name = (found[1] ?? "").trim();
    if (!placeholders.includes(name)) return `There is no placeholder {{${name}}}.`;
    rest += template.slice(at, found.index);
    at = found.index + found[0].length;
  }
  rest += template.slice(at);
  return /\{\{|\}\}/.test(rest) ? "A placeholder is not closed: write {{company}}." : null;
}

/** Filled in, as plain text. */
export function fillTemplate(template: string, words: Readonly<Record<string, string>>): string {
  return template.replace(/\{\{\s*(\w+)\s*\}\}/g, (whole, name: string) => words[name] ?? whole).trim();
}
