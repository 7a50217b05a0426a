import type { Clock } from "../../../base/clock.js";
import { messageOf } from "../../../base/errors.js";
import type { Logger } from "../../../base/logger.js";
import type { KubeClient } from "../../../kube/client/kube-client.js";
import type { Discovery } from "../../../kube/discovery.js";
import { isStatus } from "../../../kube/errors.js";
import type { ResourceInfo } from "../../../kube/resource.js";
import type { ReflectorObserver } from "../../../kube/watch/reflector.js";
import type { GroupVersionKind } from "../../../manifest/object-id.js";
import { KindWatch } from "./kind-watch.js";
import type { ObservedObject } from "./observed-object.js";
import type { Tracker } from "./tracker.js";

/** What the watches need. */
export interface KindWatchesOptions {
  readonly client: KubeClient;
  readonly discovery: Discovery;
  readonly clock: Clock;
  readonly logger: Logger;
  /** UID of the control cluster's kube-system: only objects of this instance are watched. */
  readonly instance: string;
  /** Namespaces whose apps' objects are watched; undefined: all. */
  readonly appNamespaces?: readonly string[] | undefined;
  readonly tracker: Tracker;
  /** Who lists and watches, for people. */
  readonly reader: string;
  readonly observerFor?: (kind: string) => ReflectorObserver;
  /** Called when a kind became whole or failed, so that apps that wait for it look again. */
  readonly onChange: (kind: GroupVersionKind) => void;
  /** Called when a kind may not be listed and watched. */
  readonly onForbidden: () => void;
}

const watchKey = (kind: Pick<GroupVersionKind, "group" | "kind">): string => `${kind.group}/${kind.kind}`;

/**
 * One watch per kind for all apps, selected by our instance label; metadata only, unless the health of the kind has to be
 * computed. A kind that cannot be listed is a problem of the apps that use it, and of no others. A watch follows its kind to
 * another version or scope, and ends with it.
 */
export class KindWatches {
  readonly #options: KindWatchesOptions;
  readonly #watches = new Map<string, KindWatch>();
  /** What was last said of each. */
  readonly #told = new WeakMap<KindWatch, string | undefined>();

  constructor(options: KindWatchesOptions) {
    this.#options = options;
  }

  /** Whether a kind's list is whole; otherwise why it is not. */
  problemOf(kind: Pick<GroupVersionKind, "group" | "kind">): string | undefined {
    const watch = this.#watches.get(watchKey(kind));
    if (!watch) return "is not watched yet";
    if (watch.problem !== undefined) return watch.problem;
    return watch.synced ? undefined : "has not been listed yet";
  }

  /** Whether the watch of its kind has passed this state of an object, and the object is gone. */
  hasPassed(object: ObservedObject): boolean {
    return this.#watches.get(watchKey(object.id))?.hasPassed(object) ?? false;
  }

  /** Starts the watch of a kind if need be, and waits for its first list or its failure. */
  async ensure(resource: ResourceInfo): Promise<string | undefined> {
    const known = this.#watches.get(watchKey(resource));
    const watch = known && this.#isServed(known.resource) ? known : this.#start(resource, known);
    await watch.settled();
    return watch.problem;
  }

  /** Rights have changed: what was refused is asked for again. */
  retryRefused(): void {
    for (const watch of this.#watches.values()) watch.retry();
  }

  /** The API server is back: watches that wait for their next try are tried now. */
  retryNow(): void {
    for (const watch of this.#watches.values()) watch.retryNow();
  }

  /** Ends all watches. */
  async stop(): Promise<void> {
    await Promise.all([...this.#watches.values()].map((watch) => watch.stop()));
  }

  /** Whether a kind is still served as it is watched: two apps may want two versions, and one watch does for both. */
  #isServed(resource: ResourceInfo): boolean {
    const now = this.#options.discovery.peek(resource);
    return now?.plural === resource.plural && now.namespaced === resource.namespaced;
  }

  #start(resource: ResourceInfo, before: KindWatch | undefined): KindWatch {
    const key = watchKey(resource);
    const { client, clock, logger, instance, appNamespaces, tracker, reader, observerFor } = this.#options;
    const observer = observerFor?.(key);
    const onSync = (error: unknown): void => this.#settled(watch, error);
    const shared = { client, clock, logger, instance, appNamespaces, tracker, reader };
    const watch = new KindWatch({ ...shared, observer, onSync }, resource, before);
    this.#watches.set(key, watch);
    this.#told.set(watch, this.problemOf(resource));
    void before?.stop();
    watch.start();
    return watch;
  }

  #settled(watch: KindWatch, error: unknown): void {
    const { resource } = watch;
    const now = this.problemOf(resource);
    const changed = this.#told.get(watch) !== now;
    this.#told.set(watch, now);
    if (isStatus(error, 403)) this.#options.onForbidden();
    if (isStatus(error, 404)) void this.#follow(watch);
    if (changed) this.#options.onChange(resource);
  }

  /** The API server does not know the path any more: the kind is served otherwise, or it is gone. */
  async #follow(watch: KindWatch): Promise<void> {
    const { discovery, logger } = this.#options;
    const { resource } = watch;
    const key = watchKey(resource);
    try {
      discovery.invalidate();
      await discovery.find(resource);
    } catch (error) {
      return logger.warn("it is not known how a kind is served", { kind: key, error: messageOf(error) });
    }
    if (this.#watches.get(key) !== watch || this.#isServed(resource)) return;
    const served = discovery.peekAny(resource);
    if (served) this.#start(served, watch);
    else {
      this.#watches.delete(key);
      await watch.stop();
      watch.forget(watch.objects());
    }
    logger.info("a watch follows its kind", { kind: key, version: served?.version ?? "gone" });
    this.#options.onChange(resource);
  }
}
