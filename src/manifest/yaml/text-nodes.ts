import { EVENT_ID, type Event, getScalarValue, parseEvents, SCALAR_STYLE, YAMLException } from "js-yaml";
import { MAX_DEPTH } from "./read-events.js";

/** A scalar in a YAML text, and where it stands. */
export interface TextScalar {
  readonly kind: "Scalar";
  readonly value: string;
  /** Offsets of the value without its quotes. */
  readonly start: number;
  readonly end: number;
  /** Whether it stands without quotes. */
  readonly isPlain: boolean;
  /** Whether it can be replaced: in one line, and without an anchor, by which it may stand in further places, or a tag. */
  readonly isEditable: boolean;
}

/** A mapping in a YAML text, in the order of the text. */
export interface TextMap {
  readonly kind: "Map";
  readonly entries: ReadonlyMap<string, TextNode>;
}

/** A node of a YAML text. `Other` is an alias. */
export type TextNode =
  | TextScalar
  | TextMap
  | { readonly kind: "List"; readonly items: readonly TextNode[] }
  | { readonly kind: "Other" };

/** Returns the documents of a YAML text, with the offsets of all scalars; undefined if it cannot be parsed, for example a template. */
export function textNodes(text: string): readonly TextNode[] | undefined {
  try {
    return new NodeReader(text, parseEvents(text, { maxDepth: MAX_DEPTH })).documents();
  } catch (error) {
    if (error instanceof YAMLException) return undefined;
    throw error;
  }
}

/** A scalar to replace, and its new value: one line of characters that need no escape. */
export interface TextEdit {
  readonly scalar: TextScalar;
  readonly value: string;
}

/**
 * Returns the text with other values of scalars. Everything else stays byte by byte: comments, quotes, order and line ends. A scalar is
 * edited once: the first of several edits counts.
 */
export function editText(text: string, edits: readonly TextEdit[]): string {
  const parts: string[] = [];
  let end = 0;
  for (const { scalar, value } of [...edits].sort((one, two) => one.scalar.start - two.scalar.start)) {
    if (scalar.start < end) continue;
    const written = scalar.isPlain && !isStringWithoutQuotes(value) ? `"${value}"` : value;
    parts.push(text.slice(end, scalar.start), written);
    end = scalar.end;
  }
  return [...parts, text.slice(end)].join("");
}

const WORDS = /^(true|false|yes|no|on|off|y|n|null|~)$/i;

/** Reports whether every YAML parser reads a plain scalar as a string: 1.10 or 1e5 would be a number. */
function isStringWithoutQuotes(value: string): boolean {
  if (WORDS.test(value)) return false;
  return /^[A-Za-z][-\w./:@]*[-\w./@]$|^[A-Za-z]$/.test(value) || /^\d+\.\d+\.\d+[-\w.]*$/.test(value);
}

class NodeReader {
  readonly #text: string;
  readonly #events: readonly Event[];
  #at = 0;

  constructor(text: string, events: readonly Event[]) {
    this.#text = text;
    this.#events = events;
  }

  documents(): TextNode[] {
    const found: TextNode[] = [];
    while (this.#at < this.#events.length) {
      const event = this.#events[this.#at++];
      if (event?.type !== EVENT_ID.DOCUMENT) continue;
      found.push(...this.#untilPop());
    }
    return found;
  }

  #untilPop(): TextNode[] {
    const nodes: TextNode[] = [];
    for (;;) {
      const event = this.#events[this.#at];
      if (event === undefined) return nodes;
      if (event.type === EVENT_ID.POP) {
        this.#at++;
        return nodes;
      }
      nodes.push(this.#node());
    }
  }

  #node(): TextNode {
    const event = this.#events[this.#at++];
    if (event?.type === EVENT_ID.SCALAR) return this.#scalar(event);
    if (event?.type === EVENT_ID.SEQUENCE) return { kind: "List", items: this.#untilPop() };
    if (event?.type !== EVENT_ID.MAPPING) return { kind: "Other" };
    const nodes = this.#untilPop();
    const entries = new Map<string, TextNode>();
    for (let index = 0; index + 1 < nodes.length; index += 2) {
      const [key, value] = [nodes[index], nodes[index + 1]];
      if (key?.kind === "Scalar" && value !== undefined) entries.set(key.value, value);
    }
    return { kind: "Map", entries };
  }

  #scalar(event: Extract<Event, { type: typeof EVENT_ID.SCALAR }>): TextScalar {
    const { valueStart: start, valueEnd: end, style, anchorStart, tagStart } = event;
    const value = getScalarValue(this.#text, event);
    const isInLine = style <= SCALAR_STYLE.DOUBLE_QUOTED && this.#text.slice(start, end) === value;
    return {
      ...{ kind: "Scalar", value, start, end, isPlain: style === SCALAR_STYLE.PLAIN },
      isEditable: isInLine && value !== "" && anchorStart < 0 && tagStart < 0,
    };
  }
}

/** Returns the value of a scalar entry of a mapping. */
export function scalarAt(node: TextNode | undefined, key: string): TextScalar | undefined {
  const value = node?.kind === "Map" ? node.entries.get(key) : undefined;
  return value?.kind === "Scalar" ? value : undefined;
}
