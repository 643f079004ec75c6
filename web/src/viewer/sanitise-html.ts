// HTML from the machine, written anew from harmless markup before it is put on the
// technician's clipboard: nothing runs and nothing is fetched when it is pasted. The
// list is that of crates/clipboard/src/html.rs.

const KEPT = new Set(
  (
    "a abbr b bdi bdo big blockquote br caption center cite code col colgroup dd del dfn div dl dt em font " +
    "h1 h2 h3 h4 h5 h6 hr i img ins kbd li mark ol p pre q s samp small span strike strong sub sup table " +
    "tbody td tfoot th thead tr tt u ul var wbr"
  ).split(" "),
);
const DROPPED = new Set(
  (
    "applet audio canvas iframe math noembed noframes noscript object plaintext script select style svg " +
    "template textarea title video"
  ).split(" "),
);
const GENERAL = ["align", "dir", "lang", "style", "title"];
const OWN: Record<string, readonly string[]> = {
  a: ["href"],
  img: ["src", "alt", "width", "height"],
  font: ["color", "face", "size"],
  ol: ["start", "type", "value"],
  ul: ["start", "type", "value"],
  li: ["start", "type", "value"],
  table: ["bgcolor", "border", "cellpadding", "cellspacing", "width"],
  td: ["bgcolor", "colspan", "rowspan", "valign", "width", "height", "nowrap"],
  th: ["bgcolor", "colspan", "rowspan", "valign", "width", "height", "nowrap"],
  tr: ["bgcolor", "valign", "height"],
  col: ["span", "width"],
  colgroup: ["span", "width"],
};
const PROPERTY =
  /^(background|background-color|border|color|direction|font|height|letter-spacing|line-height|list-style-type|margin|padding|text|vertical-align|white-space|width|word-spacing)(-.+)?$/;
const MAX_DEPTH = 200;

function plainValue(value: string): boolean {
  if (value.length > 256 || !/^[\p{L}\p{N} #%.,\-_'"()!+]*$/u.test(value)) return false;
  return [...value.matchAll(/([A-Za-z0-9]*)\(/g)].every(([, name]) =>
    /^(rgb|rgba|hsl|hsla)$/i.test(name ?? ""),
  );
}

function style(value: string): string {
  return value
    .split(";")
    .map((declaration) => {
      const colon = declaration.indexOf(":");
      const property = declaration.slice(0, colon).trim().toLowerCase();
      const text = declaration.slice(colon + 1).trim();
      const kept = colon > 0 && PROPERTY.test(property) && !property.endsWith("-image") && plainValue(text);
      return kept ? `${property}: ${text.replaceAll('"', "'")}` : "";
    })
    .filter((declaration) => declaration !== "")
    .join("; ");
}

function allowed(name: string, value: string): string | null {
  if (name === "href") return /^\s*(https?:\/\/|mailto:)/i.test(value) ? value : null;
  if (name === "src")
    return /^\s*data:image\/(png|jpeg|gif);base64,[A-Za-z0-9+/=]*\s*$/i.test(value) ? value : null;
  if (name === "style") return style(value) || null;
  return value;
}

function copy(from: Node, to: Node, into: Document, depth: number): void {
  for (const node of from.childNodes) {
    if (node.nodeType === Node.TEXT_NODE) {
      to.appendChild(into.createTextNode(node.nodeValue ?? ""));
      continue;
    }
    if (node.nodeType !== Node.ELEMENT_NODE) continue;
    const element = node as Element;
    const name = element.localName;
    if (DROPPED.has(name) || element.namespaceURI !== "http://www.w3.org/1999/xhtml") continue;
    if (depth >= MAX_DEPTH) continue;
    if (!KEPT.has(name)) {
      copy(element, to, into, depth + 1);
      continue;
    }
    const kept = into.createElement(name);
    for (const attribute of [...GENERAL, ...(OWN[name] ?? [])]) {
      const value = element.getAttribute(attribute);
      const fine = value === null ? null : allowed(attribute, value);
      if (fine !== null) kept.setAttribute(attribute, fine);
    }
    if (name === "img" && !kept.hasAttribute("src")) continue;
    to.appendChild(kept);
    copy(element, kept, into, depth + 1);
  }
}

/** The fragment with what is harmless in it; empty when that shows nothing. */
export function sanitiseHtml(html: string): string {
  // Neither document is shown: nothing in them runs or is fetched.
  const parsed = new DOMParser().parseFromString(html, "text/html");
  const clean = document.implementation.createHTMLDocument("");
  copy(parsed.body, clean.body, clean, 0);
  const shows = clean.body.textContent?.trim() || clean.body.querySelector("img");
  return shows ? clean.body.innerHTML : "";
}
