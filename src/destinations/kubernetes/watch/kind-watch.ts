import { LABEL_APP_NAMESPACE, LABEL_INSTANCE } from "../../../api/group.js";
import type { Clock } from "../../../base/clock.js";
import { messageOf } from "../../../base/errors.js";
import type { Logger } from "../../../base/logger.js";
import type { KubeClient } from "../../../kube/client/kube-client.js";
import { isStatus, KubeStatusError, ResponseTooLargeError } from "../../../kube/errors.js";
import { isNewer, type RawObject } from "../../../kube/object.js";
import { collectionPath, type ResourceInfo } from "../../../kube/resource.js";
import { storeKey } from "../../../kube/watch/fresh-list.js";
import { Reflector, type ReflectorObserver, type StoreEvent } from "../../../kube/watch/reflector.js";
import type { GroupVersionKind } from "../../../manifest/object-id.js";
import type { HealthJudge } from "../health/expressions.js";
import { needsStatus } from "../health/rules.js";
import { type ObservedObject, observe } from "./observed-object.js";
import type { Tracker } from "./tracker.js";

/** How long a reconcile waits for the first list of a server that has limits. */
const PATIENCE_MS = 30_000;

/** How long the server may fail before the last known state of a kind counts as unknown. */
const LASTING_MS = 300_000;

/** Options of a kind's watch. */
export interface KindWatchOptions {
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly logger: Logger;
  /** UID of the control cluster's kube-system namespace: only objects of this instance are watched. */
  readonly instance: string;
  /** Namespaces whose apps' objects are watched; undefined for all. */
  readonly appNamespaces?: readonly string[] | undefined;
  /** Namespaces whose apps' objects are not watched, where all others are. */
  readonly exceptNamespaces?: readonly string[] | undefined;
  readonly tracker: Tracker;
  /** Computes the health of objects. */
  readonly judge: HealthJudge;
  readonly observer: ReflectorObserver | undefined;
  /** Who lists and watches, for messages. */
  readonly reader: string;
  /** Called at each success and failure of listing and watching. */
  readonly onSync: (error: unknown) => void;
}

/**
 * The watch of one kind at one version. `after`: the watch that it replaces, because the kind is now served differently. Its
 * objects stay known until the first list; those missing in that list are gone.
 */
export class KindWatch {
  readonly resource: ResourceInfo;
  /** Why the kind cannot be listed. */
  problem: string | undefined;
  readonly #options: KindWatchOptions;
  readonly #reflector: Reflector<ObservedObject>;
  readonly #replaces: boolean;
  /** Objects of the replaced watch, until the first list. */
  #inherited: readonly ObservedObject[];
  /** Called at each success or failure of listing. */
  #waiters: (() => void)[] = [];
  /** Consecutive refusals. A server that has just started may refuse what it allows a moment later. */
  #refusals = 0;
  /** Monotonic time of the first failure of the server since the last success. */
  #failingSince: number | undefined;
  #ended = false;

  constructor(options: KindWatchOptions, resource: ResourceInfo, after: KindWatch | undefined) {
    this.resource = resource;
    this.#options = options;
    this.#replaces = after !== undefined;
    this.#inherited = after?.objects() ?? [];
    this.#reflector = this.#reflect();
  }

  /** Whether the list is complete. */
  get synced(): boolean {
    return this.#reflector.synced;
  }

  /** Whether the watch has passed this state of an object, and the object no longer exists. */
  hasPassed({ id, uid, resourceVersion }: ObservedObject): boolean {
    const { resourceVersion: reached, store } = this.#reflector;
    if (!this.synced || reached === undefined || isNewer(resourceVersion, reached)) return false;
    return store.get(storeKey({ metadata: { namespace: id.namespace, name: id.name } }))?.uid !== uid;
  }

