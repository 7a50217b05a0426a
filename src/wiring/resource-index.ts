import { findCondition } from "../api/conditions.js";
import type { Environment } from "../api/environment.js";
import type { GitRef } from "../api/git-ref.js";
import { allowsNamespace } from "../api/namespaces.js";
import type { OverseerApp } from "../api/overseer-app.js";
import type { RevisionIndex } from "../controllers/git-repository/revision-index.js";
import { watchedObjectsOf } from "../controllers/overseer-app/source/external-values.js";
import { repositoryKey } from "../controllers/overseer-app/source/locate-inputs.js";
import { gitSourcesOf } from "../controllers/overseer-app-set/generators/generate.js";
import { environmentsOf } from "../gates/environments.js";
import { appKey } from "../plan/live.js";
import type { ResourceCaches } from "./resource-caches.js";

/** Index of the operator's custom resources and their references to each other. */
export class ResourceIndex {
  readonly caches: ResourceCaches;
  readonly #index: RevisionIndex;

  constructor(caches: ResourceCaches, index: RevisionIndex) {
    this.caches = caches;
    this.#index = index;
  }

  /** Lists all resources and starts watching them. */
  async start(): Promise<void> {
    await Promise.all(Object.values(this.caches).map((cache) => cache.start()));
  }

  async stop(): Promise<void> {
    await Promise.all(Object.values(this.caches).map((cache) => cache.stop()));
  }

  /** Kinds whose initial list is incomplete. */
  missing(): string[] {
    return Object.values(this.caches)
      .filter((cache) => !cache.synced)
      .map((cache) => `listing ${cache.resource.plural}`);
  }

  /** Returns the names of all Environments. */
  environmentNames(): string[] {
    return [...this.caches.environments.values()].map(({ metadata }) => metadata.name);
  }

  /** Returns the apps (`namespace/name`) that Environments govern, and those of the Environments that they are promoted from. */
  appsOfEnvironment(...environments: readonly (Environment | undefined)[]): string[] {
    const found = environments.flatMap((one) => one ?? []);
    const names = new Set(found.flatMap(({ spec }) => spec.promotesFrom ?? []));
    const earlier = [...names].flatMap((name) => this.caches.environments.get(name) ?? []);
    const namespaces = new Set(
      [...found, ...earlier].flatMap(({ spec }) => spec.namespaces?.map(({ name }) => name) ?? []),
    );
    return [...this.caches.apps.values()]
      .filter(({ metadata }) => namespaces.has(metadata.namespace))
      .map(({ metadata }) => appKey(metadata));
  }

  /** Returns the Environments that the apps of a namespace belong to. */
  environmentsOf(namespace: string): Environment[] {
    return environmentsOf(namespace, this.caches.environments.values());
  }

  /** Returns the keys of the apps that use a repository. */
  appsOf(repository: string): string[] {
    const keys: string[] = [];
    for (const app of this.caches.apps.values()) if (repositoryKey(app) === repository) keys.push(appKey(app.metadata));
    return keys;
  }

  /** Returns the keys of the repositories whose credentials or trusted keys are in a Secret. */
  repositoriesWithSecret(namespace: string, name: string): string[] {
    const keys: string[] = [];
    for (const { metadata, spec } of this.caches.repositories.values()) {
      const refs = [spec.secretRef, spec.proxySecretRef, spec.provider?.secretRef, spec.verify?.secretRef];
      if (metadata.namespace === namespace && refs.some((ref) => ref?.name === name)) keys.push(appKey(metadata));
    }
    return keys;
  }

  /** Returns the keys of the apps whose destination credentials are in a Secret. */
  appsWithSecret(namespace: string, name: string): string[] {
    const keys: string[] = [];
    for (const { metadata, spec } of this.caches.apps.values()) {
      const { kubernetes, overseer } = spec.destination;
      const refs = [kubernetes?.kubeConfigSecretRef, overseer?.secretRef, overseer?.caSecretRef];
      if (metadata.namespace === namespace && refs.some((ref) => ref?.name === name)) keys.push(appKey(metadata));
    }
    return keys;
  }

  /** Returns the keys of the apps whose source takes values from a ConfigMap or Secret. */
  appsWithValues(kind: "ConfigMap" | "Secret", namespace: string, name: string): string[] {
    const keys: string[] = [];
    for (const { metadata, spec } of this.caches.apps.values()) {
      if (metadata.namespace !== namespace) continue;
      if (watchedObjectsOf(spec.source).some((ref) => ref.kind === kind && ref.name === name))
        keys.push(appKey(metadata));
    }
    return keys;
  }

  /**
   * Returns the ref that an app requests from its repository. An app that the repository does not allow requests none,
   * since each ref costs requests with the credentials of the repository.
   */
  refOf(app: OverseerApp): GitRef | undefined {
    const repository = this.caches.repositories.get(repositoryKey(app));
    return repository && allowsNamespace(repository, app.metadata.namespace) ? app.spec.source.ref : undefined;
  }

  /** Returns the refs of a repository that apps and sets request. */
  refsOf(repository: string): GitRef[] {
    const refs: GitRef[] = [];
    for (const app of this.caches.apps.values()) {
      const ref = repositoryKey(app) === repository ? this.refOf(app) : undefined;
      if (ref) refs.push(ref);
    }
    for (const set of this.caches.appSets.values()) {
      const found = this.caches.repositories.get(repository);
      if (!found || !allowsNamespace(found, set.metadata.namespace)) continue;
      for (const source of gitSourcesOf(set)) if (source.repository === repository && source.ref) refs.push(source.ref);
    }
    return refs;
  }

  /** Returns the keys of the sets that read a repository. */
  appSetsOf(repository: string): string[] {
    const sets = [...this.caches.appSets.values()].filter((set) =>
      gitSourcesOf(set).some((source) => source.repository === repository),
    );
    return sets.map(({ metadata }) => appKey(metadata));
  }

  /** Returns the keys of the sets of a namespace that wait for the name of an app. */
  appSetsInConflict(namespace: string): string[] {
    const sets = [...this.caches.appSets.values()].filter(
      ({ metadata, status }) =>
        metadata.namespace === namespace && findCondition(status?.conditions, "Ready")?.reason === "NameConflict",
    );
    return sets.map(({ metadata }) => appKey(metadata));
  }

  /** Returns the commits of a remote that are applied. */
  commitsInUse(remoteId: string): string[] {
    const commits: string[] = [];
    for (const app of this.caches.apps.values()) {
      const key = repositoryKey(app);
      const ref = app.spec.source.ref ?? this.caches.repositories.get(key)?.spec.ref;
      const { applied, pin } = app.status ?? {};
      if (this.#index.remoteOf(key, ref)?.id !== remoteId) continue;
      for (const inputs of [applied, pin?.inputs]) if (inputs) commits.push(inputs.commit);
    }
    return commits;
  }
}
