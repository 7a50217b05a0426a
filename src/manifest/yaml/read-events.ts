import { type Event, parseEvents, YAMLException } from "js-yaml";
import { indentFlowLines } from "./flow-indentation.js";

/** Collections within collections of one document. */
export const MAX_DEPTH = 64;

/** The events of a YAML text, and the text that their offsets are for: the same, or one with other white space. */
export interface ReadEvents {
  readonly text: string;
  readonly events: Event[];
}

/**
 * Reads YAML as js-yaml does, but also takes lines of flow collections and quoted texts that stand too far to the left, as
 * kubectl and Compose do.
 *
 * @throws YAMLException
 */
export function readEvents(text: string): ReadEvents {
  try {
    return { text, events: parseEvents(text, { maxDepth: MAX_DEPTH }) };
  } catch (error) {
    // The library has no code for it. If the words change, tests of such files fail.
    if (!(error instanceof YAMLException) || error.reason !== "deficient indentation") throw error;
    const indented = indentFlowLines(text);
    if (indented === text) throw error;
    return { text: indented, events: parseEvents(indented, { maxDepth: MAX_DEPTH }) };
  }
}
