import type { GitSnapshot } from "../git/engine.js";
import type { RepositoryPath } from "./repository-path.js";

/** A folder of another repository, as a kustomization names it. */
export interface RemoteBaseAddress {
  /** URL of the repository. */
  readonly repository: string;
  /** Folder in the repository. */
  readonly path: RepositoryPath;
  /** Tag or commit; undefined if none is named. */
  readonly ref: string | undefined;
}

/** The commit of another repository that a remote base is read from. */
export interface OpenedBase {
  readonly snapshot: GitSnapshot;
  readonly commit: string;
  /** For messages and origins, for example `github.com/org/repo@v1.2.0`. */
  readonly label: string;
}

/**
 * Opens the repository of a remote base. `place` is where it is named. Returns why the operator refuses it as `refused`.
 * Throws errors of Git, which are tried again.
 */
export type OpenRemoteBase = (
  base: RemoteBaseAddress,
  place: string,
) => Promise<OpenedBase | { readonly refused: string }>;