  /** Returns the known objects of the kind. */
  objects(): readonly ObservedObject[] {
    return this.synced ? [...this.#reflector.store.values()] : this.#inherited;
  }

  start(): void {
    this.#reflector.start();
  }

  /** Retries immediately if listing was refused or has failed. */
  retry(): void {
    if (this.#refusals > 0 || this.problem !== undefined) this.#reflector.retryNow();
  }

  /** Skips the backoff after a failure. */
  retryNow(): void {
    this.#reflector.retryNow();
  }

  /** Stops the watch. No events are reported afterwards. */
  async stop(): Promise<void> {
    this.#ended = true;
    this.#wake();
    await this.#reflector.stop();
  }

  /**
   * Resolves when the first list is complete or has failed. Returns false if that takes longer than others can wait for: a server that has
   * limits is not trusted to come to an end.
   */
  async settled(): Promise<boolean> {
    if (this.synced || this.problem !== undefined || this.#ended) return true;
    const { client, clock } = this.#options;
    return new Promise<boolean>((resolve) => {
      const done = (): void => {
        timer?.cancel();
        resolve(true);
      };
      const timer =
        client.limits &&
        clock.after(PATIENCE_MS, () => {
          this.#waiters = this.#waiters.filter((waiter) => waiter !== done);
          resolve(false);
        });
      this.#waiters.push(done);
    });
  }

  /** Reports objects as gone to the tracker. */
  forget(objects: readonly ObservedObject[]): void {
    for (const { key, uid } of objects) this.#options.tracker.gone(key, uid);
  }

  #reflect(): Reflector<ObservedObject> {
    const { client, clock, logger, instance, appNamespaces, exceptNamespaces, tracker, observer } = this.#options;
    const { resource } = this;
    const kind: GroupVersionKind = { group: resource.group, version: resource.version, kind: resource.kind };
    return new Reflector<ObservedObject>({
      client,
      clock,
      logger,
      path: collectionPath(resource),
      labelSelector: selectorOf(instance, appNamespaces, exceptNamespaces),
      mode: needsStatus(kind) ? "full" : "metadata",
      // An event for the operator's own write was already processed with the response.
      reduce: (raw) => tracker.unchanged(raw, kind) ?? this.#reduce(raw, kind),
      uidOf: (object) => object.uid,
      onEvent: (event) => this.#onEvent(event),
      onSync: (error, listed = false) => this.#synced(error, listed),
      ...(observer ? { observer } : {}),
    });
  }

  #reduce(raw: RawObject, kind: GroupVersionKind): ObservedObject {
    const { health, by } = this.#options.judge.judge(raw, kind);
    return observe(raw, kind, health, by);
  }

  #onEvent(event: StoreEvent<ObservedObject>): void {
    if (this.#ended) return;
    const { tracker } = this.#options;
    const first = !this.synced && !this.#replaces;
    if (event.type === "Deleted") tracker.gone(event.previous.key, event.previous.uid);
    else tracker.seen(event.object, first, event.listed && !first);
  }

  #synced(error: unknown, listed: boolean): void {
    if (this.#ended) return;
    const refused = isStatus(error, 404) || isStatus(error, 403);
    const isTooLarge = error instanceof ResponseTooLargeError;
    this.#refusals = refused ? this.#refusals + 1 : error === undefined ? 0 : this.#refusals;
    if (error === undefined) {
      this.problem = undefined;
      this.#failingSince = undefined;
      this.#release();
      if (listed) this.#markAbsentUnverified();
    } else if (!this.synced || (refused && this.#refusals > 1) || isTooLarge || this.#isLasting(error))
      this.problem = describeFailure(this.#options.reader, this.resource, error);
    this.#wake();
    this.#options.onSync(error);
  }

  /** Whether the server responds, but has failed for long, as when the webhook that converts a kind is broken: health and drift are unknown then. */
  #isLasting(error: unknown): boolean {
    if (!(error instanceof KubeStatusError) || error.statusCode < 500) return false;
    const now = this.#options.clock.monotonic();
    this.#failingSince ??= now;
    return now - this.#failingSince >= LASTING_MS;
  }

  /** Reports objects of the replaced watch that are not in the list as gone. */
  #release(): void {
    const present = new Set([...this.#reflector.store.values()].map(({ key, uid }) => `${key} ${uid}`));
    const gone = this.#inherited.filter(({ key, uid }) => !present.has(`${key} ${uid}`));
    this.#inherited = [];
    this.forget(gone);
  }

  /** Marks objects as unverified that are known only from write responses and missing in the list: etcd may have been restored. */
  #markAbsentUnverified(): void {
    const { tracker } = this.#options;
    const { group, kind } = this.resource;
    const present = new Set([...this.#reflector.store.values()].map(({ key }) => key));
    for (const { object } of [...tracker.all()])
      if (object.id.group === group && object.id.kind === kind && !present.has(object.key))
        tracker.verification(object.key);
  }

  #wake(): void {
    for (const waiter of this.#waiters) waiter();
    this.#waiters = [];
  }
}

function describeFailure(reader: string, resource: ResourceInfo, error: unknown): string {
  if (isStatus(error, 403))
    return `cannot be listed: ${reader} needs list and watch on ${resource.plural}${resource.group ? `.${resource.group}` : ""} (${messageOf(error)})`;
  return `cannot be listed: ${messageOf(error)}`;
}

/** Selects the objects of this control cluster, and of the apps in certain namespaces if the installation or shard is limited to them. */
function selectorOf(
  instance: string,
  appNamespaces: readonly string[] | undefined,
  exceptNamespaces: readonly string[] = [],
): string {
  const ours = `${LABEL_INSTANCE}=${instance}`;
  if (appNamespaces !== undefined) return `${ours},${LABEL_APP_NAMESPACE} in (${[...appNamespaces].sort().join(",")})`;
  if (exceptNamespaces.length === 0) return ours;
  return `${ours},${LABEL_APP_NAMESPACE} notin (${[...exceptNamespaces].sort().join(",")})`;
}
