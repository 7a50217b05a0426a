import type { Approval } from "../../api/approval.js";
import type { Decision } from "../../api/approval-state.js";
import type { ChangePhase } from "../../api/change.js";
import type { GitRepository } from "../../api/git-repository.js";
import type { OverseerApp, OverseerAppStatus } from "../../api/overseer-app.js";
import type { AuditSink } from "../../audit/audit-trail.js";
import type { Clock } from "../../base/clock.js";
import type { FailpointHook } from "../../base/failpoint.js";
import type { HostRules } from "../../base/host-rules.js";
import type { Destination } from "../../destinations/destination.js";
import type { Lister } from "../../gates/context.js";
import type { Gate } from "../../gates/gate.js";
import type { GitEngine } from "../../git/engine.js";
import type { FirstParentLines, RelatedRules } from "../../git/index.js";
import type { KubeClient } from "../../kube/client/kube-client.js";
import type { EventSink } from "../../kube/event-recorder.js";
import type { AppRef } from "../../plan/live.js";
import type { StatusWriter } from "../../reconcile/status-writer.js";
import type { Priority } from "../../reconcile/work-queue.js";
import type { SourceRenderer } from "../../render/render.js";
import type { SecretStores } from "../../secrets/stores/secret-stores.js";
import type { RevisionIndex } from "../git-repository/revision-index.js";
import type { CommitSigners } from "../git-repository/verify/commit-signers.js";
import type { ResourceCache } from "../resource-cache.js";
import type { AppMemory } from "./app-memory.js";
import type { KnownChange } from "./changes/known-change.js";
import type { RolloutPlaces } from "./gates/rollout-places.js";
import type { WaitingApps } from "./gates/waiting-apps.js";
import type { HostCache } from "./hosts/host-cache.js";
import type { Claims } from "./ownership/claims.js";
import type { WholePlans } from "./sync/whole-plans.js";

/** What is counted of a Change that has ended. */
export interface EndedChange {
  readonly phase: ChangePhase;
  /** Time since its start. */
  readonly seconds: number;
  /** Time since its commit, if the Change was made for a new commit whose time is known. */
  readonly leadSeconds: number | undefined;
  /** Planned actions; undefined if nothing was planned. */
  readonly actions: { readonly created: number; readonly updated: number; readonly deleted: number } | undefined;
}

/** Receives app events for metrics. */
export interface AppObserver {
  /** A Change ended. */
  changeEnded(app: AppRef, end: EndedChange): void;
  /** A gate has opened for a Change, or the Change has ended, after the gate has held it for this time. */
  gateOpened(gate: string, seconds: number): void;
  /** A decision of a user has begun to count. */
  decided(decision: Decision): void;
  /** A sync failed with a failure not reported before. */
  syncFailed(app: AppRef, reason: string): void;
  applied(verb: "create" | "update" | "delete", result: "success" | "error"): void;
  drifted(objects: number): void;
  healed(objects: number, seconds: number): void;
  contested(app: string, objects: number): void;
  pruned(objects: number): void;
  pruneRefused(reason: string): void;
  /** The status of an app was written. */
  state(app: OverseerApp, status: OverseerAppStatus): void;
  forgotten(namespace: string, name: string): void;
}

/** Provides the destination of each app. */
export interface DestinationSource {
  of(app: OverseerApp): Promise<Destination>;
  /** Returns the last destination of an app (`namespace/name`); undefined before its first reconcile. */
  current(app: string): Destination | undefined;
  /** Releases the destination of a deleted app. */
  forget(app: string): void;
}

/** A ConfigMap or Secret that the source of an app names. */
export interface ValuesObject {
  readonly kind: "ConfigMap" | "Secret";
  readonly name: string;
}

/** Reads ConfigMaps and Secrets in the namespace of an app, with the permissions of the app. */
export interface ValuesReader {
  /** Sets the objects that an app uses. It is enqueued when one of them changes. */
  use(app: OverseerApp, objects: readonly ValuesObject[]): void;
  /**
   * Returns the decoded data by key; undefined if the object does not exist.
   *
   * @throws OverseerError when the app has no identity to read as, or its identity may not read the object.
   */
  read(app: OverseerApp, object: ValuesObject): Promise<ReadonlyMap<string, Uint8Array> | undefined>;
  /** Releases the objects of a deleted app. */
  forget(app: string): void;
}

