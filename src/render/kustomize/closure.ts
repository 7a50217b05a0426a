import { TimeSlice } from "../../git/pack/time-slice.js";
import { ManifestError } from "../../manifest/manifest-error.js";
import { FieldLines } from "../../manifest/yaml/field-lines.js";
import { readValue } from "../../manifest/yaml/read-value.js";
import { splitDocuments } from "../../manifest/yaml/split.js";
import { KUBERNETES_SCHEMA } from "../../manifest/yaml/yaml-schema.js";
import { ENCRYPTED_PREFIX } from "../../secrets/sops/encrypted-value.js";
import { MARKERS } from "../detect.js";
import type { OpenRemoteBase } from "../remote-base.js";
import type { RenderProblem } from "../render-error.js";
import { joinPath, type RepositoryPath, resolveTarget } from "../repository-path.js";
import { type Found, relativePath, SnapshotFiles } from "../snapshot-files.js";
import { type GeneratedResources, type GenerateOptions, resourcesBelow } from "./generate.js";
import { type NamedPath, namedPaths, parseKustomization, pluginPaths, withValue } from "./kustomization-fields.js";
import { refusedFields } from "./refused-fields.js";
import { isAddress, isRemote } from "./remote-address.js";
import { type ClosureRoot, type FollowedBase, RemoteBases } from "./remote-bases.js";

/** File names of a kustomization, in the order in which Kustomize looks for them. */
const NAMES = [...MARKERS].flatMap(([name, kind]) => (kind === "kustomize" ? [name] : []));

/** Kustomizations of one source. */
const MAX_KUSTOMIZATIONS = 1000;

/** Problems of one source that are reported: each needs the line of a field. */
const MAX_PROBLEMS = 50;

/** Where a field of a kustomization stands. */
interface Place {
  readonly root: ClosureRoot;
  readonly folder: RepositoryPath;
  readonly file: RepositoryPath;
  /** Lines of its fields. */
  readonly lines: FieldLines;
  readonly at: readonly (string | number)[];
  /** Whether the result configures generators, transformers or validators. */
  readonly forPlugins: boolean;
}

/** A kustomization that was read. */
interface Kustomization {
  readonly value: Readonly<Record<string, unknown>>;
  readonly file: RepositoryPath;
}

/** The configuration of generators, transformers or validators. */
interface PluginFile {
  readonly path: RepositoryPath;
  readonly text: string;
}

/** A file of another repository. */
interface RemoteFile {
  readonly root: FollowedBase;
  readonly path: RepositoryPath;
  readonly blob: string;
  /** Its folder in the workspace. */
  readonly copy: string;
}

/** What a closure begins with. */
export interface ClosureOptions {
  /** Folders of components that the app adds. */
  readonly components?: readonly string[] | undefined;
  /** Opens remote bases; undefined where none are fetched. */
  readonly openRemoteBase?: OpenRemoteBase | undefined;
  /** Whether the source allows remote bases. */
  readonly allowRemoteBases?: boolean | undefined;
  /** Generates a kustomization where there is none; undefined if that is an error. */
  readonly generate?: GenerateOptions | undefined;
}

/** All that a kustomization reads, found by following what it names. */
export class KustomizeClosure {
  readonly problems: RenderProblem[] = [];
  /** The kustomization at the path of the source, as it was read; undefined if it cannot be. */
  top: Readonly<Record<string, unknown>> | undefined;
  /** Its file. */
  file: RepositoryPath | undefined;
  /** Kustomizations that were read, by their folder as messages name it. */
  readonly texts = new Map<string, { readonly file: string; readonly text: string }>();
  /** What the kustomization was generated from, if it was. */
  generated: GeneratedResources | undefined;
  /** Whether values of Secrets may be quoted by errors. */
  makesSecrets = false;
  /** Kustomizations with remote bases as the child has to read them, with local folders: by path in the workspace. */
  readonly rewritten = new Map<string, Readonly<Record<string, unknown>>>();
  /** Files of other repositories that kustomizations name as resources. */
  readonly remoteFiles: RemoteFile[] = [];
  readonly #own: ClosureRoot;
  readonly #bases: RemoteBases;
  readonly #visited = new Set<string>();
  readonly #slice = new TimeSlice();

  private constructor(files: SnapshotFiles, options: ClosureOptions) {
    this.#own = { files, copy: "repo", label: "", depth: 0 };
    this.#bases = new RemoteBases(options.allowRemoteBases === true, options.openRemoteBase);
  }

