import type { CustomResource, ObjectMeta } from "../../../../src/api/meta.js";
import type { Clock } from "../../../../src/base/clock.js";
import type { ResourceCache } from "../../../../src/controllers/resource-cache.js";
import type { KubeClient, KubeRequest } from "../../../../src/kube/client/kube-client.js";
import { KubeStatusError } from "../../../../src/kube/errors.js";
import type { ResourceInfo } from "../../../../src/kube/resource.js";

type Stored = CustomResource<unknown, unknown>;

/** Our custom resources in memory: enough of an API server for the requests that the controllers send about them. */
export class MemoryApi {
  readonly #objects = new Map<string, Stored>();
  /** Objects that exist but cannot be read, as `overseerapps/shop/web`. */
  readonly unreadable = new Set<string>();
  readonly #clock: Pick<Clock, "now">;
  #versions = 0;
  /** A namespace that is being deleted, where nothing can be created. */
  terminating: string | undefined;
  /** How far its clock is ahead of that of the operator, in milliseconds. */
  aheadMs = 0;
  /** Writes so far. */
  writes = 0;
  /** Called before and after each request is served; may throw, as a connection that breaks before or after the server has acted. */
  fault: (when: "before" | "after") => void = () => {};

  constructor(clock: Pick<Clock, "now">) {
    this.#clock = clock;
  }

  /** Returns the time of its clock, in epoch milliseconds. */
  time(): number {
    return this.#clock.now() + this.aheadMs;
  }

  /** Returns the client of one process; `check` throws once that process is gone. */
  client(check: () => void): KubeClient {
    const request = async (sent: KubeRequest) => {
      check();
      this.fault("before");
      const body = this.#serve(sent);
      this.fault("after");
      return { status: 200, body, warnings: [] };
    };
    return { request, serverTime: () => this.time() } as unknown as KubeClient;
  }

  /** Returns a cache that is always current. `reduce` and `groupOf` are those of the real cache. */
  cache<T extends Stored>(
    resource: ResourceInfo,
    reduce: (object: T) => T = (object) => object,
    groupOf: (object: T) => string = () => "",
  ): ResourceCache<T> {
    const isUnreadable = (key: string): boolean => this.unreadable.has(`${resource.plural}/${key}`);
    const all = (): T[] => {
      const found = [...this.#objects].filter(([path]) => path.startsWith(`${resource.plural}/`));
      return found.map(([, object]) => reduce(object as T));
    };
    const get = (key: string): T | undefined => {
      const object = this.#objects.get(`${resource.plural}/${key}`);
      return object === undefined || isUnreadable(key) ? undefined : reduce(object as T);
    };
    const of = (group: string): T[] => all().filter((object) => groupOf(object) === group);
    const cache = { resource, get, of, values: all, note: () => {}, follows: () => true, isUnreadable, synced: true };
    return cache as unknown as ResourceCache<T>;
  }

  /** Creates or replaces an object, as a user does; another spec is another generation. */
  put<T extends Stored>(plural: string, object: T): T {
    const path = `${plural}/${object.metadata.namespace}/${object.metadata.name}`;
    const before = this.#objects.get(path)?.metadata.generation ?? 0;
    return this.#store(path, object, { generation: before + 1 });
  }

  /** Deletes an object; it stays with a deletion time while it has finalizers. */
  remove(plural: string, key: string, deletionTimestamp: string): void {
    const path = `${plural}/${key}`;
    const object = this.#objects.get(path);
    if (object === undefined) return;
    if ((object.metadata.finalizers ?? []).length === 0) this.#objects.delete(path);
    else this.#store(path, object, { deletionTimestamp });
  }

  #serve({ method, path, body, contentType = "" }: KubeRequest): unknown {
    const [, rest = ""] = path.split("/namespaces/");
    const [namespace = "", plural = "", name, part] = rest.split("/");
    if (method === "POST") return this.#create(plural, namespace, body as Stored);
    const key = `${plural}/${namespace}/${name}`;
    const object = this.#objects.get(key);
    if (object === undefined) throw new KubeStatusError(404, { reason: "NotFound" }, path);
    if (method === "GET") return object;
    this.writes++;
    if (method === "DELETE") {
      this.#objects.delete(key);
      return object;
    }
    const { metadata, spec, status } = body as { metadata: Partial<ObjectMeta>; spec?: object; status?: unknown };
    if (contentType.includes("apply") && part === "status") return this.#store(key, { ...object, status });
    const { resourceVersion = object.metadata.resourceVersion, ...changes } = metadata;
    if (resourceVersion !== object.metadata.resourceVersion) {
      throw new KubeStatusError(409, { reason: "Conflict" }, path);
    }
    const merged = { ...object, ...(spec && { spec: { ...(object.spec as object), ...spec } }) };
    const stored = this.#store(key, merged, changes);
    const { deletionTimestamp, finalizers = [] } = stored.metadata;
    if (deletionTimestamp !== undefined && finalizers.length === 0) this.#objects.delete(key);
    return stored;
  }

  #create(plural: string, namespace: string, object: Stored): Stored {
    if (this.terminating === namespace) {
      const details = { causes: [{ reason: "NamespaceTerminating" }] };
      throw new KubeStatusError(403, { reason: "Forbidden", message: "is being terminated", details }, namespace);
    }
    const key = `${plural}/${namespace}/${object.metadata.name}`;
    if (this.#objects.has(key)) throw new KubeStatusError(409, { reason: "AlreadyExists" }, key);
    this.writes++;
    return this.#store(key, object, { generation: 1 });
  }

  #store<T extends Stored>(path: string, object: T, change: Partial<ObjectMeta> = {}): T {
    const version = ++this.#versions;
    const uid = this.#objects.get(path)?.metadata.uid ?? `uid-${version}`;
    const stored = { ...object, metadata: { ...object.metadata, uid, ...change, resourceVersion: String(version) } };
    this.#objects.set(path, stored);
    return stored;
  }
}
