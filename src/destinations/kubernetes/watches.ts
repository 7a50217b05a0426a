import { LABEL_INSTANCE } from "../../api/group.js";
import type { Clock } from "../../base/clock.js";
import { messageOf } from "../../base/errors.js";
import type { Logger } from "../../base/logger.js";
import type { KubeClient } from "../../kube/client.js";
import { isStatus } from "../../kube/errors.js";
import { Reflector, type ReflectorObserver } from "../../kube/reflector.js";
import { collectionPath, type ResourceInfo } from "../../kube/resource.js";
import type { GroupVersionKind } from "../../manifest/object-id.js";
import { healthOf, needsStatus } from "./health/rules.js";
import { type ObservedObject, observe } from "./observed-object.js";
import type { Tracker } from "./tracker.js";

interface KindWatch {
  readonly reflector: Reflector<ObservedObject>;
  problem: string | undefined;
  /** Resolved at each success or failure of listing. */
  waiters: (() => void)[];
}

/** What the watches need. */
export interface KindWatchesOptions {
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly logger: Logger;
  /** UID of the control cluster's kube-system: only objects of this instance are watched. */
  readonly instance: string;
  readonly tracker: Tracker;
  /** Who lists and watches, for people. */
  readonly reader: string;
  readonly observerFor?: (kind: string) => ReflectorObserver;
  /** Called when a kind became whole or failed, so that apps that wait for it look again. */
  readonly onChange: (kind: GroupVersionKind) => void;
}

const watchKey = (kind: Pick<GroupVersionKind, "group" | "kind">): string => `${kind.group}/${kind.kind}`;

/**
 * One watch per kind for all apps, selected by our instance label; metadata only, unless the health of the kind has to be
 * computed. A kind that cannot be listed is a problem of the apps that use it, and of no others.
 */
export class KindWatches {
  readonly #options: KindWatchesOptions;
  readonly #watches = new Map<string, KindWatch>();

  constructor(options: KindWatchesOptions) {
    this.#options = options;
  }

  /** Whether a kind's list is whole; otherwise why it is not. */
  problemOf(kind: Pick<GroupVersionKind, "group" | "kind">): string | undefined {
    const watch = this.#watches.get(watchKey(kind));
    if (!watch) return "is not watched yet";
    if (watch.problem !== undefined) return watch.problem;
    return watch.reflector.synced ? undefined : "has not been listed yet";
  }

  /** Starts the watch of a kind if need be, and waits for its first list or its failure. */
  async ensure(resource: ResourceInfo): Promise<string | undefined> {
    const key = watchKey(resource);
    const watch = this.#watches.get(key) ?? this.#start(key, resource);
    if (!watch.reflector.synced && watch.problem === undefined)
      await new Promise<void>((resolve) => watch.waiters.push(resolve));
    return watch.problem;
  }

  /** Ends all watches. */
  async stop(): Promise<void> {
    await Promise.all([...this.#watches.values()].map((watch) => watch.reflector.stop()));
  }

  #start(key: string, resource: ResourceInfo): KindWatch {
    const { tracker } = this.#options;
    const kind: GroupVersionKind = { group: resource.group, version: resource.version, kind: resource.kind };
    const reflector = new Reflector<ObservedObject>({
      client: this.#options.client,
      clock: this.#options.clock,
      logger: this.#options.logger,
      path: collectionPath(resource),
      labelSelector: `${LABEL_INSTANCE}=${this.#options.instance}`,
      mode: needsStatus(kind) ? "full" : "metadata",
      // The echo of our own write has been looked at already, when its answer came.
      reduce: (raw) => tracker.unchanged(raw, kind) ?? observe(raw, kind, healthOf(raw, kind)),
      uidOf: (object) => object.uid,
      onEvent: (event) => {
        if (event.type === "Deleted") tracker.gone(event.previous.key, event.previous.uid);
        else tracker.seen(event.object, !reflector.synced, event.initial && reflector.synced);
      },
      onSync: (error) => this.#settled(watch, resource, error),
      ...(this.#options.observerFor ? { observer: this.#options.observerFor(key) } : {}),
    });
    const watch: KindWatch = { reflector, problem: undefined, waiters: [] };
    this.#watches.set(key, watch);
    reflector.start();
    return watch;
  }

  #settled(watch: KindWatch, resource: ResourceInfo, error: unknown): void {
    const before = this.problemOf(resource);
    if (error === undefined) watch.problem = undefined;
    else if (!watch.reflector.synced || isStatus(error, 404) || isStatus(error, 403))
      watch.problem = describeFailure(this.#options.reader, resource, error);
    for (const waiter of watch.waiters) waiter();
    watch.waiters = [];
    if (this.problemOf(resource) !== before) this.#options.onChange(resource);
  }
}

function describeFailure(reader: string, resource: ResourceInfo, error: unknown): string {
  if (isStatus(error, 403))
    return `cannot be listed: ${reader} needs list and watch on ${resource.plural}${resource.group ? `.${resource.group}` : ""} (${messageOf(error)})`;
  return `cannot be listed: ${messageOf(error)}`;
}
