import type { CustomResource, ObjectMeta } from "../api/meta.js";
import type { Clock } from "../base/clock.js";
import type { Logger } from "../base/logger.js";
import type { KubeClient } from "../kube/client/kube-client.js";
import { isNewer, type RawObject } from "../kube/object.js";
import { collectionPath, type ResourceInfo } from "../kube/resource.js";
import { storeKey } from "../kube/watch/fresh-list.js";
import { Reflector, type ReflectorObserver, type StoreEvent } from "../kube/watch/reflector.js";
import { unreadableSpec } from "./readable-spec.js";

/** Options of a cache. */
export interface ResourceCacheOptions<T> {
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly resource: ResourceInfo;
  /** Namespaces to watch, each with its own watch. Defaults to one watch of all namespaces. */
  readonly namespaces?: readonly string[] | undefined;
  /** Namespaces to leave out where all are watched. */
  readonly except?: readonly string[] | undefined;
  /** Reduces an object before it is stored. */
  readonly trim?: (object: T) => T;
  /** Returns the group of an object, for lookups with `of`; undefined for none. */
  readonly groupBy?: (object: T) => string | undefined;
  /**
   * Called on each change: `previous` is undefined for a new object, `current` for a deleted one. `previous` contains own writes,
   * `observed` is the object of the last event.
   */
  readonly onChange: (key: string, current: T | undefined, previous: T | undefined, observed: T | undefined) => void;
  /** Called when listing or watching succeeds again after a failure. */
  readonly onRecovered?: () => void;
  readonly observer?: ReflectorObserver;
}

/**
 * Caches the custom resources of one kind, in all or some namespaces, kept current by watches. Own writes are visible before
 * their event. A namespaced object that cannot be read is logged, and stays as it was when it could be: it must not stop the watch of
 * all others. One of a whole cluster stops it, since it may be what holds Changes.
 */
export class ResourceCache<T extends CustomResource<unknown, unknown>> {
  readonly resource: ResourceInfo;
  /** Reflectors by namespace; one with the key "" if all namespaces are watched. */
  readonly #reflectors: ReadonlyMap<string, Reflector<T>>;
  readonly #except: ReadonlySet<string>;
  readonly #trim: (object: T) => T;
  readonly #groupBy: ((object: T) => string | undefined) | undefined;
  readonly #objects = new Map<string, T>();
  readonly #groups = new Map<string, Map<string, T>>();
  /** Objects of watch events whose spec cannot be read, not even to reduce them. */
  readonly #unreadable = new WeakSet<object>();
  /** Keys of objects that exist, and whose newest state cannot be read. */
  readonly #unreadableKeys = new Set<string>();
  /** Namespaces whose first list is complete. */
  readonly #synced = new Set<string>();
  /** Namespaces whose last list or watch failed. */
  readonly #failing = new Set<string | undefined>();
  readonly #started: Promise<void>;
  #resolve: () => void = () => {};

