import { ManifestError } from "../../manifest/manifest-error.js";
import { isRecord } from "../../manifest/shape.js";
import { FieldLines } from "../../manifest/yaml/field-lines.js";
import { readValue } from "../../manifest/yaml/read-value.js";
import { splitDocuments } from "../../manifest/yaml/split.js";
import { KUBERNETES_SCHEMA } from "../../manifest/yaml/yaml-schema.js";
import { MARKERS } from "../detect.js";
import { fromManifestProblem, type RenderProblem } from "../render-error.js";
import { joinPath, parentOf, type RepositoryPath, resolveTarget } from "../repository-path.js";
import { type Found, SnapshotFiles } from "../snapshot-files.js";
import { isRemote, type NamedPath, namedPaths, pluginPaths } from "./kustomization-fields.js";

/** File names of a kustomization, in the order in which Kustomize looks for them. */
const NAMES = [...MARKERS].flatMap(([name, kind]) => (kind === "kustomize" ? [name] : []));

/** Kustomizations of one source. */
const MAX_KUSTOMIZATIONS = 1000;

/** Fields by which Kustomize starts other programs or reads from the network. */
const REFUSED: Readonly<Record<string, string>> = {
  helmCharts: "charts are not rendered by Kustomize here: give the chart an app of its own with source.helm",
  helmChartInflationGenerator:
    "charts are not rendered by Kustomize here: give the chart an app of its own with source.helm",
};

/** Where a field of a kustomization stands. */
interface Place {
  readonly file: RepositoryPath;
  readonly text: string;
  readonly at: readonly (string | number)[];
}

/** All that a kustomization reads, found by following what it names. */
export class KustomizeClosure {
  readonly files: SnapshotFiles;
  readonly problems: RenderProblem[] = [];
  /** The kustomization at the path of the source, as it was read; undefined if it cannot be. */
  top: Readonly<Record<string, unknown>> | undefined;
  /** Its file. */
  file: RepositoryPath | undefined;
  /** Whether values of Secrets may be quoted by errors. */
  makesSecrets = false;
  readonly #visited = new Set<RepositoryPath>();

  constructor(files: SnapshotFiles) {
    this.files = files;
  }

  /** Follows all that the kustomization in a folder names, and the components that the app adds. */
  static async of(
    snapshot: SnapshotFiles["snapshot"],
    folder: RepositoryPath,
    components: readonly string[] = [],
  ): Promise<KustomizeClosure> {
    const closure = new KustomizeClosure(new SnapshotFiles(snapshot));
    const found = await closure.#visit(folder);
    closure.top = found?.value;
    closure.file = found?.file;
    for (const path of components) {
      const what = `source.kustomize.components: ${JSON.stringify(path)}`;
      const to = inFolder(folder, path);
      const component = to === undefined ? undefined : await closure.files.find(to);
      if (component?.kind === "folder") await closure.#visit(component.path);
      else closure.problems.push({ message: `${what} ${reasonOf(component)}` });
    }
    return closure;
  }

