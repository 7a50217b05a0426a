import type { OverseerAppSet } from "../../api/app-set.js";
import type { Approval } from "../../api/approval.js";
import type { Environment } from "../../api/environment.js";
import type { GitRepository } from "../../api/git-repository.js";
import type { OverseerApp } from "../../api/overseer-app.js";
import type { KnownChange } from "../../controllers/overseer-app/changes/known-change.js";
import type { ClusterEventHandler } from "../../destinations/kubernetes/cluster-connection.js";
import type { ObjectEvent } from "../../destinations/kubernetes/watch/tracker.js";
import type { CachedKinds, CacheName } from "../resource-caches.js";
import { EventSource } from "./event-source.js";

/**
 * A change of a cached resource. `previous` is undefined for a new one and contains own writes; `observed` is the resource at the last
 * event. `current` is undefined for a deleted one.
 */
export interface ResourceEvent<T> {
  readonly key: string;
  readonly current: T | undefined;
  readonly previous: T | undefined;
  readonly observed: T | undefined;
}

/** A change of a Secret or ConfigMap whose content is used. */
export interface SecretEvent {
  readonly namespace: string;
  readonly name: string;
}

/** The source of the events of each cache. */
export type ResourceSources = { readonly [Name in CacheName]: EventSource<ResourceEvent<CachedKinds[Name]>> };

/** Everything that can happen outside of a reconcile and concern an app or a repository. */
export class EventSources implements ResourceSources {
  readonly repositories = new EventSource<ResourceEvent<GitRepository>>();
  readonly apps = new EventSource<ResourceEvent<OverseerApp>>();
  readonly changes = new EventSource<ResourceEvent<KnownChange>>();
  readonly approvals = new EventSource<ResourceEvent<Approval>>();
  readonly environments = new EventSource<ResourceEvent<Environment>>();
  readonly appSets = new EventSource<ResourceEvent<OverseerAppSet>>();
  /** The Secrets that a set (`namespace/name`) selects have changed. */
  readonly clusterSecrets = new EventSource<string>();
  /** A repository (`namespace/name`) has a new revision. */
  readonly revisions = new EventSource<string>();
  /** An app has applied the inputs of a further commit. */
  readonly applied = new EventSource<string>();
  readonly repositorySecrets = new EventSource<SecretEvent>();
  readonly destinationSecrets = new EventSource<SecretEvent>();
  /** Secrets and ConfigMaps with values for rendering. */
  readonly valueSecrets = new EventSource<SecretEvent>();
  readonly valueConfigMaps = new EventSource<SecretEvent>();
  /** The content of a Core that these apps use has changed. */
  readonly cores = new EventSource<readonly string[]>();
  /** A live object of an app has changed. */
  readonly objects = new EventSource<{ readonly app: string; readonly event: ObjectEvent }>();
  /** A live object of an app should be verified at low priority. */
  readonly verifications = new EventSource<string>();
  /** Something that these apps wait for may be available: a kind, a list, the cluster. */
  readonly recoveries = new EventSource<Iterable<string>>();
  /** Permissions changed after this app was refused for a missing one. */
  readonly grants = new EventSource<string>();
  /** Admission rules changed: the API server may now accept what it refused for these apps. */
  readonly admissionRules = new EventSource<Iterable<string>>();

  /** Forwards the events of clusters. */
  readonly clusterEvents: ClusterEventHandler = {
    objectChanged: (app, event) => this.objects.emit({ app, event }),
    verify: (app) => this.verifications.emit(app),
    retry: (apps) => this.recoveries.emit(apps),
    granted: (app) => this.grants.emit(app),
    rulesChanged: (apps) => this.admissionRules.emit(apps),
  };
}
