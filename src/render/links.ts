import type { GitSnapshot, TreeEntry, TreeFile, TreeLimits } from "../git/engine.js";
import { isGitError } from "../git/errors.js";
import { RenderError } from "./render-error.js";
import { joinPath, parentOf, type RepositoryPath, resolveTarget } from "./repository-path.js";

/** A file of a source; what a symbolic link leads to stands at the path of the link. */
export interface SourceFile extends TreeFile {
  /** Where the file is in the repository, if a link leads to it. */
  readonly linked?: RepositoryPath;
  /** True for a link that may stand for manifests which cannot be read: an error of the source, whatever the name of the link. */
  readonly blocking?: boolean;
  /** True for a link behind which manifests may have been in an earlier commit: it is unknown whether their objects are still desired. */
  readonly unread?: boolean;
}

/** Where a path leads once the links on the way are followed. */
export type ResolvedPath =
  | { readonly kind: "found"; readonly path: RepositoryPath; readonly entry: TreeEntry }
  | { readonly kind: "missing"; readonly path: RepositoryPath }
  | { readonly kind: "fault"; readonly message: string; readonly cause: LinkFault };

/** Why a link is not followed: a path of a machine, a path above the root of the repository, or no end. */
type LinkFault = "absolute" | "outside" | "endless";

/** A symbolic link in Git holds a path; a longer one is none. */
const MAX_TARGET = 4096;
/** Links over which one path leads. */
const MAX_HOPS = 8;
/** Links within folders that links lead to. */
const MAX_DEPTH = 4;
/** Links of one source that are followed. */
const MAX_LINKS = 1000;

/** Follows the symbolic links on the way to `path`, within the repository only: Git content is not to be trusted. */
export async function resolvePath(snapshot: GitSnapshot, path: RepositoryPath): Promise<ResolvedPath> {
  let at = path;
  for (let hop = 0; hop <= MAX_HOPS; hop++) {
    const entry = await snapshot.treeAt(at);
    if (entry !== undefined && entry.kind !== "symlink") return { kind: "found", path: at, entry };
    const link = await firstLink(snapshot, at);
    if (link === undefined) return { kind: "missing", path: at };
    const bytes = await snapshot.readBlob(link.id);
    const text = bytes.length > MAX_TARGET ? "" : new TextDecoder().decode(bytes);
    const target = text === "" ? undefined : resolveTarget(link.path, text);
    if (target === undefined) {
      const cause = text.startsWith("/") ? "absolute" : "outside";
      return { kind: "fault", message: `leads out of the repository, to ${JSON.stringify(text)}`, cause };
    }
    at = joinPath(target, at.slice(link.path.length + 1)).replace(/\/$/, "");
  }
  return { kind: "fault", message: `leads over more than ${MAX_HOPS} others, or to itself`, cause: "endless" };
}

/** The link that comes first on the way to a path. */
async function firstLink(
  snapshot: GitSnapshot,
  path: RepositoryPath,
): Promise<{ readonly path: RepositoryPath; readonly id: string } | undefined> {
  const names = path.split("/");
  for (let length = 1; length <= names.length; length++) {
    const prefix = names.slice(0, length).join("/");
    const entry = await snapshot.treeAt(prefix);
    if (entry?.kind === "symlink") return { path: prefix, id: entry.id };
    if (entry?.kind !== "tree") return undefined;
  }
  return undefined;
}

/** How links are followed. */
export interface FollowOptions {
  readonly snapshot: GitSnapshot;
  readonly limits: TreeLimits;
  /** Whether the source excludes a path and everything below it: no link there is followed. */
  readonly isLeftOut: (path: string) => boolean;
}

/**
 * The files of a folder of the repository with those that its symbolic links lead to, sorted by path. A link that cannot be
 * followed stays, with what is wrong with it.
 *
 * @throws RenderError when the links lead to more files than a source may have.
 */
export async function followLinks(
  folder: RepositoryPath,
  files: readonly TreeFile[],
  options: FollowOptions,
): Promise<readonly SourceFile[]> {
  if (!files.some(({ kind }) => kind === "symlink")) return files;
  const follower = new Follower(options);
  await follower.add({ real: folder, prefix: "", ways: [] }, files);
  return follower.found.sort((a, b) => (a.path < b.path ? -1 : Number(a.path > b.path)));
}

/** A folder whose files are being added. */
interface Place {
  /** In the repository. */
  readonly real: RepositoryPath;
  /** Before the paths of its files in the source. */
  readonly prefix: string;
  /** Folders of the links that led here. */
  readonly ways: readonly RepositoryPath[];
}

class Follower {
  readonly found: SourceFile[] = [];
  readonly #options: FollowOptions;
  #links = 0;

