import {
  CORE_SCHEMA,
  defineScalarTag,
  intCoreTag,
  load,
  mergeTag,
  type NOT_RESOLVED,
  Schema,
  YAMLException,
} from "js-yaml";
import { ProblemError } from "../../http/problem.js";

/** Integers as Compose reads them: 0644 is octal. Integers that a JavaScript number cannot represent stay texts. */
const intTag = defineScalarTag<number | string>("tag:yaml.org,2002:int", {
  implicit: true,
  implicitFirstChars: [..."+-0123456789"],
  resolve: (source, isExplicit) => {
    if (/^[-+]?0[0-7]+$/.test(source)) return Number.parseInt(source, 8);
    const value = intCoreTag.resolve(source, isExplicit, "tag:yaml.org,2002:int");
    return typeof value === "number" && !Number.isSafeInteger(value) ? source : (value as number | typeof NOT_RESOLVED);
  },
  identify: () => false,
});

/** YAML as Compose reads it: `yes` and `no` are texts, `<<` merges. */
const COMPOSE_SCHEMA = new Schema([...CORE_SCHEMA.tags.filter((tag) => tag !== intCoreTag), intTag, mergeTag]);

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
    document = load(text, { schema: COMPOSE_SCHEMA });
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

/** Replaces each reference `${SECRET:name}` in a text by what `value` returns for the name; `$${…}` is no reference. */
export function replaceSecrets(text: string, value: (name: string) => string): string {
  return text.replace(REFERENCE, (match, name: string | undefined) => (name === undefined ? match : value(name)));
}

/**
 * Returns the sorted names of the secrets that a document refers to by `${SECRET:name}`; `$${…}` is no reference. They are read from the parsed
 * values, since YAML can write a reference in other ways (`"\u0024{SECRET:name}"`), or in a comment.
 */
export function secretNames(compose: string): string[] {
  const names = new Set<string>();
  const collect = (text: string): void => {
    for (const [, name] of text.matchAll(REFERENCE)) if (name !== undefined) names.add(name);
  };
  const seen = new Set<unknown>();
  const waiting: unknown[] = [parsedOr(compose)];
  while (waiting.length > 0) {
    const value = waiting.pop();
    if (typeof value === "string") collect(value);
    if (typeof value !== "object" || value === null || seen.has(value)) continue;
    seen.add(value);
    for (const [key, child] of Object.entries(value)) waiting.push(key, child);
  }
  return [...names].sort();
}

/** Parses a document; returns its text if it is no YAML. */
function parsedOr(compose: string): unknown {
  try {
    return load(compose, { schema: COMPOSE_SCHEMA });
  } catch {
    return compose;
  }
}

function placeOf(error: unknown): string {
  if (!(error instanceof YAMLException)) return "";
  // The reason may quote the document, which may hold a secret.
  return `: ${error.reason.replace(/["'<].*$/s, "…")}${error.mark === undefined ? "" : ` at line ${error.mark.line + 1}`}`;
}
