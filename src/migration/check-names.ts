import type { Conversion, ImportResult, OutputManifest } from "./conversion.js";

/** Drops apps of the same name and namespace as another one, and reports them; two manifests of one name would overwrite each other. */
export function checkNames({ manifests, conversions }: ImportResult): ImportResult {
  const seen = new Map<string, number>();
  const keyOf = ({ kind, metadata }: OutputManifest): string => `${kind} ${metadata.namespace}/${metadata.name}`;
  for (const manifest of manifests) seen.set(keyOf(manifest), (seen.get(keyOf(manifest)) ?? 0) + 1);
  const isTwice = (key: string): boolean => (seen.get(key) ?? 0) > 1;
  if (![...seen.keys()].some(isTwice)) return { manifests, conversions };
  const checked = conversions.map((conversion): Conversion => {
    const twice = conversion.results.filter(isTwice);
    if (twice.length === 0) return conversion;
    const message = `${twice.join(", ")} would have the same name as another app: rename one of them, and import again`;
    return {
      ...conversion,
      results: [],
      findings: [...conversion.findings, { level: "blocked", field: "metadata.name", message }],
    };
  });
  const kept = new Set(checked.flatMap(({ results }) => results));
  return {
    manifests: manifests.filter((manifest) => manifest.kind !== "OverseerApp" || kept.has(keyOf(manifest))),
    conversions: checked,
  };
}
