import type { OpenRemoteBase } from "../remote-base.js";
import type { RepositoryPath } from "../repository-path.js";
import { SnapshotFiles } from "../snapshot-files.js";
import type { NamedPath } from "./kustomization-fields.js";
import { parseRemoteBase } from "./remote-address.js";
import { parseRemoteFile } from "./remote-file.js";

/** Commits of other repositories that one source may read. */
const MAX_BASES = 20;
/** How deep remote bases may be nested. */
const MAX_DEPTH = 4;

/** A repository at a commit that kustomizations are read from. No path and no link leads out of it. */
export interface ClosureRoot {
  readonly files: SnapshotFiles;
  /** Its folder in the workspace. */
  readonly copy: string;
  /** What its paths begin with in messages; empty for the app's own. */
  readonly label: string;
  /** Number of remote bases that led to it. */
  readonly depth: number;
}

/** The repository of remote bases, at one commit. */
export interface FollowedBase extends ClosureRoot {
  readonly repository: string;
  readonly commit: string;
}

/** What an address names in an opened repository. */
interface OpenedAddress {
  readonly root: FollowedBase;
  readonly path: RepositoryPath;
  /** Whether it is the address of a file; otherwise of a folder. */
  readonly isFile: boolean;
}

/** The repositories of the remote bases of one source. */
export class RemoteBases {
  readonly #isAllowed: boolean;
  readonly #open: OpenRemoteBase | undefined;
  readonly #followed = new Map<string, FollowedBase>();
  /** Repositories with the ref that was asked for, opened or not. */
  readonly #asked = new Set<string>();

  constructor(isAllowed: boolean, open: OpenRemoteBase | undefined) {
    this.#isAllowed = isAllowed;
    this.#open = open;
  }

  /** Those that were opened, in the order of their first use. */
  get followed(): readonly FollowedBase[] {
    return [...this.#followed.values()];
  }

  /** Opens what a kustomization of `from` names as a remote base, or says why not. Throws the errors of `OpenRemoteBase`. */
  async open(
    written: string,
    as: NamedPath["as"],
    from: ClosureRoot,
    place: string,
  ): Promise<OpenedAddress | { readonly refused: string }> {
    const shown = JSON.stringify(written.slice(0, 300));
    const remedy = "commit a copy of what it names, and refer to that";
    const file = as === "root" ? parseRemoteFile(written) : undefined;
    const address = file ?? (as === "root" || as === "folder" ? parseRemoteBase(written) : undefined);
    if (address === undefined) {
      const what =
        "is not in this repository, and remote files are not fetched, except resources in a repository of a Git host";
      return { refused: `${shown} ${what}: ${remedy}` };
    }
    if (!this.#isAllowed) {
      const ways = `set source.kustomize.allowRemoteBases, or ${remedy}`;
      return { refused: `${shown} is a remote base, and source.kustomize.allowRemoteBases is not set: ${ways}` };
    }
    if (this.#open === undefined) return { refused: `${shown} is a remote base, which is not fetched here: ${remedy}` };
    if (address.ref === undefined)
      return {
        refused: `${shown} names no ref: add ?ref= with a tag or a full commit ID, which git ls-remote shows, so that only a commit changes it`,
      };
    if (from.depth >= MAX_DEPTH)
      return { refused: `${shown} is nested in more than ${MAX_DEPTH} remote bases: ${remedy}` };
    this.#asked.add(`${address.repository} ${address.ref}`);
    if (this.#asked.size > MAX_BASES)
      return { refused: `${shown} is one of more than ${MAX_BASES} remote repositories: ${remedy}` };
    const opened = await this.#open(address, place);
    if ("refused" in opened) return { refused: `${shown}: ${opened.refused}` };
    const { snapshot, commit, label } = opened;
    const key = `${address.repository} ${commit}`;
    const known = this.#followed.get(key);
    if (known !== undefined) return { root: known, path: address.path, isFile: file !== undefined };
    const copy = `bases/${this.#followed.size}`;
    const files = new SnapshotFiles(snapshot);
    const { repository } = address;
    const root: FollowedBase = { files, copy, label: `${label}/`, depth: from.depth + 1, repository, commit };
    this.#followed.set(key, root);
    return { root, path: address.path, isFile: file !== undefined };
  }
}
