import type { HelmSource } from "../../api/renderers.js";
import { hmacSha256, jsonText } from "../../base/hash.js";
import { FieldLines } from "../../manifest/yaml/field-lines.js";
import type { SourceFile } from "../links.js";
import { listSource } from "../locate.js";
import { SecretTexts, textsIn } from "../mask-texts.js";
import { parseOutput } from "../parse-output.js";
import type { ParseFiles } from "../parser.js";
import type { RenderProgram } from "../programs.js";
import { digestOfReads } from "../reads.js";
import { type RenderProblem, UnsupportedSourceError } from "../render-error.js";
import type { DeclaredInputs, Renderer, RendererOutput, SourceInput } from "../renderer.js";
import { joinPath, parentOf, type RepositoryPath, resolveTarget } from "../repository-path.js";
import type { Note } from "../request.js";
import { SnapshotFiles } from "../snapshot-files.js";
import { Workspace } from "../workspace.js";
import { helmArguments } from "./arguments.js";
import { type ChartFile, localDependencies, lockProblems, readChartFile } from "./chart.js";
import { dependencyVersions, isOnlyForFiles } from "./dependency-versions.js";
import { explainHelm } from "./explain.js";
import { TemplateInspector, type TemplateUse } from "./inspect.js";
import { splitHelmOutput } from "./output.js";
import type { ChartRegistry } from "./registry/chart-registry.js";
import { ChartSnapshot } from "./registry/chart-snapshot.js";
import { readChartValues } from "./values.js";

/** A chart of the repository with all that a render of it reads. */
interface LocatedChart {
  readonly folder: RepositoryPath;
  readonly chart: ChartFile;
  /** Files of the chart, relative to its folder. */
  readonly files: readonly SourceFile[];
  readonly copied: SnapshotFiles;
  /** Values files in the repository, in their order. */
  readonly valueFiles: readonly RepositoryPath[];
  readonly uses: ReadonlyMap<string, TemplateUse>;
  readonly problems: readonly RenderProblem[];
}

/** What a `HelmRenderer` is made of. */
export interface HelmRendererOptions {
  readonly program: RenderProgram;
  readonly parseElsewhere: ParseFiles;
  /** Charts of registries; undefined where there is no network. */
  readonly charts?: ChartRegistry;
  /** Keys digests of values that may be secret. */
  readonly digestKey: string;
}

/** Charts of the repository, by `helm template` on a private copy. */
export class HelmRenderer implements Renderer {
  readonly kind = "helm";
  readonly version = 2;
  readonly keepsResults = true;
  readonly #options: HelmRendererOptions;
  readonly #inspector = new TemplateInspector();

  constructor(options: HelmRendererOptions) {
    this.#options = options;
  }

