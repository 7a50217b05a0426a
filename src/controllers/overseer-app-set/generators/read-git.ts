import type { GitFiles, GitFolders } from "../../../api/app-set-generators.js";
import type { GitRepository } from "../../../api/git-repository.js";
import { allowsNamespace } from "../../../api/namespaces.js";
import { canonicalJson } from "../../../base/hash.js";
import type { CommitSnapshot, GitEngine, TreeFile, TreeLimits } from "../../../git/engine.js";
import { compileExactGlobs, compileGlobs, fixedFolders } from "../../../render/glob.js";
import type { RevisionIndex } from "../../git-repository/revision-index.js";
import type { ResourceCache } from "../../resource-cache.js";
import { AppSetError, PendingError } from "../app-set-error.js";
import type { ParameterSet } from "../parameters.js";
import { MAX_APPS } from "./combine.js";
import { fileParameters } from "./git-files.js";
import { folderParameters } from "./git-folders.js";

/** What Git generators are read with. */
export interface GitReading {
  readonly engine: Pick<GitEngine, "open">;
  readonly index: Pick<RevisionIndex, "get">;
  readonly repositories: Pick<ResourceCache<GitRepository>, "get" | "follows">;
  readonly limits: TreeLimits;
}

/** Maximum size of all files of one generator in bytes. */
const MAX_TOTAL_BYTES = 16 * 1024 * 1024;

/** A generator that reads Git: folders or files. */
export type GitGenerator =
  | { readonly kind: "gitFolders"; readonly spec: GitFolders }
  | { readonly kind: "gitFiles"; readonly spec: GitFiles };

/** Results of generators by what they have read, so that a commit that changes nothing of it costs a few tree reads. */
export type GitCache = Map<string, readonly ParameterSet[]>;

/**
 * Reads the parameters of a generator from the revision of its repository. `used` receives the entry of the cache in use.
 *
 * @throws AppSetError if the repository or its content cannot be used, PendingError before its first poll.
 */
export async function readGit(
  reading: GitReading,
  { kind, spec }: GitGenerator,
  place: { readonly namespace: string; readonly field: string },
  cache: GitCache,
  used: GitCache,
): Promise<readonly ParameterSet[]> {
  const field = `${place.field}.${kind}`;
  const patterns = kind === "gitFolders" ? spec.folders : spec.files;
  const { snapshot, readsSubmodules } = await openSnapshot(reading, spec, place.namespace);
  const trees = await treesOf(snapshot, fixedFolders(field, patterns), field);
  const key = canonicalJson([kind, spec, field, readsSubmodules, trees.map(({ folder, id }) => [folder, id])]);
  const known = cache.get(key);
  const sets =
    known ?? (await readTrees(reading, { kind, spec } as GitGenerator, { snapshot, trees, field, readsSubmodules }));
  used.set(key, sets);
  return sets;
}

interface Opened {
  readonly snapshot: CommitSnapshot;
  /** Whether apps of the repository read its submodules as folders. */
  readonly readsSubmodules: boolean;
}

interface Tree {
  readonly folder: string;
  readonly id: string;
}

async function readTrees(
  { limits }: GitReading,
  { kind, spec }: GitGenerator,
  { snapshot, trees, field, readsSubmodules }: Opened & { readonly trees: readonly Tree[]; readonly field: string },
): Promise<readonly ParameterSet[]> {
  const files: TreeFile[] = [];
  for (const { folder, id } of trees) {
    const prefix = folder === "" ? "" : `${folder}/`;
    for (const file of await snapshot.listFiles(id, limits)) files.push({ ...file, path: `${prefix}${file.path}` });
  }
  if (kind === "gitFolders") return folderParameters(spec, files, field, readsSubmodules);
  const isWanted = compileExactGlobs(`${field}.files`, spec.files);
  const isExcluded = compileGlobs(`${field}.exclude`, spec.exclude ?? []);
  const wanted = files.filter(({ path }) => isWanted(path) && !isExcluded(path));
  if (wanted.length > MAX_APPS) {
    throw new AppSetError("GeneratorFailed", `${field} selects ${wanted.length} files, more than ${MAX_APPS}`);
  }
  const usable = wanted.map((file) => checked(file, field));
  await snapshot.prepare?.(usable.map(({ blob }) => blob));
  const sets: ParameterSet[] = [];
  let bytes = 0;
  for (const { path, blob } of usable) {
    const content = await snapshot.readBlob(blob);
    bytes += content.byteLength;
    if (bytes > MAX_TOTAL_BYTES) {
      const limit = MAX_TOTAL_BYTES / 1024 / 1024;
      throw new AppSetError("GeneratorFailed", `${field} selects more than ${limit} MiB of files: split the set`);
    }
    for (const one of fileParameters(content, path)) sets.push(one);
    if (sets.length > MAX_APPS) {
      throw new AppSetError("GeneratorFailed", `${field} would make more than ${MAX_APPS} apps: split the set`);
    }
  }
  return sets;
}

function checked(file: TreeFile, field: string): TreeFile {
  if (file.fault !== undefined) throw new AppSetError("GeneratorFailed", `${field}: ${file.fault}`);
  if (file.kind === "file" || file.kind === "executable") return file;
  const what = file.kind === "symlink" ? "symbolic link" : "submodule";
  throw new AppSetError("GeneratorFailed", `${field}: ${file.path} is a ${what}: exclude it, or replace it by a file`);
}

/** Returns the trees of folders. A folder that does not exist has none. */
async function treesOf(snapshot: CommitSnapshot, folders: readonly string[], field: string): Promise<Tree[]> {
  const trees: Tree[] = [];
  for (const folder of folders) {
    const entry = await snapshot.treeAt(folder);
    if (entry?.kind === "tree") trees.push({ folder, id: entry.id });
    if (entry?.kind === "submodule")
      throw new AppSetError(
        "GeneratorFailed",
        `${field}: ${folder} is a submodule, which is not read: correct the paths`,
      );
  }
  return trees;
}

async function openSnapshot(
  { engine, index, repositories }: GitReading,
  { repositoryRef, ref }: GitFolders | GitFiles,
  namespace: string,
): Promise<Opened> {
  const key = `${repositoryRef.namespace ?? namespace}/${repositoryRef.name}`;
  const [repositoryNamespace = ""] = key.split("/");
  const failed = (message: string): AppSetError =>
    new AppSetError("GeneratorFailed", `GitRepository ${key} ${message}`, "retryable");
  if (!repositories.follows(repositoryNamespace)) {
    throw failed(
      `is in a namespace that this installation or shard does not watch: add ${repositoryNamespace} to --watch-namespaces, or to the same group of --shards`,
    );
  }
  const repository = repositories.get(key);
  if (repository === undefined || repository.metadata.deletionTimestamp !== undefined)
    throw failed("does not exist: create it, or correct repositoryRef");
  if (!allowsNamespace(repository, namespace))
    throw failed(`does not allow namespace ${namespace}: add it to the repository's spec.allowedNamespaces`);
  const state = index.get(key, ref ?? repository.spec.ref);
  if (state?.resolved === undefined) {
    if (state?.error !== undefined) throw failed(`has no revision: ${state.error.message}`);
    const suspended = repository.spec.suspend ? " (it is suspended)" : "";
    throw new PendingError(`GitRepository ${key} has no revision yet${suspended}`);
  }
  const { resolved } = state;
  const snapshot = await engine.open(resolved.remote, resolved.commit);
  if (snapshot === undefined) throw new PendingError(`${resolved.revision} of GitRepository ${key} is being fetched`);
  return { snapshot, readsSubmodules: repository.spec.recurseSubmodules === true };
}
