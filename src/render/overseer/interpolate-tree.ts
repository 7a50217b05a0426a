import { isSecretName } from "../../manifest/secret-name.js";
import { isRecord } from "../../manifest/shape.js";
import { isTagStep } from "./compose/merge-tags.js";
import { type Fault, interpolate, type Lookup } from "./interpolate.js";
import type { Reporter } from "./reporter.js";

/**
 * Interpolates variables in all strings of a tree. Like Compose, it does not interpolate keys. A variable without a value is reported where
 * it is used first: anchors and repeated variables would else make dozens of problems of one.
 */
export function interpolateTree(value: unknown, lookup: Lookup, maxLength: number, report: Reporter): unknown {
  let length = 0;
  const unset = new Set<string>();
  const isNew = (fault: Fault): boolean => {
    if (fault.kind !== "unset") return true;
    const isFirst = !unset.has(fault.name);
    unset.add(fault.name);
    return isFirst;
  };
  /** `entry` is the key of the node in its mapping. */
  const child = (node: unknown, parent: Reporter, step: string | number, entry: string): unknown => {
    // Most strings have no variables.
    if (typeof node === "string" && !node.includes("$") && length + node.length <= maxLength) {
      length += node.length;
      return node;
    }
    return typeof node === "object" || typeof node === "string" ? walk(node, parent.at(step), entry) : node;
  };
  const walk = (node: unknown, at: Reporter, entry: string): unknown => {
    if (typeof node === "string") {
      if (length > maxLength) return node;
      const isSecret = isSecretName(entry) || isSecretName(nameOfItem(node));
      const { text, faults } = interpolate(node, lookup, isSecret);
      for (const message of new Set(faults.filter(isNew).map((fault) => describeFault(fault, node))))
        at.problem(message);
      length += text.length;
      if (length > maxLength) at.problem(`the document expands to more than ${maxLength} characters`);
      return text;
    }
    if (Array.isArray(node)) return node.map((item: unknown, index) => child(item, at, index, entry));
    if (!isRecord(node)) return node;
    const entries = Object.entries(node).map(
      ([key, value]) => [key, isTagStep(key) ? walk(value, at, entry) : child(value, at, key, key)] as const,
    );
    return Object.fromEntries(entries);
  };
  return walk(value, report, "");
}

/** Returns the name in an item like `NAME=value` or `--name=value`, or an empty string. */
function nameOfItem(text: string): string {
  return /^[\w.-]{1,200}(?==)/.exec(text)?.[0] ?? "";
}

/** Places where a variable can be set, for error messages. */
export const SUPPLY = "spec.env of the document, or spec.source.env of the OverseerApp";

function describeFault(fault: Fault, text: string): string {
  switch (fault.kind) {
    case "unset":
      return `the variable ${fault.name} has no value and no default: set it in ${SUPPLY}`;
    case "required": {
      const condition =
        fault.message === "" ? "is required" : `is required: ${JSON.stringify(fault.message.slice(0, 200))}`;
      return `the variable ${fault.name} ${condition}. Set it in ${SUPPLY}`;
    }
    case "stray":
      return `the $ at ${placeIn(text, fault.at)} starts an unset variable: write $$ for a dollar sign${
        fault.verification ? `, or set the variable in ${SUPPLY}` : ""
      }`;
    case "secret":
      return "${SECRET:name} needs a name of letters, digits, and - . _ between them; write $${SECRET:…} for plain text";
    case "malformed":
      return fault.message;
  }
}

/** Returns `character 15`, or `line 2, character 3` for a multi-line string. */
function placeIn(text: string, at: number): string {
  const before = text.slice(0, at).split("\n");
  const character = `character ${(before.at(-1)?.length ?? 0) + 1}`;
  return before.length === 1 && !text.includes("\n") ? character : `line ${before.length}, ${character}`;
}