  /** Follows all that the kustomization in a folder names, and the components that the app adds. */
  static async of(
    snapshot: SnapshotFiles["snapshot"],
    folder: RepositoryPath,
    options: ClosureOptions = {},
  ): Promise<KustomizeClosure> {
    const closure = new KustomizeClosure(new SnapshotFiles(snapshot), options);
    const own = closure.#own;
    const found = (await closure.#visit(own, folder)) ?? (await closure.#generate(folder, options.generate));
    closure.top = found?.value;
    closure.file = found?.file;
    for (const path of options.components ?? []) {
      const what = `source.kustomize.components: ${JSON.stringify(path)}`;
      const to = inFolder(folder, path);
      const component = to === undefined ? undefined : await closure.files.find(to);
      if (component?.kind === "folder") await closure.#visit(own, component.path);
      else closure.problems.push({ message: `${what} ${reasonOf(component)}` });
    }
    return closure;
  }

  /** Files of the app's own repository. */
  get files(): SnapshotFiles {
    return this.#own.files;
  }

  /** The repositories of remote bases, each once per commit. */
  get bases(): readonly FollowedBase[] {
    return this.#bases.followed;
  }

  /** Reads the kustomization of a folder and follows it; undefined where there is none, or none that can be read. */
  async #visit(root: ClosureRoot, folder: RepositoryPath, forPlugins = false): Promise<Kustomization | undefined> {
    const key = `${forPlugins ? "plugins " : ""}${root.copy}/${folder}`;
    if (this.#visited.has(key)) return undefined;
    if (this.#visited.size >= MAX_KUSTOMIZATIONS) {
      this.problems.push({ message: `the source has more than ${MAX_KUSTOMIZATIONS} kustomizations` });
      return undefined;
    }
    this.#visited.add(key);
    const present: Extract<Found, { kind: "file" }>[] = [];
    for (const name of NAMES) {
      const found = await root.files.find(joinPath(folder, name));
      if (found.kind === "file") present.push(found);
    }
    const [first] = present;
    if (first === undefined) return undefined;
    const text = await root.files.read(first.path, first.blob);
    this.texts.set(root.label + folder, { file: root.label + first.path, text });
    const value = parseKustomization(`${root.label}${first.path}`, text, this.problems);
    if (value === undefined) return undefined;
    const lines = new FieldLines(text);
    await this.#follow(value, { root, folder, file: first.path, lines, at: [], forPlugins });
    return { value, file: first.path };
  }

  async #generate(folder: RepositoryPath, options: GenerateOptions | undefined): Promise<Kustomization | undefined> {
    if (options === undefined || hasKustomization(this.#own, folder)) return undefined;
    this.generated = await resourcesBelow(this.files, folder, options);
    const { resources } = this.generated;
    const place = JSON.stringify(folder || ".");
    if (resources.length === 0) {
      const message = `source.kustomize.generate: no file at source.path ${place} ends in .yaml or .yml`;
      this.problems.push({ message });
      return undefined;
    }
    const value = { apiVersion: "kustomize.config.k8s.io/v1beta1", kind: "Kustomization", resources };
    const file = joinPath(folder, "kustomization.yaml");
    const lines = new FieldLines("");
    await this.#follow(value, { root: this.#own, folder, file: folder || ".", lines, at: [], forPlugins: false });
    this.rewritten.set(`${this.#own.copy}/${file}`, value);
    return { value, file };
  }

  async #follow(value: Readonly<Record<string, unknown>>, place: Place): Promise<void> {
    for (const { at, message } of refusedFields(value, place.forPlugins)) this.#report({ ...place, at }, message);
    if (value.secretGenerator !== undefined) this.makesSecrets = true;
    for (const { path, at, as } of namedPaths(value)) {
      if (this.problems.length > MAX_PROBLEMS) return;
      if (this.#slice.due) await this.#slice.pause();
      await this.#take({ path, at, as: as === "root" && place.forPlugins ? "plugin" : as }, { ...place, at }, value);
    }
  }

  async #take({ path, as }: NamedPath, place: Place, value: Readonly<Record<string, unknown>>): Promise<void> {
    const { root, folder, file } = place;
    if (as === "inline") return this.#plugin(folder, { path: file, text: path }, place);
    const to = isAddress(path) || path.includes("?") ? undefined : inFolder(folder, path);
    const found = to === undefined ? undefined : await root.files.find(to);
    const shown = JSON.stringify(path.slice(0, 300));
    if (found === undefined || found.kind === "missing") {
      if (isRemote(path)) await this.#takeRemote(path, as, place, value);
      else this.#report(place, `${shown} ${reasonOf(found)}`);
    } else if (found.kind === "fault") this.#report(place, found.message);
    else if (found.kind === "folder") {
      if (as === "file") this.#report(place, `${shown} is a folder; a file is expected`);
      else await this.#takeFolder(root, found.path, shown, place, as === "plugin");
    } else if (as === "folder") this.#report(place, `${shown} is a file; the folder of a kustomization is expected`);
    else if (as === "plugin") {
      await this.#plugin(folder, { path: found.path, text: await root.files.read(found.path, found.blob) }, place);
    }
  }

  async #takeFolder(
    root: ClosureRoot,
    folder: RepositoryPath,
    shown: string,
    place: Place,
    forPlugins = place.forPlugins,
  ): Promise<void> {
    if ((await this.#visit(root, folder, forPlugins)) === undefined && !hasKustomization(root, folder))
      this.#report(place, `${shown} is a folder without a kustomization.yaml: add one that lists its files`);
  }

  /** Follows a base in another repository, and has the child read it from a folder. */
  async #takeRemote(
    path: string,
    as: NamedPath["as"],
    place: Place,
    value: Readonly<Record<string, unknown>>,
  ): Promise<void> {
    const { root, folder, file, at } = place;
    const base = await this.#bases.open(path, as, root, `${root.label}${file}:${lineOf(place)}`);
    if ("refused" in base) return this.#report(place, base.refused);
    const shown = JSON.stringify(path.slice(0, 300));
    const found = await base.root.files.find(base.path);
    const refuse = (reason: string): void =>
      this.#report(place, `${shown}: ${JSON.stringify(`${base.root.label}${base.path}`)} ${reason}`);
    let copy: string;
    if (base.isFile) {
      if (found.kind !== "file")
        return refuse(found.kind === "folder" ? "is a folder; a file is expected" : reasonOf(found));
      copy = this.#takeFile(base.root, found);
    } else {
      if (found.kind === "file") return refuse("is a file; the folder of a kustomization is expected");
      if (found.kind !== "folder") return refuse(reasonOf(found));
      await this.#takeFolder(base.root, found.path, shown, place);
      copy = copyOf(base.root, found.path);
    }
    const name = `${root.copy}/${file}`;
    const local = relativePath(copyOf(root, folder), copy);
    this.rewritten.set(name, withValue(this.rewritten.get(name) ?? value, at, local));
  }

  /** Gives a file of another repository a folder with a kustomization, since Kustomize reads files only below the one that names them. */
  #takeFile(root: FollowedBase, { path, blob }: Extract<Found, { kind: "file" }>): string {
    const copy = `files/${this.remoteFiles.length}`;
    this.remoteFiles.push({ root, path, blob, copy });
    return copy;
  }

