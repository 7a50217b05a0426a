import { type Event, parseEvents, YAMLException } from "js-yaml";
import { quoteFlowColonAt, quoteFlowColons } from "./flow-colons.js";
import { indentFlowLines } from "./flow-indentation.js";

/** Maximum nesting depth of one document. */
export const MAX_DEPTH = 64;

/** Limit on repairs: each one parses the text again. */
const MAX_REPAIRS = 20;

/** The events of a YAML text, and the text that their offsets refer to, which can have additional white space and quotes. */
export interface ReadEvents {
  readonly text: string;
  readonly events: Event[];
}

/**
 * Parses YAML with js-yaml, with two extensions for flow collections that kubectl and Compose have: lines need no indentation,
 * and plain scalars can end with a colon.
 *
 * @throws YAMLException
 */
export function readEvents(text: string): ReadEvents {
  const read = readRepaired(text);
  const quoted = quoteFlowColons(read.text, read.events);
  return quoted === read.text ? read : readRepaired(quoted);
}

function readRepaired(text: string): ReadEvents {
  let current = text;
  for (let repairs = 0; ; repairs++) {
    try {
      return { text: current, events: parseEvents(current, { maxDepth: MAX_DEPTH }) };
    } catch (error) {
      const repaired = error instanceof YAMLException ? repair(current, error) : undefined;
      if (repaired === undefined || repaired === current || repairs >= MAX_REPAIRS) throw error;
      current = repaired;
    }
  }
}

/** js-yaml has no error codes. Tests fail if its messages change. */
function repair(text: string, { reason, mark }: YAMLException): string | undefined {
  if (reason === "deficient indentation") return indentFlowLines(text);
  if (reason !== "missed comma between flow collection entries" || mark === undefined) return undefined;
  return quoteFlowColonAt(text, mark.position);
}
