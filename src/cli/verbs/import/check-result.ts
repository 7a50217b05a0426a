import type { ImportResult, OutputManifest, ProjectManifest } from "../../../migration/conversion.js";
import { checkManifest } from "../../offline/check-manifest.js";

/** Drops manifests that the schemas reject, with a finding: what an import writes can be applied. */
export function checkResult({ manifests, conversions, projects = [] }: ImportResult): ImportResult {
  const environments = projects.flatMap((project) => project.manifests.filter(({ kind }) => kind === "Environment"));
  const problems = new Map([...manifests, ...environments].map((one) => [nameOf(one), problemsOf(one)]));
  const isValid = (manifest: OutputManifest | ProjectManifest): boolean =>
    (problems.get(nameOf(manifest)) ?? []).length === 0;
  const files = projects.filter((project) => project.manifests.every(isValid));
  return {
    ...(files.length === 0 ? {} : { projects: files }),
    manifests: manifests.filter(isValid),
    conversions: conversions.map((conversion) => {
      const found = conversion.results.flatMap((result) => problems.get(result) ?? []);
      if (found.length === 0) return conversion;
      const findings = found.map((message) => ({ level: "blocked" as const, field: "", message }));
      return { ...conversion, results: [], findings: [...conversion.findings, ...findings] };
    }),
  };
}

function problemsOf(manifest: object): readonly string[] {
  const object = manifest as Parameters<typeof checkManifest>[0]["object"];
  return checkManifest({ file: "", origin: "the result is invalid", object });
}

function nameOf({ kind, metadata: { namespace, name } }: OutputManifest | ProjectManifest): string {
  return namespace === undefined ? `${kind} ${name}` : `${kind} ${namespace}/${name}`;
}
