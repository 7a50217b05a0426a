import type { GitRef } from "../../api/git-ref.js";
import type { GitRepository, GitRepositoryStatus } from "../../api/git-repository.js";
import type { Clock } from "../../base/clock.js";
import type { GitEngine } from "../../git/index.js";
import type { EventSink } from "../../kube/event-recorder.js";
import type { StatusWriter } from "../../reconcile/status-writer.js";
import type { ResourceCache } from "../resource-cache.js";
import type { SecretCache } from "../secret-cache.js";
import type { RevisionIndex } from "./revision-index.js";
import type { SharedPolls } from "./shared-polls.js";

/** Told of what happens to GitRepositories, for the metrics. */
export interface RepositoryObserver {
  fetched(result: "success" | "failure", seconds: number, bytes: number): void;
  /** A poll or fetch failed; `reason`: as in the condition. */
  failed(reason: string): void;
  /** The remote was asked, and all that it has was fetched. */
  polled(repository: GitRepository): void;
  /** What the status of a repository says now. */
  state(repository: GitRepository, status: GitRepositoryStatus): void;
  forgotten(namespace: string, name: string): void;
}

/** What the reconciler of repositories and its parts work with. */
export interface GitRepositoryServices {
  readonly clock: Clock;
  readonly repositories: ResourceCache<GitRepository>;
  readonly secrets: SecretCache;
  readonly engine: GitEngine;
  readonly polls: SharedPolls;
  readonly index: RevisionIndex;
  readonly status: StatusWriter;
  readonly events: EventSink;
  /** Key of digests of credentials. */
  readonly digestKey: string;
  /** Refs that apps want of a repository besides its own. */
  readonly refsOf: (repository: string) => readonly GitRef[];
  /** Whether somebody asks for a poll of a repository now; true once for each time. */
  readonly takePollRequest: (repository: string) => boolean;
  /** Commits of a remote that apps may still have to go back to. */
  readonly commitsInUse: (remoteId: string) => readonly string[];
  /** Told when a ref of a repository is at another commit, or cannot be had any more. */
  readonly onRevision: (repository: string) => void;
  readonly observer: RepositoryObserver;
}
