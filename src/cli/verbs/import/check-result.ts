import type { ImportResult, OutputManifest } from "../../../migration/conversion.js";
import { checkManifest } from "../../offline/check-manifest.js";

/** Drops manifests that the schemas reject, with a finding: what an import writes can be applied. */
export function checkResult({ manifests, conversions }: ImportResult): ImportResult {
  const problems = new Map(manifests.map((manifest) => [nameOf(manifest), problemsOf(manifest)]));
  return {
    manifests: manifests.filter((manifest) => problems.get(nameOf(manifest))?.length === 0),
    conversions: conversions.map((conversion) => {
      const found = conversion.results.flatMap((result) => problems.get(result) ?? []);
      if (found.length === 0) return conversion;
      const findings = found.map((message) => ({ level: "blocked" as const, field: "", message }));
      return { ...conversion, results: [], findings: [...conversion.findings, ...findings] };
    }),
  };
}

function problemsOf(manifest: OutputManifest): readonly string[] {
  const object = manifest as unknown as Parameters<typeof checkManifest>[0]["object"];
  return checkManifest({ file: "", origin: "the result is invalid", object });
}

function nameOf({ kind, metadata }: OutputManifest): string {
  return `${kind} ${metadata.namespace}/${metadata.name}`;
}
