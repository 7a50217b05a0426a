import { EVENT_ID, type Event, SCALAR_STYLE } from "js-yaml";

/**
 * In a flow collection, js-yaml ends a plain scalar at a colon before `,`, `]` or `}`, as in YAML 1.2, and reads `[fd00::]` as a
 * list of a mapping with the key `fd00:`. kubectl and Compose end it only if white space follows, so that `fd00::` is a string.
 * The functions in this file quote such scalars. They do not add or remove lines.
 */

/** A range of a text to quote. */
interface Part {
  readonly start: number;
  readonly end: number;
}

/** Quotes each plain scalar that js-yaml ended at such a colon. `events` are the events of the text. */
export function quoteFlowColons(text: string, events: readonly Event[]): string {
  const parts: Part[] = [];
  for (const event of events) {
    if (event.type !== EVENT_ID.SCALAR || event.style !== SCALAR_STYLE.PLAIN || event.valueStart < 0) continue;
    if (endsAtIndicator(text, event.valueEnd)) parts.push({ start: event.valueStart, end: event.valueEnd + 1 });
  }
  return quote(text, parts);
}

/** Matches a plain scalar at the end of a line, after a delimiter of a flow collection. */
const PLAIN_BEFORE = /(?:[,[{]|:[ \t])[ \t]*([^\s,[\]{}"'&*!|>%@`#](?:(?!:[ \t])[^,[\]{}])*)$/;

/** Quotes the plain scalar that ends at such a colon at `position`. Undefined if there is none. */
export function quoteFlowColonAt(text: string, position: number): string | undefined {
  if (!endsAtIndicator(text, position)) return undefined;
  const lineStart = text.lastIndexOf("\n", position - 1) + 1;
  const [, scalar] = PLAIN_BEFORE.exec(text.slice(lineStart, position)) ?? [];
  return scalar === undefined ? undefined : quote(text, [{ start: position - scalar.length, end: position + 1 }]);
}

function endsAtIndicator(text: string, at: number): boolean {
  return text[at] === ":" && ",]}".includes(text[at + 1] ?? " ");
}

function quote(text: string, parts: readonly Part[]): string {
  const quoted: string[] = [];
  let copied = 0;
  for (const { start, end } of parts) {
    quoted.push(text.slice(copied, start), "'", text.slice(start, end).replaceAll("'", "''"), "'");
    copied = end;
  }
  return quoted.length === 0 ? text : quoted.join("") + text.slice(copied);
}