  /** The chart's files, its values from wherever they come, and what of the cluster its templates ask for. */
  async declare(input: SourceInput): Promise<DeclaredInputs> {
    const { folder, copied, files, uses, chart } = await this.#locate(input);
    const { source, name, cluster, values } = input;
    const { helm = {} } = source;
    const asksCluster = chart.kubeVersion !== "" || [...uses.values()].some(({ capabilities }) => capabilities);
    const digest = values.length === 0 ? undefined : hmacSha256(this.#options.digestKey, JSON.stringify(values), 32);
    const content = {
      renderer: "helm",
      reads: digestOfReads(copied.reads),
      files: files.map(({ path, blob, kind, fault = "" }) => [path, blob, kind, fault]),
      settings: helm,
      name,
      program: (await this.#options.program.version()) ?? "none",
      ...(asksCluster ? { cluster: cluster() } : {}),
      ...(digest === undefined ? {} : { values: digest }),
    };
    // Files behind links are resolved again in each commit.
    const hasLinks = files.some(({ linked, kind }) => linked !== undefined || kind === "symlink");
    if (hasLinks) return { content, asksCluster };
    // A version of a chart in a registry never changes, so only the files of the commit are compared.
    if (helm.chart !== undefined) {
      const reads = new Map([...copied.reads].filter(([path]) => !path.startsWith(`${folder}/`)));
      return { content, asksCluster, reads };
    }
    const { path, entry } = input.place;
    return { content, asksCluster, reads: new Map([...copied.reads, [path, entry.id]]) };
  }

  async render(input: SourceInput): Promise<RendererOutput> {
    if (input.target !== "kubernetes") {
      throw new UnsupportedSourceError("Helm sources are for clusters: a Core takes plain documents of overseer.io");
    }
    const chart = await this.#locate(input);
    if (chart.problems.length > 0) return { documents: [], notes: [], problems: chart.problems };
    const isSecret = input.decryptor.isActive || input.values.some(({ secret }) => secret);
    return Workspace.use((workspace) => this.#template(input, chart, workspace), isSecret);
  }

  async #template(input: SourceInput, chart: LocatedChart, workspace: Workspace): Promise<RendererOutput> {
    const { folder, copied, files, uses } = chart;
    const { limits, signal, source, values, decryptor } = input;
    const { helm = {} } = source;
    const readsFiles = [...uses.values()].some((use) => use.files);
    const mayBePointer = (path: RepositoryPath): boolean =>
      !readsFiles && !chart.valueFiles.includes(path) && isOnlyForFiles(path, folder);
    await workspace.copy([{ files: copied, decryptor, to: "repo", mayBePointer }], limits);
    const names = new Map<string, string>();
    for (const [index, { name, text }] of values.entries()) {
      const path = `values/${index}.yaml`;
      names.set(path, name);
      await workspace.write(path, text);
    }
    if (helm.values !== undefined) {
      names.set("values/app.yaml", "source.helm.values");
      await workspace.write("values/app.yaml", jsonText(helm.values));
    }
    const valueFiles = [
      ...chart.valueFiles.map((path) => workspace.repositoryPath(path)),
      ...[...names.keys()].map((path) => workspace.path(path)),
    ];
    const args = helmArguments(input, workspace.repositoryPath(folder), valueFiles);
    const { code, output, stderr } = await this.#options.program.run(args, workspace, signal);
    const paths = new Set(files.map(({ path }) => path));
    const context = { chart: chart.chart.name, folder, paths };
    if (code !== 0) {
      const hasSecrets = decryptor.files.size > 0 || values.some(({ secret }) => secret);
      const fromValues = values.flatMap((one) => (one.secret ? textsIn(readChartValues(one)) : []));
      const secrets = hasSecrets ? new SecretTexts([...decryptor.secrets, ...fromValues]) : undefined;
      const problem = explainHelm(stderr, { ...context, workspace: workspace.folder, names, secrets });
      return { documents: [], notes: [], problems: [problem] };
    }
    const texts = splitHelmOutput(output, context);
    const { documents, problems, repeatsKeys } = await parseOutput(texts, limits, this.#options.parseElsewhere);
    const nothing = `the chart at ${JSON.stringify(folder || ".")} renders to no object`;
    // A template can put any value anywhere.
    const shown = decryptor.files.size > 0 ? documents.map((one) => ({ ...one, confidential: true })) : documents;
    const random = [...uses].flatMap(([path, use]) => (use.random ? [joinPath(folder, path)] : []));
    const notes = [...notesOf(folder, uses), ...repeatsKeys.map(repeatedKey)];
    return { documents: shown, notes, problems, random, nothing };
  }

  async #locate(asked: SourceInput): Promise<LocatedChart> {
    const input = await this.#withChart(asked);
    const { snapshot, place, source, limits } = input;
    const copied = new SnapshotFiles(snapshot);
    const folder = place.path;
    const located =
      place.entry.kind === "tree" ? await listSource(snapshot, place, { path: folder }, limits) : undefined;
    const files = (located?.files ?? []).filter(({ path }) => !/(^|\/)\.git(\/|$)/.test(path));
    for (const { path, blob, kind, fault } of files) {
      if (fault === undefined && (kind === "file" || kind === "executable")) copied.add(joinPath(folder, path), blob);
    }
    const problems: RenderProblem[] = [];
    const chart = await readChart(input, files, problems);
    for (const dependency of localDependencies(chart, files)) {
      await this.#copyDependency(input, folder, dependency, copied, problems);
    }
    const valuesFolder = asked.place.entry.kind === "tree" ? asked.place.path : parentOf(asked.place.path);
    const valueFiles = await findValueFiles(source.helm ?? {}, valuesFolder, copied, problems);
    problems.push(...(await dependencyVersions(chart, files, folder, copied)));
    const uses = await this.#inspector.inspect(files, snapshot);
    const readsFiles = [...uses.values()].some((use) => use.files);
    for (const { path, fault } of files) {
      const file = joinPath(folder, path);
      if (fault !== undefined && (readsFiles || !isOnlyForFiles(file, folder)))
        problems.push({ origin: { file, line: 1 }, message: fault });
    }
    return { folder, chart, files, copied, valueFiles, problems, uses };
  }

  /** The chart of a registry takes the place of the one at the path. */
  async #withChart(input: SourceInput): Promise<SourceInput> {
    const { chart } = input.source.helm ?? {};
    if (chart === undefined) return input;
    const { charts } = this.#options;
    if (charts === undefined)
      throw new UnsupportedSourceError("source.helm.chart: charts of registries are not pulled here");
    const files = await charts.open(chart, input.chartCredentials, input.limits, input.signal);
    const mount = `${chart.name}-${chart.version}.tgz`;
    const snapshot = new ChartSnapshot(input.snapshot, mount, files);
    const entry = await snapshot.treeAt(mount);
    return { ...input, snapshot, place: { wanted: mount, path: mount, entry: { id: entry?.id ?? "", kind: "tree" } } };
  }

  /** Helm looks for a dependency by `file://` in `charts/`, too: a copy is put there. */
  async #copyDependency(
    { snapshot, limits }: SourceInput,
    folder: RepositoryPath,
    { path, to, name }: { readonly path: string; readonly to: RepositoryPath; readonly name: string },
    copied: SnapshotFiles,
    problems: RenderProblem[],
  ): Promise<void> {
    const at = resolveTarget(joinPath(folder, "x"), path);
    const found = at === undefined ? undefined : await copied.find(at);
    const origin = { file: joinPath(folder, "Chart.yaml") };
    if (found?.kind !== "folder") {
      const why = found === undefined ? "leads out of the repository" : "is not the folder of a chart";
      problems.push({ origin, message: `the dependency ${name}: file://${path} ${why}` });
      return;
    }
    copied.note(found.path, found.tree);
    for (const file of await snapshot.listFiles(found.tree, limits)) {
      if (file.kind === "file" || file.kind === "executable")
        copied.add(joinPath(joinPath(folder, to), file.path), file.blob);
    }
  }
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
    problems.push(...("name" in lock ? lockProblems(lock, lockFile, files) : lock));
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

function repeatedKey(file: string): Note {
  return { origin: { file }, message: "renders a key twice in one object: the last value is used, as Helm does" };
}

/** What templates do that gives other results than people expect. */
function notesOf(folder: RepositoryPath, uses: ReadonlyMap<string, TemplateUse>): Note[] {
  return [...uses].flatMap(([path, { lookup, random }]) => {
    const origin = { file: joinPath(folder, path) };
    return [
      ...(lookup
        ? [
            {
              origin,
              message: "uses lookup, which finds nothing here: charts are rendered without access to the cluster",
            },
          ]
        : []),
      ...(random
        ? [
            {
              origin,
              message: "uses a random function or the time: whenever the inputs change, the result is another one",
            },
          ]
        : []),
    ];
  });
}
