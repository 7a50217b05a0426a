import { load, YAMLException } from "js-yaml";
import { ProblemError } from "../../http/problem.js";

/** `$$` is an escaped dollar sign: `$${SECRET:x}` is no reference to a secret, `$$${SECRET:x}` contains one. */
const REFERENCE = /\$\$|\$\{SECRET:([A-Za-z0-9][A-Za-z0-9._-]*)\}/g;

/** A mapping of a YAML document. */
export type Mapping = Readonly<Record<string, unknown>>;

/** Reports whether a value of a YAML document is a mapping. */
export function isMapping(value: unknown): value is Mapping {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/**
 * Parses a Compose document. Throws INVALID with the position of a syntax error, or if the document has no services. The
 * message does not quote the document.
 */
export function readCompose(text: string): Mapping & { readonly services: Mapping } {
  let document: unknown;
  try {
    document = load(text);
  } catch (error) {
    throw new ProblemError("INVALID", `compose is not valid YAML${placeOf(error)}`, { field: "compose" });
  }
  if (!isMapping(document))
    throw new ProblemError("INVALID", "compose is not a mapping: expected services: …", { field: "compose" });
  const { services } = document;
  if (!isMapping(services)) {
    throw new ProblemError("INVALID", "compose has no mapping services: define the services to run", {
      field: "compose",
    });
  }
  return { ...document, services };
}

/** Returns the sorted names of the secrets that a document refers to by `${SECRET:name}`; `$${…}` is no reference. */
export function secretNames(compose: string): string[] {
  return [...new Set([...compose.matchAll(REFERENCE)].flatMap(([, name]) => name ?? []))].sort();
}

function placeOf(error: unknown): string {
  if (!(error instanceof YAMLException)) return "";
  return `: ${error.reason}${error.mark === undefined ? "" : ` at line ${error.mark.line + 1}`}`;
}
