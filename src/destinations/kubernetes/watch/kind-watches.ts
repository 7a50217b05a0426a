import type { Clock } from "../../../base/clock.js";
import { messageOf } from "../../../base/errors.js";
import type { Logger } from "../../../base/logger.js";
import type { KubeClient } from "../../../kube/client/kube-client.js";
import type { Discovery } from "../../../kube/discovery.js";
import { isStatus } from "../../../kube/errors.js";
import type { ResourceInfo } from "../../../kube/resource.js";
import type { ReflectorObserver } from "../../../kube/watch/reflector.js";
import type { GroupVersionKind } from "../../../manifest/object-id.js";
import type { HealthJudge } from "../health/expressions.js";
import { KindWatch } from "./kind-watch.js";
import type { ObservedObject } from "./observed-object.js";
import type { Tracker } from "./tracker.js";

/** Options of the watches. */
export interface KindWatchesOptions {
  readonly client: KubeClient;
  readonly discovery: Discovery;
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
  /** Who lists and watches, for messages. */
  readonly reader: string;
  readonly observerFor?: (kind: string) => ReflectorObserver;
  /** Called when the list of a kind is complete or has failed, so that waiting apps are enqueued. */
  readonly onChange: (kind: GroupVersionKind) => void;
  /** Called when a kind may not be listed and watched. */
  readonly onForbidden: () => void;
}

const watchKey = (kind: Pick<GroupVersionKind, "group" | "kind">): string => `${kind.group}/${kind.kind}`;

const NOT_LISTED = "has not been listed yet";

/**
 * One watch per kind for all apps, selected by the instance label; metadata only, unless computing the health of the kind needs
 * full objects. A kind that cannot be listed affects only the apps that use it. When a kind is served at another version or scope,
 * its watch is replaced; when it is removed, its watch stops.
 */
export class KindWatches {
  readonly #options: KindWatchesOptions;
  readonly #watches = new Map<string, KindWatch>();
  /** The last reported problem of each watch. */
  readonly #reported = new WeakMap<KindWatch, string | undefined>();

  constructor(options: KindWatchesOptions) {
    this.#options = options;
  }

  /** Returns why the list of a kind is not complete; undefined if it is. */
  problemOf(kind: Pick<GroupVersionKind, "group" | "kind">): string | undefined {
    const watch = this.#watches.get(watchKey(kind));
    if (!watch) return "is not watched yet";
    if (watch.problem !== undefined) return watch.problem;
    return watch.synced ? undefined : NOT_LISTED;
  }

  /** Whether the watch of its kind has passed this state of an object, and the object no longer exists. */
  hasPassed(object: ObservedObject): boolean {
    return this.#watches.get(watchKey(object.id))?.hasPassed(object) ?? false;
  }

  /** Starts the watch of a kind if needed, and waits until its first list is complete or has failed, or takes too long. */
  async ensure(resource: ResourceInfo): Promise<string | undefined> {
    const known = this.#watches.get(watchKey(resource));
    const watch = known && this.#isServed(known.resource) ? known : this.#start(resource, known);
    return (await watch.settled()) ? watch.problem : NOT_LISTED;
  }

  /** Retries refused watches after a change of permissions. */
  retryRefused(): void {
    for (const watch of this.#watches.values()) watch.retry();
  }

  /** Skips the backoff of all watches once the API server is back. */
  retryNow(): void {
    for (const watch of this.#watches.values()) watch.retryNow();
  }

  /** Stops all watches. */
  async stop(): Promise<void> {
    await Promise.all([...this.#watches.values()].map((watch) => watch.stop()));
  }

  /** Whether a kind is still served as it is watched. One watch suffices for apps that use different versions. */
  #isServed(resource: ResourceInfo): boolean {
    const now = this.#options.discovery.peek(resource);
    return now?.plural === resource.plural && now.namespaced === resource.namespaced;
  }

  #start(resource: ResourceInfo, before: KindWatch | undefined): KindWatch {
    const key = watchKey(resource);
    const { client, clock, logger, instance, tracker, judge, reader, observerFor } = this.#options;
    const { appNamespaces, exceptNamespaces } = this.#options;
    const observer = observerFor?.(key);
    const onSync = (error: unknown): void => this.#settled(watch, error);
    const shared = { client, clock, logger, instance, appNamespaces, exceptNamespaces, tracker, judge, reader };
    const watch = new KindWatch({ ...shared, observer, onSync }, resource, before);
    this.#watches.set(key, watch);
    this.#reported.set(watch, this.problemOf(resource));
    void before?.stop();
    watch.start();
    return watch;
  }

  #settled(watch: KindWatch, error: unknown): void {
    const { resource } = watch;
    const now = this.problemOf(resource);
    const changed = this.#reported.get(watch) !== now;
    this.#reported.set(watch, now);
    if (isStatus(error, 403)) this.#options.onForbidden();
    if (isStatus(error, 404)) void this.#follow(watch);
    if (changed) this.#options.onChange(resource);
  }

  /** Replaces or stops a watch whose path returns 404: the kind is served differently, or it was removed. */
  async #follow(watch: KindWatch): Promise<void> {
    const { discovery, logger } = this.#options;
    const { resource } = watch;
    const key = watchKey(resource);
    try {
      discovery.invalidate();
      await discovery.find(resource);
    } catch (error) {
      return logger.warn("cannot discover how a kind is served", { kind: key, error: messageOf(error) });
    }
    if (this.#watches.get(key) !== watch || this.#isServed(resource)) return;
    const served = discovery.peekAny(resource);
    if (served) this.#start(served, watch);
    else {
      this.#watches.delete(key);
      await watch.stop();
      watch.forget(watch.objects());
    }
    logger.info("a kind is served differently: its watch was replaced or stopped", {
      kind: key,
      version: served?.version ?? "gone",
    });
    this.#options.onChange(resource);
  }
}