  constructor(options: ResourceCacheOptions<T>) {
    this.resource = options.resource;
    this.#except = new Set(options.except);
    this.#trim = options.trim ?? ((object) => object);
    this.#groupBy = options.groupBy;
    this.#started = new Promise((resolve) => {
      this.#resolve = resolve;
    });
    const namespaces = options.namespaces ?? [""];
    this.#reflectors = new Map(namespaces.map((namespace) => [namespace, this.#reflect(options, namespace)]));
  }

  #reflect(options: ResourceCacheOptions<T>, namespace: string): Reflector<T> {
    return new Reflector<T>({
      client: options.client,
      clock: options.clock,
      logger: options.logger,
      path: collectionPath(options.resource, namespace === "" ? undefined : namespace),
      ...(namespace === "" && this.#except.size > 0 ? { fieldSelector: outside(this.#except) } : {}),
      mode: "full",
      reduce: (raw) => this.#reduce(raw, options.logger),
      uidOf: (object) => object.metadata.uid,
      onEvent: (event) => {
        const key = event.key;
        const known = this.#objects.get(key);
        if (event.type === "Deleted") {
          this.#unreadableKeys.delete(key);
          if (known && known.metadata.uid !== event.previous.metadata.uid) return;
          this.#remove(key);
          const previous = this.#unreadable.has(event.previous) ? known : event.previous;
          if (previous) options.onChange(key, undefined, known ?? previous, previous);
          return;
        }
        if (this.#unreadable.has(event.object)) {
          this.#unreadableKeys.add(key);
          return;
        }
        this.#unreadableKeys.delete(key);
        const before = previousOf(event);
        const previous = before && this.#unreadable.has(before) ? known : before;
        if (known && known !== previous && !event.listed && isOlder(event.object, known)) return;
        this.#put(key, event.object);
        options.onChange(key, event.object, known, previous);
      },
      onSync: (error, listed) => {
        if (error !== undefined) this.#failing.add(namespace);
        else if (this.#failing.delete(namespace)) options.onRecovered?.();
        if (listed) this.#dropGhosts(namespace, options.onChange);
        if (error === undefined) this.#markSynced(namespace);
      },
      ...(options.observer ? { observer: options.observer } : {}),
    });
  }

  #reduce(raw: RawObject, logger: Logger): T {
    const object = withoutManagedFields(raw) as unknown as T;
    const { metadata } = object;
    const known = this.#objects.get(storeKey(object));
    const isChecked = known?.metadata.uid === metadata.uid && known.metadata.generation === metadata.generation;
    const fault = isChecked ? undefined : unreadableSpec(this.resource.kind, object.spec);
    if (fault === undefined) return this.#trim(object);
    const { kind, namespaced } = this.resource;
    const { namespace, name } = metadata;
    const message = `cannot be read: ${fault}; apply the definitions (crds/) of this version, and correct it`;
    if (!namespaced) throw new Error(`${kind} ${name} ${message}`);
    logger.warn(`ignoring a resource that ${message}`, { kind, namespace, name });
    this.#unreadable.add(object);
    return object;
  }

  /** Starts the watches, and resolves when all objects are known. */
  start(): Promise<void> {
    for (const reflector of this.#reflectors.values()) reflector.start();
    return this.#started;
  }

  async stop(): Promise<void> {
    await Promise.all([...this.#reflectors.values()].map((reflector) => reflector.stop()));
  }

  get synced(): boolean {
    return [...this.#reflectors.values()].every((reflector) => reflector.synced);
  }

  /** Reports whether the cache covers a namespace. */
  follows(namespace: string): boolean {
    return this.#reflectorOf(namespace) !== undefined && !this.#except.has(namespace);
  }

  get(key: string): T | undefined {
    return this.#objects.get(key);
  }

  /** Reports whether an object exists whose newest state cannot be read; `get` returns an earlier state, if there was one since the start. */
  isUnreadable(key: string): boolean {
    return this.#unreadableKeys.has(key);
  }

  values(): Iterable<T> {
    return this.#objects.values();
  }

  /** Returns the objects of a group. */
  of(group: string): Iterable<T> {
    return this.#groups.get(group)?.values() ?? [];
  }

  /** Stores the result of an own write, unless the watch has already delivered something newer: a change or the deletion. */
  note(object: T): void {
    const { resourceVersion } = object.metadata;
    const key = storeKey(object);
    const known = this.#objects.get(key);
    if (known ? isNewer(known.metadata.resourceVersion, resourceVersion) : this.#hasPassed(object.metadata)) return;
    if (known?.metadata.generation !== object.metadata.generation && unreadableSpec(this.resource.kind, object.spec))
      return;
    this.#put(key, this.#trim(withoutManagedFields(object as unknown as RawObject) as unknown as T));
  }

  /** Reports whether the watch has delivered everything up to a version: an object missing then has been deleted. */
  #hasPassed({ namespace, resourceVersion }: ObjectMeta): boolean {
    const reached = this.#reflectorOf(namespace)?.resourceVersion;
    return reached !== undefined && !isNewer(resourceVersion, reached);
  }

  #reflectorOf(namespace: string): Reflector<T> | undefined {
    return this.#reflectors.get("") ?? this.#reflectors.get(namespace);
  }

  /** Marks the first list of a namespace as complete. */
  #markSynced(namespace: string): void {
    this.#synced.add(namespace);
    if (this.#synced.size === this.#reflectors.size) this.#resolve();
  }

  /** After a complete list, drops noted objects that were deleted in the meantime. */
  #dropGhosts(listed: string, onChange: ResourceCacheOptions<T>["onChange"]): void {
    const store = this.#reflectors.get(listed)?.store;
    for (const [key, object] of this.#objects) {
      if (listed !== "" && object.metadata.namespace !== listed) continue;
      if (store?.has(key) || !this.#hasPassed(object.metadata)) continue;
      this.#remove(key);
      onChange(key, undefined, object, object);
    }
  }

  #put(key: string, object: T): void {
    this.#ungroup(key);
    this.#objects.set(key, object);
    const name = this.#groupBy?.(object);
    if (name === undefined) return;
    const group = this.#groups.get(name) ?? new Map<string, T>();
    this.#groups.set(name, group.set(key, object));
  }

  #remove(key: string): void {
    this.#ungroup(key);
    this.#objects.delete(key);
  }

  #ungroup(key: string): void {
    const known = this.#objects.get(key);
    const name = known && this.#groupBy?.(known);
    if (name === undefined) return;
    const group = this.#groups.get(name);
    group?.delete(key);
    if (group?.size === 0) this.#groups.delete(name);
  }
}

/** Returns the object before a watch event. Its successor counts even with a lower version, which occurs after an etcd restore. */
function previousOf<T>(event: StoreEvent<T>): T | undefined {
  return event.type === "Modified" ? event.previous : undefined;
}

/** Reports whether `event` predates an own write that was noted. */
function isOlder(event: CustomResource<unknown, unknown>, noted: CustomResource<unknown, unknown>): boolean {
  const { uid, resourceVersion } = noted.metadata;
  return uid === event.metadata.uid && isNewer(resourceVersion, event.metadata.resourceVersion);
}

/** Selects the objects that are in none of these namespaces. */
function outside(namespaces: ReadonlySet<string>): string {
  return [...namespaces].map((namespace) => `metadata.namespace!=${namespace}`).join(",");
}

function withoutManagedFields(raw: RawObject): RawObject {
  const { managedFields: _, ...metadata } = raw.metadata;
  return { ...raw, metadata };
}
