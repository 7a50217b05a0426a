import type { ConditionDraft } from "../../api/conditions.js";
import type { GitRef } from "../../api/git-ref.js";
import type { GitRepository, GitRepositoryStatus } from "../../api/git-repository.js";
import type { Clock } from "../../base/clock.js";
import type { HostRules } from "../../base/host-rules.js";
import type { GitEngine } from "../../git/index.js";
import type { EventSink } from "../../kube/event-recorder.js";
import type { StatusWriter } from "../../reconcile/status-writer.js";
import type { ResourceCache } from "../resource-cache.js";
import type { SecretCache } from "../secret-cache.js";
import type { RevisionIndex } from "./revision-index.js";
import type { SharedPolls } from "./shared-polls.js";
import type { RevisionVerifier } from "./verify/revision-verifier.js";

/** Receives GitRepository events for metrics. */
export interface RepositoryObserver {
  fetched(result: "success" | "failure", seconds: number, bytes: number): void;
  /** A poll or fetch failed; `reason` is that of the condition. */
  failed(reason: string): void;
  /** The remote was polled, and everything new was fetched. */
  polled(repository: GitRepository): void;
  /** The status of a repository was written. */
  state(repository: GitRepository, status: GitRepositoryStatus): void;
  forgotten(namespace: string, name: string): void;
}

/** Services of the GitRepository reconciler. */
export interface GitRepositoryServices {
  readonly clock: Clock;
  readonly repositories: ResourceCache<GitRepository>;
  readonly secrets: SecretCache;
  readonly engine: GitEngine;
  readonly polls: SharedPolls;
  readonly index: RevisionIndex;
  readonly verifier: RevisionVerifier;
  readonly status: StatusWriter;
  readonly events: EventSink;
  /** Hosts that repositories may use. */
  readonly allowedHosts: HostRules;
  /** Key for credential digests. */
  readonly digestKey: string;
  /** Returns the refs of a repository that apps use besides its own. */
  readonly refsOf: (repository: string) => readonly GitRef[];
  /** Consumes a pending request for an immediate poll; true once per request. */
  readonly takePollRequest: (repository: string) => boolean;
  /** Returns the commits of a remote that apps may still need. */
  readonly commitsInUse: (remoteId: string) => readonly string[];
  /** Called when a ref of a repository has a new commit, or is no longer available. */
  readonly onRevision: (repository: string) => void;
  /** Returns the condition StatusesReported of a repository; undefined if nothing was reported since the start. */
  readonly statusesReported: (repository: string) => ConditionDraft | undefined;
  readonly observer: RepositoryObserver;
}
