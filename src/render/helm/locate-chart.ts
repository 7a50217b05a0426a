import type { HelmSource } from "../../api/renderers.js";
import { jsonText } from "../../base/hash.js";
import { FieldLines } from "../../manifest/yaml/field-lines.js";
import { followLinks, type SourceFile } from "../links.js";
import { listSource } from "../locate.js";
import { type RenderProblem, UnsupportedSourceError } from "../render-error.js";
import type { SourceInput } from "../renderer.js";
import { joinPath, parentOf, type RepositoryPath, resolveTarget } from "../repository-path.js";
import { SnapshotFiles } from "../snapshot-files.js";
import { type ChartFile, localDependencies, readChartFile } from "./chart.js";
import { dependencyVersions, isOnlyForFiles } from "./dependency-versions.js";
import { type FoundUse, TemplateInspector } from "./inspect.js";
import type { ChartRegistry } from "./registry/chart-registry.js";
import { ChartSnapshot } from "./registry/chart-snapshot.js";

/** A chart of the repository with all that a render of it reads. */
export interface LocatedChart {
  readonly folder: RepositoryPath;
  readonly chart: ChartFile;
  /** Files of the chart and of its dependencies by `file://`, relative to its folder. */
  readonly files: readonly SourceFile[];
  /** Where a file of the chart is in the repository. */
  readonly placeOf: (path: string) => RepositoryPath;
  readonly copied: SnapshotFiles;
  /** Values files in the repository, in their order. */
  readonly valueFiles: readonly RepositoryPath[];
  readonly uses: readonly FoundUse[];
  readonly problems: readonly RenderProblem[];
}

const SUBMODULE = "submodules are not read: set recurseSubmodules of the GitRepository to read it";

/** Files of a dependency by `file://`. */
interface Dependency {
  /** Below the folder of the chart, as Helm looks for it. */
  readonly to: RepositoryPath;
  /** In the repository. */
  readonly folder: RepositoryPath;
  /** Relative to the folder of the chart. */
  readonly files: readonly SourceFile[];
}

/** Finds charts, with their dependencies and values. */
export class ChartLocator {
  readonly #charts: ChartRegistry | undefined;
  readonly #inspector = new TemplateInspector();

  /** `charts`: charts of registries; undefined where there is no network. */
  constructor(charts: ChartRegistry | undefined) {
    this.#charts = charts;
  }

  /** Finds the chart of a source. What is wrong with it is in `problems`. */
  async locate(asked: SourceInput): Promise<LocatedChart> {
    const input = await this.#withChart(asked);
    const { snapshot, place, source, limits } = input;
    const copied = new SnapshotFiles(snapshot);
    const folder = place.path;
    const located =
      place.entry.kind === "tree" ? await listSource(snapshot, place, { path: folder }, limits) : undefined;
    const own = chartFiles(located?.files ?? []);
    const problems: RenderProblem[] = [];
    const chart = await readChart(input, own, problems);
    const dependencies: Dependency[] = [];
    let count = own.length;
    for (const asked of localDependencies(chart, own)) {
      if (count > limits.maxFiles) {
        const message = `the chart and its dependencies by file:// have more than ${limits.maxFiles} files`;
        problems.push({ origin: { file: joinPath(folder, "Chart.yaml") }, message });
        break;
      }
      const found = await findDependency(input, folder, asked, copied, problems);
      if (found === undefined || dependencies.some(({ to }) => to === found.to)) continue;
      dependencies.push(found);
      count += found.files.length;
    }
    const placeOf = (path: string): RepositoryPath => {
      const from = dependencies.find(({ to }) => path.startsWith(`${to}/`));
      return from === undefined ? joinPath(folder, path) : joinPath(from.folder, path.slice(from.to.length + 1));
    };
    const files = [...own, ...dependencies.flatMap((one) => one.files)];
    for (const { path, blob, kind, fault } of files) {
      if (fault === undefined && (kind === "file" || kind === "executable")) copied.add(joinPath(folder, path), blob);
    }
    const valuesFolder = asked.place.entry.kind === "tree" ? asked.place.path : parentOf(asked.place.path);
    const valueFiles = await findValueFiles(source.helm ?? {}, valuesFolder, copied, problems);
    problems.push(...(await dependencyVersions(chart, own, folder, copied, placeOf)));
    const texts = {
      files: valueFiles.map((file) => ({ file, blob: copied.files.get(file) ?? "" })),
      others: otherValues(input),
    };
    const uses = await this.#inspector.inspect(files, placeOf, texts, snapshot);
    const readsFiles = uses.some((use) => use.files);
    for (const { path, fault } of files) {
      if (fault !== undefined && (readsFiles || !isOnlyForFiles(path)))
        problems.push({ origin: { file: placeOf(path), line: 1 }, message: fault });
    }
    return { folder, chart, files, placeOf, copied, valueFiles, problems, uses };
  }

