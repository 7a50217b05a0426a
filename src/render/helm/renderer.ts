import { hmacSha256, jsonText } from "../../base/hash.js";
import { SecretTexts, textsIn } from "../mask-texts.js";
import { parseOutput } from "../parse-output.js";
import type { ParseFiles } from "../parser.js";
import type { RenderProgram } from "../programs.js";
import { digestOfReads } from "../reads.js";
import { UnsupportedSourceError } from "../render-error.js";
import type { DeclaredInputs, Renderer, RendererOutput, SourceInput } from "../renderer.js";
import type { RepositoryPath } from "../repository-path.js";
import { Workspace } from "../workspace.js";
import { helmArguments } from "./arguments.js";
import { isOnlyForFiles } from "./dependency-versions.js";
import { explainHelm } from "./explain.js";
import { ChartLocator, type LocatedChart } from "./locate-chart.js";
import { notesOf, repeatedKey } from "./notes.js";
import { splitHelmOutput } from "./output.js";
import type { ChartRegistry } from "./registry/chart-registry.js";
import { readChartValues } from "./values.js";

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
  readonly version = 3;
  readonly keepsResults = true;
  readonly #options: HelmRendererOptions;
  readonly #locator: ChartLocator;

  constructor(options: HelmRendererOptions) {
    this.#options = options;
    this.#locator = new ChartLocator(options.charts);
  }

  /** The chart's files, its values from wherever they come, and what of the cluster its templates ask for. */
  async declare(input: SourceInput): Promise<DeclaredInputs> {
    const { folder, copied, files, uses, chart } = await this.#locator.locate(input);
    const { source, name, cluster, values } = input;
    const { helm = {} } = source;
    const asksCluster = chart.kubeVersion !== "" || uses.some(({ capabilities }) => capabilities);
    const digest = values.length === 0 ? undefined : hmacSha256(this.#options.digestKey, JSON.stringify(values), 32);
    const content = {
      renderer: "helm",
      reads: digestOfReads(copied.reads),
      files: files.map(({ path, blob, kind, fault = "" }) => [path, blob, kind, fault]),
      settings: helm,
      name,
      ...(digest === undefined ? {} : { values: digest }),
    };
    const environment = {
      program: (await this.#options.program.version()) ?? "none",
      ...(asksCluster ? { cluster: cluster() } : {}),
    };
    // Files behind links are resolved again in each commit.
    const hasLinks = files.some(({ linked, kind }) => linked !== undefined || kind === "symlink");
    if (hasLinks) return { content, environment, asksCluster };
    // A version of a chart in a registry never changes, so only the files of the commit are compared.
    if (helm.chart !== undefined) {
      const reads = new Map([...copied.reads].filter(([path]) => !path.startsWith(`${folder}/`)));
      return { content, environment, asksCluster, reads };
    }
    const { path, entry } = input.place;
    return { content, environment, asksCluster, reads: new Map([...copied.reads, [path, entry.id]]) };
  }

  async render(input: SourceInput): Promise<RendererOutput> {
    if (input.target !== "kubernetes") {
      throw new UnsupportedSourceError("Helm sources are for clusters: a Core takes plain documents of overseer.io");
    }
    const chart = await this.#locator.locate(input);
    if (chart.problems.length > 0) return { documents: [], notes: [], problems: chart.problems };
    const isSecret = input.decryptor.isActive || input.values.some(({ secret }) => secret);
    return Workspace.use((workspace) => this.#template(input, chart, workspace), isSecret);
  }

  async #template(input: SourceInput, chart: LocatedChart, workspace: Workspace): Promise<RendererOutput> {
    const { folder, copied, files, uses, placeOf } = chart;
    const { limits, signal, source, values, decryptor } = input;
    const { helm = {} } = source;
    const readsFiles = uses.some((use) => use.files);
    const below = folder === "" ? "" : `${folder}/`;
    const mayBePointer = (path: RepositoryPath): boolean =>
      !readsFiles &&
      !chart.valueFiles.includes(path) &&
      path.startsWith(below) &&
      isOnlyForFiles(path.slice(below.length));
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
    const validates = !uses.some(({ unvalidated }) => unvalidated !== undefined);
    const args = helmArguments(input, workspace.repositoryPath(folder), valueFiles, validates);
    const { code, output, stderr } = await this.#options.program.run(args, workspace, signal);
    const paths = new Set(files.map(({ path }) => path));
    const aliases = new Map(
      chart.chart.dependencies.flatMap(({ alias, name }) => (alias === "" ? [] : [[alias, name] as const])),
    );
    const context = { chart: chart.chart.name, folder, paths, aliases, placeOf };
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
    const random = uses.flatMap(({ random: isRandom, file }) => (isRandom && file !== undefined ? [file] : []));
    const notes = [...notesOf(uses), ...repeatsKeys.map(repeatedKey)];
    return { documents: shown, notes, problems, random, nothing };
  }
}
