import type { FileText } from "../parser.js";
import { joinPath, type RepositoryPath } from "../repository-path.js";
import { isArchiveOf } from "./chart.js";

/** What `# Source:` comments are read with. */
export interface HelmOutputContext {
  /** Name of the chart: the first part of the paths that Helm prints. */
  readonly chart: string;
  /** Folder of the chart in the repository. */
  readonly folder: RepositoryPath;
  /** Paths of the chart's files, relative to its folder. */
  readonly paths: ReadonlySet<string>;
  /** Names of dependencies, by what this chart calls them. */
  readonly aliases: ReadonlyMap<string, string>;
  /** Where a file of the chart is in the repository. */
  readonly placeOf: (path: string) => RepositoryPath;
}

/**
 * Cuts the output of `helm template` by the templates that its parts come from. Many public charts repeat a label, which their users
 * cannot change and Helm takes.
 */
export function splitHelmOutput(output: string, context: HelmOutputContext): FileText[] {
  const byFile = new Map<string, string[]>();
  for (const part of output.split(/^---(?=\r?\n)/m)) {
    const source = /^\r?\n# Source: (.+?)\r?$/m.exec(part.slice(0, 2000))?.[1];
    const file = repositoryFile(source ?? "", context);
    const parts = byFile.get(file);
    if (parts === undefined) byFile.set(file, [part]);
    else parts.push(part);
  }
  return [...byFile]
    .map(([file, parts]) => ({ file, text: parts.join("---"), mayRepeatKeys: true }))
    .filter(({ text }) => text.trim() !== "");
}

/** The file of the repository that Helm means: of a vendored archive, the archive; where nothing is said, `Chart.yaml`. */
export function repositoryFile(
  source: string,
  { chart, folder, paths, aliases, placeOf }: HelmOutputContext,
): RepositoryPath {
  if (!source.startsWith(`${chart}/`)) return joinPath(folder, "Chart.yaml");
  const below = source
    .slice(chart.length + 1)
    .replace(/^charts\/([^/]+)(?=\/)/, (path, name) => (aliases.has(name) ? `charts/${aliases.get(name)}` : path));
  if (paths.has(below)) return placeOf(below);
  const dependency = /^charts\/([^/]+)\//.exec(below)?.[1];
  const archive = [...paths].find(
    (path) => dependency !== undefined && isArchiveOf(dependency, path.replace(/^charts\//, "")),
  );
  return placeOf(archive ?? below);
}