/** Creates tokens of ServiceAccounts. */
export interface AccountTokens {
  /**
   * Returns a token of a ServiceAccount, which it requests in its own name. `audience` defaults to that of the API server.
   *
   * @throws OverseerError if the ServiceAccount may not do that, or does not exist.
   */
  create(namespace: string, name: string, audience: string | undefined): Promise<string>;
}

/** Tells whether the API server proves who made a request. */
export interface RequestProof {
  /** Returns why requests of users in a namespace cannot be relied on; undefined if they can. Sends requests. */
  problem(namespace: string): Promise<string | undefined>;
  /** Returns the ValidatingAdmissionPolicies for our kinds, whatever their names are, and their bindings, as `kind/name`. Sends requests. */
  ownPolicies(): Promise<ReadonlySet<string>>;
}

/** Asks the API server for permissions of users. */
export interface UserPermissions {
  /** Reports whether a user has a verb for an app. Sends a request. */
  has(
    verb: "approve" | "break-glass",
    app: OverseerApp,
    user: { readonly name: string; readonly groups: readonly string[] },
  ): Promise<boolean>;
}

/** Remembers what tags of remote bases point to. */
export interface BaseTags {
  /** Returns the commit of a tag that was resolved before. */
  get(repository: string, tag: string): Promise<string | undefined>;
  put(repository: string, tag: string, commit: string): Promise<void>;
}

/** Rules and memory of remote bases. */
export interface RemoteBaseRules {
  /** Hosts that remote bases may be fetched from. */
  readonly hosts: HostRules;
  readonly tags: BaseTags;
}

/** Services shared by the phases of all apps. */
export interface AppServices {
  readonly clock: Clock;
  readonly client: KubeClient;
  readonly apps: ResourceCache<OverseerApp>;
  readonly changes: ResourceCache<KnownChange>;
  readonly approvals: ResourceCache<Approval>;
  readonly repositories: ResourceCache<GitRepository>;
  readonly index: RevisionIndex;
  /** Rules for submodules and remote bases. */
  readonly relatedRules: RelatedRules;
  readonly remoteBases: RemoteBaseRules;
  readonly engine: GitEngine;
  /** What Git hosts tell about commits, for gates. */
  readonly hosts: HostCache;
  /** Who has signed commits, for gates. */
  readonly signers: CommitSigners;
  /** Histories of refs, for promotions. */
  readonly lines: FirstParentLines;
  readonly renderer: SourceRenderer;
  readonly destinations: DestinationSource;
  readonly values: ValuesReader;
  readonly secretStores: SecretStores;
  readonly accountTokens: AccountTokens;
  readonly status: StatusWriter;
  readonly events: EventSink;
  readonly observer: AppObserver;
  /** Records what is done, and by whom; undefined in tests that do not need it. */
  readonly audit?: AuditSink;
  readonly claims: Claims;
  /** Every gate that a Change must pass, in the order of the status. */
  readonly gates: readonly Gate[];
  /** What gates may read besides the app. */
  readonly lister: Lister;
  readonly proof: RequestProof;
  readonly permissions: UserPermissions;
  /** Apps whose Change waits at a gate. */
  readonly waiting: WaitingApps;
  /** Apps of Environments with a rollout limit that apply a Change. */
  readonly rollout: RolloutPlaces;
  readonly failpoint: FailpointHook;
  readonly trustedNamespaces: ReadonlySet<string>;
  readonly digestKey: string;
  /** Plans that Changes cannot show completely. */
  readonly wholePlans: WholePlans;
  /** Memory of each app, by `namespace/name`. */
  readonly memories: Map<string, AppMemory>;
  readonly enqueue: (app: string, priority: Priority) => void;
  /** Reports whether apps wait for a worker. */
  readonly busy: () => boolean;
  /** Called after an app (`namespace/name`) has applied the inputs of a further commit, changed or not. */
  readonly onApplied: (app: string) => void;
  /** Called when an app (`namespace/name`) has a new status of its commit, or a new plan, to report to the Git host. */
  readonly onCommitReport: (app: string) => void;
  /** Requests an immediate poll of a repository (`namespace/name`). */
  readonly pollNow: (repository: string) => void;
}
