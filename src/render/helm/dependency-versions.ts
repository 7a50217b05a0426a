import { TimeSlice } from "../../git/pack/time-slice.js";
import { parseVersionRange, parseVersionTag, VersionRangeError } from "../../git/refs/version-range.js";
import { FieldLines } from "../../manifest/yaml/field-lines.js";
import type { SourceFile } from "../links.js";
import type { RenderProblem } from "../render-error.js";
import { joinPath, parentOf, type RepositoryPath } from "../repository-path.js";
import type { SnapshotFiles } from "../snapshot-files.js";
import { type ChartFile, isArchiveOf, readChartFile } from "./chart.js";

/** Problems of one chart that are reported. */
const MAX_PROBLEMS = 50;

/** A file that lists dependencies. */
interface ChartText {
  readonly file: RepositoryPath;
  readonly lines: FieldLines;
  readonly chart: ChartFile;
}

/** A dependency that is in a chart. */
interface Held {
  readonly version: string;
  /** Its folder in the repository, or the name of its archive. */
  readonly at: string;
  readonly isFolder: boolean;
}

/**
 * Compares dependencies below `charts/` or by `file://` with `Chart.lock`, and with the versions that `Chart.yaml` asks for. Those
 * that are missing altogether are Helm's to report. `own` are the files of the chart without its dependencies by `file://`.
 */
export async function dependencyVersions(
  { dependencies }: ChartFile,
  own: readonly SourceFile[],
  folder: RepositoryPath,
  copied: SnapshotFiles,
  placeOf: (path: string) => RepositoryPath,
): Promise<RenderProblem[]> {
  if (dependencies.length === 0) return [];
  const read = async (path: string): Promise<ChartText | undefined> => {
    const blob = copied.files.get(joinPath(folder, path));
    if (blob === undefined) return undefined;
    const file = placeOf(path);
    const text = await copied.read(file, blob);
    const chart = readChartFile(text, file);
    return "name" in chart ? { file, lines: new FieldLines(text), chart } : undefined;
  };
  const archives = own.flatMap(({ path }) => /^charts\/([^/]+\.tgz)$/.exec(path)?.[1] ?? []);
  const known = new Map<string, Held[]>();
  const slice = new TimeSlice();
  const held = async (name: string): Promise<Held[]> => {
    const there = known.get(name) ?? (await look(name));
    known.set(name, there);
    if (slice.due) await slice.pause();
    return there;
  };
  const look = async (name: string): Promise<Held[]> => {
    const unpacked = await read(`charts/${name}/Chart.yaml`);
    const packed = archives.filter((archive) => isArchiveOf(name, archive));
    return [
      ...(unpacked === undefined
        ? []
        : [{ version: unpacked.chart.version, at: parentOf(unpacked.file), isFolder: true }]),
      ...packed.map((at) => ({ version: at.slice(name.length + 1, -".tgz".length), at, isFolder: false })),
    ];
  };
  const main = await read("Chart.yaml");
  const lock = await read("Chart.lock");
  const problems: RenderProblem[] = [];
  const bad = new Set<string>();
  for (const [index, { name, version, repository }] of (lock?.chart.dependencies ?? []).entries()) {
    const there = await held(name);
    const isPackedLocal = repository.startsWith("file:") && !there.some(({ isFolder }) => isFolder);
    // Without a repository, Helm locks the range itself.
    const isLocked = (held: string): boolean =>
      repository === "" ? satisfies(held, version) : held === "" || withoutV(held) === withoutV(version);
    const isThere = there.some((one) => isLocked(one.version));
    if (lock === undefined || version === "" || there.length === 0 || isPackedLocal || isThere) continue;
    bad.add(name);
    const remedy = there.some(({ isFolder }) => isFolder)
      ? "run helm dependency update and commit the result"
      : "run helm dependency build and commit charts/";
    problems.push(problemAt(lock, index, `Chart.lock names ${name} ${version}`, name, there, remedy));
  }
  for (const [index, { name, version, repository }] of dependencies.entries()) {
    const there = bad.has(name) ? [] : await held(name);
    if (main === undefined || there.length === 0 || there.some((one) => satisfies(one.version, version))) continue;
    const remedy = repository.startsWith("file:")
      ? "correct one of the two versions"
      : "run helm dependency update and commit the result";
    problems.push(problemAt(main, index, `Chart.yaml asks for ${name} ${version}`, name, there, remedy));
  }
  return problems.slice(0, MAX_PROBLEMS);
}

/** Whether a file of a chart, such as an icon, is read by `.Files` alone. `path` is relative to the chart. */
export function isOnlyForFiles(path: string): boolean {
  const inItsChart = path.replace(/^(?:charts\/[^/]+\/)+/, "");
  return !/^(?:templates|charts|crds)(?:\/|$)|^(?:Chart|values)\.(?:yaml|lock)$|^values\.schema\.json$/.test(
    inItsChart,
  );
}

/** Whether a version is one that a chart asks for. True where that is not certain, since Helm renders the chart. */
function satisfies(version: string, wanted: string): boolean {
  const exact = parseVersionTag(version);
  if (exact === undefined || wanted === "") return true;
  // Helm admits more versions before a release than other tools.
  if (exact.prerelease.length > 0 && /\d-/.test(wanted)) return true;
  try {
    return parseVersionRange(wanted).has(exact);
  } catch (error) {
    if (!(error instanceof VersionRangeError)) throw error;
    return true;
  }
}

function problemAt(
  { lines, file }: ChartText,
  index: number,
  what: string,
  name: string,
  held: readonly Held[],
  remedy: string,
): RenderProblem {
  const folder = held.find(({ isFolder }) => isFolder);
  const has =
    folder === undefined
      ? `charts/ holds ${held[0]?.at}`
      : `${JSON.stringify(folder.at)} holds ${name} ${folder.version}`;
  const line = lines.lineOf(1, ["dependencies", index]);
  return { origin: { file, line }, message: `${what}, and ${has}: ${remedy}` };
}

function withoutV(version: string): string {
  return version.replace(/^v/, "");
}
