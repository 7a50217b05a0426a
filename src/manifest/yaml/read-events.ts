import { type Event, parseEvents, YAMLException } from "js-yaml";
import { quoteFlowColonAt, quoteFlowColons } from "./flow-colons.js";
import { indentFlowLines } from "./flow-indentation.js";

/** Collections within collections of one document. */
export const MAX_DEPTH = 64;

/** Each repair costs a reading of the whole text. */
const MAX_REPAIRS = 20;

/** The events of a YAML text, and the text that their offsets are for: the same, or one with other white space and more quotes. */
export interface ReadEvents {
  readonly text: string;
  readonly events: Event[];
}

/**
 * Reads YAML as js-yaml does, with two differences in flow collections, as kubectl and Compose have them: lines may stand too
 * far to the left, and plain text may end with a colon.
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

/** The library has no codes for its errors. If the words change, tests of such files fail. */
function repair(text: string, { reason, mark }: YAMLException): string | undefined {
  if (reason === "deficient indentation") return indentFlowLines(text);
  if (reason !== "missed comma between flow collection entries" || mark === undefined) return undefined;
  return quoteFlowColonAt(text, mark.position);
}
