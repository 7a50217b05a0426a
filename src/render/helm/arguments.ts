import type { SourceInput } from "../renderer.js";

/** API versions in one argument, which the system limits to 128 KiB. */
const VERSIONS_AT_ONCE = 500;

/**
 * The arguments of `helm template`. Each setting is one argument of its own with `=`: no value can become a flag. `validates`: compares
 * values with the schemas of the chart.
 */
export function helmArguments(
  { source, name, defaultNamespace, cluster }: SourceInput,
  chart: string,
  valueFiles: readonly string[],
  validates: boolean,
): string[] {
  const { helm = {} } = source;
  const facts = cluster();
  const kubeVersion = helm.kubeVersion ?? facts?.kubeVersion;
  const versions = [...new Set([...(facts?.apiVersions ?? []), ...(helm.apiVersions ?? [])])];
  return [
    "template",
    `--namespace=${defaultNamespace === "" ? "default" : defaultNamespace}`,
    ...(helm.skipCrds === true ? ["--skip-crds"] : ["--include-crds"]),
    "--skip-tests",
    ...(validates ? [] : ["--skip-schema-validation"]),
    ...(kubeVersion === undefined ? [] : [`--kube-version=${kubeVersion}`]),
    ...inChunks(versions).map((chunk) => `--api-versions=${chunk.join(",")}`),
    ...valueFiles.map((file) => `--values=${csvField(file)}`),
    ...(helm.parameters ?? []).map(({ name: path, value, forceString = false }) => {
      // A comma would begin the next setting, except in a list.
      const text = /^\{[\s\S]*\}$/.test(value) ? value : value.replace(/(?<!\\),/g, "\\,");
      return `${forceString ? "--set-string" : "--set"}=${path}=${text}`;
    }),
    "--",
    helm.releaseName ?? releaseName(name),
    chart,
  ];
}

/** Helm splits the argument at commas, as CSV: a path with a comma would be two files, the second one anywhere on the machine. */
function csvField(path: string): string {
  return /[",\r\n]/.test(path) ? `"${path.replaceAll('"', '""')}"` : path;
}

/** Names of releases are shorter than those of apps may be. */
function releaseName(app: string): string {
  return app.slice(0, 53).replace(/[-.]+$/, "");
}

function inChunks(versions: readonly string[]): string[][] {
  const chunks: string[][] = [];
  for (let at = 0; at < versions.length; at += VERSIONS_AT_ONCE) chunks.push(versions.slice(at, at + VERSIONS_AT_ONCE));
  return chunks;
}
