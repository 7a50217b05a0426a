/** A placeholder of a template: the path of a parameter, and what is done with its value. */
export interface Placeholder {
  readonly path: readonly (string | number)[];
  /** Convert the value to a part of a DNS name. */
  readonly slug: boolean;
  /** As it is written, without the braces. */
  readonly text: string;
}

/** A part of a text: literal text or a placeholder. */
export type Part = string | Placeholder;

const OPEN = "{{";
const CLOSE = "}}";
/** A string in double quotes stands for itself. */
const LITERAL = /^"([^"\\]*)"$/;
const FIRST = /^\.?([A-Za-z_][A-Za-z0-9_-]*)/;
const NEXT = /^(?:\.([A-Za-z_][A-Za-z0-9_-]*)|\["([^"\\\]]*)"\]|\[([0-9]{1,6})\])/;
const SYNTAX =
  'a placeholder is the path of a parameter, such as {{ .path.basename }}, {{ .path.segments[1] }} or {{ .metadata.labels["tier"] }}, optionally with "| slug"; {{ "{{" }} stands for {{';

/** Splits a text into literal parts and placeholders. Returns what is wrong with the first one that is not valid. */
export function parseTemplate(text: string): readonly Part[] | { readonly fault: string } {
  const parts: Part[] = [];
  let at = 0;
  for (let open = text.indexOf(OPEN); open >= 0; open = text.indexOf(OPEN, at)) {
    const close = closeOf(text, open + OPEN.length);
    if (close < 0) return { fault: `{{ at character ${open + 1} has no }}: ${SYNTAX}` };
    if (open > at) parts.push(text.slice(at, open));
    const inner = text.slice(open + OPEN.length, close).trim();
    const literal = LITERAL.exec(inner)?.[1];
    const part = literal ?? parsePlaceholder(inner);
    if (part === undefined) return { fault: `{{ ${inner.slice(0, 100)} }} is not a placeholder: ${SYNTAX}` };
    parts.push(part);
    at = close + CLOSE.length;
  }
  if (at < text.length || parts.length === 0) parts.push(text.slice(at));
  return parts;
}

/** Returns where the placeholder that begins before `from` ends; braces in quotes do not count. */
function closeOf(text: string, from: number): number {
  let quoted = false;
  for (let at = from; at < text.length; at++) {
    if (text[at] === '"') quoted = !quoted;
    else if (!quoted && text.startsWith(CLOSE, at)) return at;
  }
  return -1;
}

function parsePlaceholder(text: string): Placeholder | undefined {
  const [reference = "", filter, ...more] = splitFilter(text);
  if (more.length > 0 || (filter !== undefined && filter !== "slug")) return undefined;
  const first = FIRST.exec(reference);
  if (first === null) return undefined;
  const path: (string | number)[] = [first[1] ?? ""];
  let rest = reference.slice(first[0].length);
  while (rest !== "") {
    const next = NEXT.exec(rest);
    if (next === null) return undefined;
    path.push(next[3] === undefined ? (next[1] ?? next[2] ?? "") : Number(next[3]));
    rest = rest.slice(next[0].length);
  }
  return { path, slug: filter === "slug", text: reference };
}

/** Splits at the bars outside of quotes. */
function splitFilter(text: string): string[] {
  const parts = [""];
  let quoted = false;
  for (const char of text) {
    if (char === '"') quoted = !quoted;
    if (char === "|" && !quoted) parts.push("");
    else parts[parts.length - 1] += char;
  }
  return parts.map((part) => part.trim());
}

/** Converts a text to a part of a DNS name: lower case, all other characters become single hyphens. */
export function slug(text: string): string {
  return text
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-|-$/g, "");
}
