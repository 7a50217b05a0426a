import type { SourceFile } from "../links.js";
import type { RenderProblem } from "../render-error.js";
import { joinPath, type RepositoryPath, resolveTarget } from "../repository-path.js";
import type { SnapshotFiles } from "../snapshot-files.js";
import { type ChartFile, folderProblem, readChartFile } from "./chart.js";

/** Compares dependencies that are folders, below `charts/` or by `file://`, with `Chart.lock`. */
export async function dependencyVersions(
  { dependencies }: ChartFile,
  files: readonly SourceFile[],
  folder: RepositoryPath,
  copied: SnapshotFiles,
): Promise<RenderProblem[]> {
  const lockBlob = files.find(({ path, fault }) => path === "Chart.lock" && fault === undefined)?.blob;
  if (lockBlob === undefined) return [];
  const file = joinPath(folder, "Chart.lock");
  const text = await copied.read(file, lockBlob);
  const lock = readChartFile(text, file);
  if (!("name" in lock)) return [];
  const problems: RenderProblem[] = [];
  for (const { name, repository } of dependencies) {
    const path = `charts/${name}/Chart.yaml`;
    const own = joinPath(folder, path);
    const blob = copied.files.get(own);
    const chart = blob === undefined ? undefined : readChartFile(await copied.read(own, blob), own);
    if (chart === undefined || !("name" in chart)) continue;
    const isVendored = files.some((one) => one.path === path);
    const from = isVendored ? undefined : resolveTarget(joinPath(folder, "x"), repository.replace(/^file:\/\//, ""));
    const found = { name, version: chart.version, folder: from ?? joinPath(folder, `charts/${name}`) };
    problems.push(...folderProblem(lock, { file, text }, found));
  }
  return problems;
}

/** Whether a file of a chart, such as an icon, is read by `.Files` alone. */
export function isOnlyForFiles(path: RepositoryPath, folder: RepositoryPath): boolean {
  const below = path.slice(folder === "" ? 0 : folder.length + 1);
  return !/^(?:templates|charts|crds)(?:\/|$)|^(?:Chart|values)\.(?:yaml|lock)$|^values\.schema\.json$/.test(below);
}
