import type { Json } from "../../../base/hash.js";
import { isObject } from "../parameters.js";

/** Fields of an app that choose whose permissions or credentials are used, by name, wherever they are in the spec. */
const PROTECTED: ReadonlySet<string> = new Set([
  "serviceAccountName",
  "repositoryRef",
  "secretRef",
  "configMapRef",
  "overseer",
  "decryption",
  "unseal",
  "secretStores",
  "requiredSecrets",
  "valuesFrom",
  "from",
]);

/** Values of a chart may have any fields: they choose nothing of the app. */
const FREE = ["source", "helm", "values"];
/** Where the credentials of a chart are sent. */
const REGISTRY = ["source", "helm", "chart", "repository"];

type Path = readonly (string | number)[];

/**
 * Returns why content of a Git repository may not be used at a path of the app's spec; undefined if it may. Users who can push to
 * the repository would otherwise choose a ServiceAccount, a Secret or another repository, which only the author of the set may do.
 */
export function protectedUse(path: Path, value: Json, spec: unknown): string | undefined {
  if (FREE.every((step, index) => path[index] === step)) return undefined;
  const field = path.find((step) => isProtected(String(step))) ?? protectedWithin(value);
  if (field !== undefined) return `content of a repository must not choose ${field}`;
  if (!REGISTRY.every((step, index) => path[index] === step)) return undefined;
  return hasRegistrySecret(spec)
    ? "content of a repository must not choose where the credentials of source.helm.chart.secretRef are sent"
    : undefined;
}

/** Returns a protected field in a list or object that would be inserted. */
function protectedWithin(value: Json): string | undefined {
  if (Array.isArray(value)) return value.map(protectedWithin).find((found) => found !== undefined);
  if (!isObject(value)) return undefined;
  for (const [key, item] of Object.entries(value)) {
    const found = isProtected(key) ? key : protectedWithin(item);
    if (found !== undefined) return found;
  }
  return undefined;
}

function isProtected(field: string): boolean {
  return PROTECTED.has(field) || /SecretRef$/.test(field);
}

function hasRegistrySecret(spec: unknown): boolean {
  let at: unknown = spec;
  for (const step of REGISTRY.slice(0, -1)) at = isObject(at) ? at[step] : undefined;
  return isObject(at) && at.secretRef !== undefined;
}