  /** The chart of a registry takes the place of the one at the path. */
  async #withChart(input: SourceInput): Promise<SourceInput> {
    const { chart } = input.source.helm ?? {};
    if (chart === undefined) return input;
    const charts = this.#charts;
    if (charts === undefined)
      throw new UnsupportedSourceError("source.helm.chart: charts of registries are not pulled here");
    const files = await charts.open(chart, input.chartCredentials, input.limits, input.signal);
    const mount = `${chart.name}-${chart.version}.tgz`;
    const snapshot = new ChartSnapshot(input.snapshot, mount, files);
    const entry = await snapshot.treeAt(mount);
    return { ...input, snapshot, place: { wanted: mount, path: mount, entry: { id: entry?.id ?? "", kind: "tree" } } };
  }
}

/** Helm looks for a dependency by `file://` in `charts/`, too: its files are put there. */
async function findDependency(
  { snapshot, limits }: SourceInput,
  folder: RepositoryPath,
  { path, to, name }: { readonly path: string; readonly to: RepositoryPath; readonly name: string },
  copied: SnapshotFiles,
  problems: RenderProblem[],
): Promise<Dependency | undefined> {
  const at = resolveTarget(joinPath(folder, "x"), path);
  const found = at === undefined ? undefined : await copied.find(at);
  if (found?.kind !== "folder") {
    const why = found === undefined ? "leads out of the repository" : "is not the folder of a chart";
    const origin = { file: joinPath(folder, "Chart.yaml") };
    problems.push({ origin, message: `the dependency ${name}: file://${path} ${why}` });
    return undefined;
  }
  copied.note(found.path, found.tree);
  const listed = await snapshot.listFiles(found.tree, limits);
  const files = await followLinks(found.path, listed, { snapshot, limits, isLeftOut: isOfGit });
  return {
    to,
    folder: found.path,
    files: chartFiles(files).map((file) => ({ ...file, path: joinPath(to, file.path) })),
  };
}

/** Without the files of Git itself. A submodule is a fault: without its files, the chart would render without a word. */
function chartFiles(files: readonly SourceFile[]): SourceFile[] {
  return files
    .filter(({ path }) => !isOfGit(path))
    .map((file) => (file.kind === "submodule" ? { fault: SUBMODULE, ...file } : file));
}

function isOfGit(path: string): boolean {
  return /(^|\/)\.git(\/|$)/.test(path);
}

/** Values that are in no file of the repository. */
function otherValues({ source, values }: SourceInput): { readonly name: string; readonly text: string }[] {
  const { values: own, parameters = [] } = source.helm ?? {};
  return [
    ...values.map(({ name, text }) => ({ name, text })),
    ...(own === undefined ? [] : [{ name: "source.helm.values", text: jsonText(own) }]),
    ...parameters.map(({ name, value }) => ({ name: `source.helm.parameters: ${name}`, text: value })),
  ];
}

async function readChart(
  { snapshot, place, source }: SourceInput,
  files: readonly SourceFile[],
  problems: RenderProblem[],
): Promise<ChartFile> {
  const none: ChartFile = { name: "", version: "", kubeVersion: "", dependencies: [] };
  const read = async (name: string): Promise<{ text: string; file: RepositoryPath } | undefined> => {
    const found = files.find(({ path, fault }) => path === name && fault === undefined);
    if (found === undefined) return undefined;
    const file = joinPath(place.path, name);
    return { text: await new SnapshotFiles(snapshot).read(file, found.blob), file };
  };
  const own = await read("Chart.yaml");
  if (own === undefined) {
    const path = JSON.stringify(place.wanted === "" ? "." : place.wanted);
    const cause = source.helm === undefined ? "the source is a chart" : "source.helm is set";
    problems.push({
      message: `${cause}, and there is no Chart.yaml at source.path ${path}: set the path to the folder of a chart`,
    });
    return none;
  }
  const chart = readChartFile(own.text, own.file);
  if (!("name" in chart)) {
    problems.push(...chart);
    return none;
  }
  const lockFile = await read("Chart.lock");
  const lock = lockFile === undefined ? undefined : readChartFile(lockFile.text, lockFile.file);
  if (lock !== undefined && lockFile !== undefined) {
    if (!("name" in lock)) problems.push(...lock);
  }
  const line = new FieldLines(own.text).lineOf(1, ["name"]);
  if (chart.name === "") problems.push({ origin: { file: own.file, line }, message: "the chart has no name" });
  return chart;
}

async function findValueFiles(
  { valueFiles = [], ignoreMissingValueFiles = false }: HelmSource,
  folder: RepositoryPath,
  copied: SnapshotFiles,
  problems: RenderProblem[],
): Promise<RepositoryPath[]> {
  const found: RepositoryPath[] = [];
  for (const path of valueFiles) {
    const at = resolveTarget(joinPath(folder, "x"), path);
    const file = at === undefined ? undefined : await copied.find(at);
    if (file?.kind === "file") found.push(file.path);
    else if (file?.kind !== "missing" || !ignoreMissingValueFiles) {
      const why =
        file === undefined
          ? "leads out of the repository"
          : file.kind === "fault"
            ? file.message
            : `is no file: there is nothing at ${JSON.stringify(at)}`;
      problems.push({
        message: `source.helm.valueFiles: ${JSON.stringify(path)} ${file?.kind === "folder" ? "is a folder" : why}; paths are relative to source.path`,
      });
    }
  }
  return found;
}
