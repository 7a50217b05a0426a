import { isSystemSecret } from "../../../api/core/app-backup.js";
import { ProblemError } from "../../../http/problem.js";
import { isMapping, type Mapping, readCompose, replaceSecrets, secretNames } from "../../operations/compose.js";
import { RunError } from "../runner.js";

/** Prefix of the environment variables that pass secrets to Compose. */
const VARIABLE = "OVERSEER_SECRET_";

/** What Compose gets: a document on its standard input, and values in its environment. */
export interface ComposeInput {
  /** The document as JSON, which is YAML that all parsers read alike. It refers to secrets by variables. */
  readonly json: string;
  /** Secret values by the name of their variable. They are passed in the environment only. */
  readonly env: Readonly<Record<string, string>>;
}

/** Keys of a service that make Compose read files of the node, or run programs of the node, while it loads the document. */
const SERVICE_KEYS: Readonly<Record<string, string>> = {
  build: "build the image elsewhere, push it, and set image",
  env_file: "set environment instead",
  label_file: "set labels instead",
  provider: "providers run programs on the node",
  credential_spec: "credentials of Windows are not supported",
  develop: "remove it: it is for development",
  use_api_socket: "it gives the container access to Docker, and so to the node",
};

/** Top-level keys with the same effect. */
const TOP_KEYS: Readonly<Record<string, string>> = {
  include: "put the services into this document",
  models: "models are not supported",
};

/**
 * Converts a Compose document. Compose itself only sees this JSON, so that nothing depends on how two YAML parsers read the same text.
 * Throws RunError if the document is invalid, refers to a missing secret, or would make Compose read files of the node.
 */
export function composeInput(compose: string, secrets: ReadonlyMap<string, string>): ComposeInput {
  const document = read(compose);
  const names = secretNames(compose);
  const system = names.filter(isSystemSecret);
  if (system.length > 0)
    throw new RunError(`secret ${system.join(", ")} is for the agent itself: no document can refer to it`);
  const missing = names.filter((name) => !secrets.has(name));
  if (missing.length > 0) {
    throw new RunError(`secret ${missing.join(", ")} not found for this app: create it in the Core, then deploy again`);
  }
  const unfit = names.filter((name) => secrets.get(name)?.includes("\0"));
  if (unfit.length > 0) throw new RunError(`secret ${unfit.join(", ")} contains a NUL character: set another value`);
  const refused = unsupportedKeys(document);
  if (refused.length > 0) throw new RunError(`the Compose document cannot run on a node: ${refused.join("; ")}`);
  const env: Record<string, string> = {};
  for (const [index, name] of names.entries()) env[`${VARIABLE}${index}`] = secrets.get(name) ?? "";
  const json = jsonOf(document, (name) => {
    const index = names.indexOf(name);
    if (index < 0) throw new RunError(`the reference to secret ${name} cannot be read: write \${SECRET:${name}}`);
    return `\${${VARIABLE}${index}}`;
  });
  return { json, env };
}

function read(compose: string): ReturnType<typeof readCompose> {
  try {
    return readCompose(compose);
  } catch (error) {
    if (error instanceof ProblemError) throw new RunError(error.message);
    throw error;
  }
}

/** Returns the keys that make Compose read from the node, each with the remedy. */
function unsupportedKeys(document: Mapping & { readonly services: Mapping }): string[] {
  const found = Object.keys(document).flatMap((key) => (TOP_KEYS[key] ? [`${key}: ${TOP_KEYS[key]}`] : []));
  for (const [name, service] of Object.entries(document.services)) {
    if (!isMapping(service)) {
      found.push(`services.${name}: expected a mapping`);
      continue;
    }
    for (const [key, remedy] of Object.entries(SERVICE_KEYS)) {
      if (service[key] !== undefined) found.push(`services.${name}.${key}: ${remedy}`);
    }
    if (isMapping(service.extends) && service.extends.file !== undefined) {
      found.push(`services.${name}.extends.file: only services of the same document can be extended`);
    }
  }
  return found;
}

/** Refuses a mapping or list that contains itself by a YAML alias. */
function refuseCycles(value: unknown, above: Set<unknown>): void {
  if (typeof value !== "object" || value === null) return;
  if (above.has(value)) throw new RunError("the document contains an alias of itself: remove it");
  if (above.size > MAX_DEPTH) throw new RunError(`the document is nested more than ${MAX_DEPTH} levels deep`);
  above.add(value);
  for (const child of Object.values(value)) refuseCycles(child, above);
  above.delete(value);
}

/** Deepest nesting of a document: Compose documents have less than ten levels. */
const MAX_DEPTH = 100;

/** Maximum size of the JSON in characters: YAML aliases can expand a small document. */
const MAX_JSON = 8 * 1024 * 1024;

function jsonOf(document: Mapping, variable: (name: string) => string): string {
  refuseCycles(document, new Set());
  let left = MAX_JSON;
  return JSON.stringify(document, (key, value: unknown) => {
    if (replaceSecrets(key, () => "") !== key) throw new RunError("a key refers to a secret: only values can");
    left -= key.length + (typeof value === "string" ? value.length : 8);
    if (left < 0) throw new RunError("the Compose document is too large");
    return typeof value === "string" ? replaceSecrets(value, variable) : value;
  });
}
