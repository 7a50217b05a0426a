import { isSecretName } from "../../manifest/secret-name.js";
import { isRecord } from "../../manifest/shape.js";
import { isTagStep } from "./compose/merge-tags.js";
import { type Fault, interpolate, type Lookup } from "./interpolate.js";
import type { Reporter } from "./reporter.js";

/** Fills in the variables in all texts of a tree, but not in keys: Compose leaves these alone, too. */
export function interpolateTree(value: unknown, lookup: Lookup, maxLength: number, report: Reporter): unknown {
  let length = 0;
  /** `entry`: the key that the node stands under. */
  const walk = (node: unknown, at: Reporter, entry: string): unknown => {
    if (typeof node === "string") {
      if (length > maxLength) return node;
      const isSecret = isSecretName(entry) || isSecretName(nameOfItem(node));
      const { text, faults } = interpolate(node, lookup, isSecret);
      for (const message of new Set(faults.map((fault) => describeFault(fault, node)))) at.problem(message);
      length += text.length;
      if (length > maxLength) at.problem(`with this, the document unfolds to more than ${maxLength} characters`);
      return text;
    }
    if (Array.isArray(node)) return node.map((item: unknown, index) => walk(item, at.at(index), entry));
    if (!isRecord(node)) return node;
    const entries = Object.entries(node).map(
      ([key, child]) => [key, walk(child, isTagStep(key) ? at : at.at(key), isTagStep(key) ? entry : key)] as const,
    );
    return Object.fromEntries(entries);
  };
  return walk(value, report, "");
}

/** The name in an item like `NAME=value` or `--name=value`; empty when it has none. */
function nameOfItem(text: string): string {
  return /^[\w.-]{1,200}(?==)/.exec(text)?.[0] ?? "";
}

/** Where a variable may be supplied: said in every error about one. */
export const SUPPLY = "spec.env of the document, or spec.source.env of the OverseerApp";

function describeFault(fault: Fault, text: string): string {
  switch (fault.kind) {
    case "unset":
      return `the variable ${fault.name} has no value and no default: give it one in ${SUPPLY}`;
    case "required": {
      const said = fault.message === "" ? "is required" : `is required: ${JSON.stringify(fault.message.slice(0, 200))}`;
      return `the variable ${fault.name} ${said}. Give it a value in ${SUPPLY}`;
    }
    case "stray":
      return `the $ at ${placeIn(text, fault.at)} begins a variable that has no value: write $$ for a dollar sign${
        fault.verification ? `, or give the variable a value in ${SUPPLY}` : ""
      }`;
    case "secret":
      return "${SECRET:name} needs a name of letters, digits, and - . _ between them; write $${SECRET:…} for plain text";
    case "malformed":
      return fault.message;
  }
}

/** `character 15`, or `line 2, character 3` of a text of several lines. */
function placeIn(text: string, at: number): string {
  const before = text.slice(0, at).split("\n");
  const character = `character ${(before.at(-1)?.length ?? 0) + 1}`;
  return before.length === 1 && !text.includes("\n") ? character : `line ${before.length}, ${character}`;
}