  constructor(options: FollowOptions) {
    this.#options = options;
  }

  async add(place: Place, files: readonly TreeFile[]): Promise<void> {
    for (const file of files) {
      const path = place.prefix + file.path;
      const real = joinPath(place.real, file.path);
      if (file.kind === "symlink" && !this.#options.isLeftOut(path)) await this.#follow({ ...file, path }, real, place);
      else this.#push({ ...file, path, ...(place.ways.length === 0 ? {} : { linked: real }) }, real);
    }
  }

  async #follow(link: TreeFile, real: RepositoryPath, place: Place): Promise<void> {
    const { snapshot, limits } = this.#options;
    if (++this.#links > MAX_LINKS) throw tooMany(real, `more than ${MAX_LINKS} symbolic links`);
    const end = await this.#resolve(real);
    const folderLike = !hasFileExtension(link.path);
    if (end.kind === "fault") {
      // An absolute path names a file of a machine: nothing of the repository was ever behind it.
      const effect = { blocking: end.cause === "outside" && folderLike, unread: end.cause === "endless" && folderLike };
      this.#fault(link, real, end.message, effect);
    } else if (end.kind === "missing") {
      this.#fault(link, real, `leads to ${JSON.stringify(end.path)}, which does not exist`, { unread: folderLike });
    } else if (end.entry.kind === "submodule") {
      const fault = `leads to the submodule ${JSON.stringify(end.path)}, which is not read`;
      this.#fault(link, real, fault, { unread: folderLike });
    } else if (end.entry.kind !== "tree") {
      this.#push({ path: link.path, blob: end.entry.id, kind: "file", linked: end.path }, real);
    } else {
      const ways = [...place.ways, parentOf(real)];
      if (ways.some((way) => holds(end.path, way))) {
        this.#fault(link, real, `leads to ${JSON.stringify(end.path || ".")}, a folder that it is in`, {});
      } else if (ways.length > MAX_DEPTH) {
        this.#fault(link, real, `is within the folders of ${MAX_DEPTH} other links`, { blocking: true });
      } else {
        const below = await snapshot.listFiles(end.entry.id, limits);
        await this.add({ real: end.path, prefix: `${link.path}/`, ways }, below);
      }
    }
  }

  async #resolve(link: RepositoryPath): Promise<ResolvedPath> {
    try {
      return await resolvePath(this.#options.snapshot, link);
    } catch (error) {
      if (!isGitError(error, "GIT_PATH_UNSAFE")) throw error;
      return { kind: "fault", message: "leads to a name that cannot be used", cause: "outside" };
    }
  }

  #fault(link: TreeFile, real: RepositoryPath, fault: string, effect: Pick<SourceFile, "blocking" | "unread">): void {
    this.#push({ ...link, fault: `the symbolic link ${fault}`, ...effect }, real);
  }

  #push(file: SourceFile, real: RepositoryPath): void {
    const { maxFiles } = this.#options.limits;
    if (this.found.length >= maxFiles) throw tooMany(real, `more than ${maxFiles} files`);
    this.found.push(file);
  }
}

/** Extensions of files that hold no manifests. A name with another (`shop.example.com`, `conf.d`) may be that of a folder. */
const FILE_EXTENSIONS: ReadonlySet<string> = new Set(
  (
    "7z adoc apk bash bat bz2 c cc cer cfg cjs cmd conf cpp crt css csv cue deb diff exe gif go gradle graphql gz h hcl html " +
    "ico ini ipynb j2 jar java jpeg jpg js jsonnet jsx key kt libsonnet lock log markdown md mdx mjs mk mod mount mp3 mp4 " +
    "patch pdf pem php pl png properties proto ps1 pub py rb rpm rs rst service sh so socket sql sum svg tar tf tfvars tgz " +
    "timer tmpl toml tpl ts tsv tsx ttf txt war wasm webp woff woff2 xml xz zip zsh zst"
  ).split(" "),
);

/** Whether a name can only be that of a file which holds no manifests. */
function hasFileExtension(path: string): boolean {
  const extension = /[^/]\.([A-Za-z0-9]+)$/.exec(path)?.[1];
  return extension !== undefined && FILE_EXTENSIONS.has(extension.toLowerCase());
}

/** Whether `folder` is `path`, or a folder above it. */
function holds(folder: RepositoryPath, path: RepositoryPath): boolean {
  return folder === "" || folder === path || path.startsWith(`${folder}/`);
}

function tooMany(file: RepositoryPath, what: string): RenderError {
  const message = `with what its symbolic links lead to, the source has ${what}: leave links out with source.exclude`;
  return new RenderError([{ origin: { file, line: 1 }, message }]);
}