  /** Configurations of generators and transformers may name files: those that exist are copied as well. */
  async #plugin(folder: RepositoryPath, { path: file, text }: PluginFile, place: Place): Promise<void> {
    const { files } = place.root;
    let paths: string[] = [];
    try {
      paths = splitDocuments(text).flatMap((chunk) => pluginPaths(readValue(chunk.text, file, KUBERNETES_SCHEMA)));
    } catch (error) {
      if (!(error instanceof ManifestError)) throw error;
      // What Kustomize alone can read may name anything.
      for (const { message } of error.problems) this.#report(place, `${JSON.stringify(file)}: ${message}`);
    }
    for (const path of paths) {
      if (this.#slice.due) await this.#slice.pause();
      const to = isRemote(path) || path.startsWith(ENCRYPTED_PREFIX) ? undefined : inFolder(folder, path);
      const shown = JSON.stringify(path.slice(0, 300));
      if (to !== undefined) await files.find(to);
      else this.#report(place, `${JSON.stringify(file)} names ${shown}, which is not in this repository`);
    }
  }

  #report(place: Place, message: string): void {
    if (this.problems.length > MAX_PROBLEMS) return;
    const file = `${place.root.label}${place.file}`;
    this.problems.push({ origin: { file, line: lineOf(place) }, message });
  }
}

/** Where a folder is in the workspace. */
function copyOf({ copy }: ClosureRoot, folder: RepositoryPath): string {
  return folder === "" ? copy : joinPath(copy, folder);
}

function lineOf({ lines, at }: Place): number {
  return lines.lineOf(1, at);
}

function hasKustomization({ files }: ClosureRoot, folder: RepositoryPath): boolean {
  return NAMES.some((name) => files.files.has(joinPath(folder, name)));
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