  /** Reads the kustomization of a folder and follows it; undefined where there is none, or none that can be read. */
  async #visit(
    folder: RepositoryPath,
  ): Promise<{ value: Readonly<Record<string, unknown>>; file: RepositoryPath } | undefined> {
    if (this.#visited.has(folder)) return undefined;
    if (this.#visited.size >= MAX_KUSTOMIZATIONS) {
      this.problems.push({ message: `the source has more than ${MAX_KUSTOMIZATIONS} kustomizations` });
      return undefined;
    }
    this.#visited.add(folder);
    const present: Extract<Found, { kind: "file" }>[] = [];
    for (const name of NAMES) {
      const found = await this.files.find(joinPath(folder, name));
      if (found.kind === "file") present.push(found);
    }
    const [first] = present;
    if (first === undefined) return undefined;
    const text = await this.files.read(first.path, first.blob);
    const value = this.#parse(first.path, text);
    if (value === undefined) return undefined;
    await this.#follow(folder, value, { file: first.path, text, at: [] });
    return { value, file: first.path };
  }

  #parse(file: RepositoryPath, text: string): Readonly<Record<string, unknown>> | undefined {
    try {
      const value = readValue(text, file, KUBERNETES_SCHEMA);
      if (isRecord(value)) {
        if (!isRecord(value.sops)) return value;
        const message = "a kustomization must not be encrypted: encrypt the files that it names instead";
        this.problems.push({ origin: { file, line: 1 }, message });
        return undefined;
      }
      this.problems.push({ origin: { file, line: 1 }, message: "the kustomization is empty: list its resources" });
    } catch (error) {
      if (!(error instanceof ManifestError)) throw error;
      this.problems.push(...error.problems.map(fromManifestProblem));
    }
    return undefined;
  }

  async #follow(folder: RepositoryPath, value: Readonly<Record<string, unknown>>, place: Place): Promise<void> {
    for (const [field, message] of Object.entries(REFUSED)) {
      if (value[field] !== undefined) this.#report({ ...place, at: [field] }, `${field}: ${message}`);
    }
    if (value.secretGenerator !== undefined) this.makesSecrets = true;
    for (const named of namedPaths(value)) {
      await this.#take(folder, named, { ...place, at: named.at });
    }
  }

  async #take(folder: RepositoryPath, { path, as }: NamedPath, place: Place): Promise<void> {
    const to = inFolder(folder, path);
    const found = to === undefined || path.includes("?") ? undefined : await this.files.find(to);
    const shown = JSON.stringify(path.slice(0, 300));
    if (found === undefined || found.kind === "missing") {
      const what = isRemote(path)
        ? `${shown} is not in this repository, and remote files are not fetched: commit a copy of what it names, and refer to that`
        : `${shown} ${reasonOf(found)}`;
      this.#report(place, what);
    } else if (found.kind === "fault") this.#report(place, found.message);
    else if (found.kind === "folder") {
      if (as === "file") this.#report(place, `${shown} is a folder; a file is expected`);
      else if ((await this.#visit(found.path)) === undefined && !this.#hasKustomization(found.path))
        this.#report(place, `${shown} is a folder without a kustomization.yaml: add one that lists its files`);
    } else if (as === "folder") this.#report(place, `${shown} is a file; the folder of a kustomization is expected`);
    else if (as === "plugin") await this.#plugin(folder, found, place);
  }

  /** Configurations of generators and transformers may name files: those that exist are copied as well. */
  async #plugin(folder: RepositoryPath, found: Extract<Found, { kind: "file" }>, place: Place): Promise<void> {
    const text = await this.files.read(found.path, found.blob);
    let paths: string[] = [];
    try {
      paths = splitDocuments(text).flatMap((chunk) =>
        pluginPaths(readValue(chunk.text, found.path, KUBERNETES_SCHEMA)),
      );
    } catch (error) {
      // Kustomize says what is wrong with it.
      if (!(error instanceof ManifestError)) throw error;
    }
    for (const path of paths) {
      const to = inFolder(folder, path);
      if (to !== undefined && !isRemote(path)) await this.files.find(to);
      else
        this.#report(
          place,
          `${JSON.stringify(found.path)} names ${JSON.stringify(path.slice(0, 300))}, which is not in this repository`,
        );
    }
  }

  #hasKustomization(folder: RepositoryPath): boolean {
    return NAMES.some((name) => this.files.files.has(joinPath(folder, name)));
  }

  #report({ file, text, at }: Place, message: string): void {
    const line = new FieldLines(text).lineOf(1, at);
    this.problems.push({ origin: { file, line }, message });
  }
}

/** The path that a kustomization in `folder` means; undefined if it leaves the repository. */
function inFolder(folder: RepositoryPath, path: string): RepositoryPath | undefined {
  return resolveTarget(joinPath(folder, "x"), path);
}

function reasonOf(found: Found | undefined): string {
  if (found === undefined) return "leads out of the repository";
  if (found.kind === "fault") return found.message;
  return found.kind === "missing" ? "does not exist" : "is not the folder of a component";
}

/** The folder of the kustomization that an app's path names: the path itself, or the folder of that file. */
export function folderOf(path: RepositoryPath, kind: "tree" | "file"): RepositoryPath {
  return kind === "tree" ? path : parentOf(path);
}
