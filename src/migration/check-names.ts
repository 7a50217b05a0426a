import type { Conversion, ImportResult, OutputManifest } from "./conversion.js";

const NAMESPACE = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;
const NAME = /^(?=.{1,253}$)[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;

/**
 * Drops manifests with an invalid name or namespace, which also become paths of files, and apps of the same name and namespace as another
 * one, which would overwrite each other, and reports them.
 */
export function checkNames({ manifests, conversions }: ImportResult): ImportResult {
  const problems = problemsOf(manifests);
  if (problems.size === 0) return { manifests, conversions };
  const checked = conversions.map((conversion): Conversion => {
    const found = conversion.results.flatMap((result) => problems.get(result) ?? []);
    if (found.length === 0) return conversion;
    const findings = found.map((message) => ({ level: "blocked", field: "metadata.name", message }) as const);
    return { ...conversion, results: [], findings: [...conversion.findings, ...findings] };
  });
  const kept = new Set(checked.flatMap(({ results }) => results));
  return { manifests: manifests.filter((manifest) => kept.has(keyOf(manifest))), conversions: checked };
}

function keyOf({ kind, metadata }: OutputManifest): string {
  return `${kind} ${metadata.namespace}/${metadata.name}`;
}

function problemsOf(manifests: readonly OutputManifest[]): ReadonlyMap<string, string> {
  const problems = new Map<string, string>();
  const seen = new Set<string>();
  for (const manifest of manifests) {
    const key = keyOf(manifest);
    const problem = seen.has(key)
      ? `${key} would have the same name as another one: rename one of them, and import again`
      : nameProblem(manifest);
    seen.add(key);
    if (problem !== undefined) problems.set(key, problem);
  }
  return problems;
}

/** Why a text is no name of a namespace; undefined if it is one. */
export function namespaceProblem(namespace: string): string | undefined {
  if (NAMESPACE.test(namespace)) return undefined;
  return `${JSON.stringify(namespace)} is no namespace: it must be a DNS label of at most 63 characters`;
}

/** Whether a text is a name of Kubernetes, and so also of a file. */
export function isName(text: string): boolean {
  return NAME.test(text);
}

function nameProblem({ kind, metadata: { namespace, name } }: OutputManifest): string | undefined {
  const problem = namespaceProblem(namespace);
  if (problem !== undefined) return problem;
  return isName(name) ? undefined : `${JSON.stringify(name)} is no valid name of a ${kind}`;
}
