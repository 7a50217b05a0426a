import { load, YAMLException } from "js-yaml";
import { Fault } from "../fault.js";

/** `$$` is a dollar sign, so that what follows it is read anew: `$$${SECRET:x}` refers to a secret, `$${SECRET:x}` does not. */
const REFERENCE = /\$\$|\$\{SECRET:([A-Za-z0-9][A-Za-z0-9._-]*)\}/g;

/** A mapping of a YAML document. */
export type Mapping = Readonly<Record<string, unknown>>;

/** Whether a value of a YAML document is a mapping. */
export function isMapping(value: unknown): value is Mapping {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/**
 * Reads a Compose document. Throws a Fault INVALID that says where it cannot be read, or that it has no services. What the
 * document says is not repeated in the message.
 */
export function readCompose(text: string): Mapping & { readonly services: Mapping } {
  let document: unknown;
  try {
    document = load(text);
  } catch (error) {
    throw new Fault("INVALID", `compose is no YAML that can be read${placeOf(error)}`, { field: "compose" });
  }
  if (!isMapping(document))
    throw new Fault("INVALID", "compose is no mapping: expected services: …", { field: "compose" });
  const { services } = document;
  if (!isMapping(services)) {
    throw new Fault("INVALID", "compose has no mapping services: say there what to run", { field: "compose" });
  }
  return { ...document, services };
}

/** Names that `${SECRET:name}` refers to in a document, sorted; `$${…}` is no reference. */
export function secretNames(compose: string): string[] {
  return [...new Set([...compose.matchAll(REFERENCE)].flatMap(([, name]) => name ?? []))].sort();
}

function placeOf(error: unknown): string {
  if (!(error instanceof YAMLException)) return "";
  return `: ${error.reason}${error.mark === undefined ? "" : ` in line ${error.mark.line + 1}`}`;
}
