import { API_VERSION } from "../../api/group.js";
import { formatDuration } from "../../base/duration.js";
import type { KubeClient, KubeRequest } from "../../kube/client/kube-client.js";
import { isStatus, KubeConnectionError } from "../../kube/errors.js";
import type { RawObject } from "../../kube/object.js";
import { parseWatchEvent } from "../../kube/watch/watch-event.js";
import { splitLines } from "../../kube/watch/watch-lines.js";
import type { ObjectList, Reader, Scope, ServerTable, WatchLine, WatchStart } from "../connection/connection.js";
import { notFound, notInstalled } from "../connection/not-found.js";
import type { Kind } from "../kinds.js";
import type { Target } from "../target.js";

/** Media types by which the API server formats a list as kubectl shows it. */
const AS_TABLE = "application/json;as=Table;g=meta.k8s.io;v=v1,application/json";
/** Field manager of what the command line writes. */
const FIELD_MANAGER = "overseer";

/** The cluster of the command line, as its user sees it. All requests are those that kubectl could send. */
export class Cluster implements Reader {
  readonly client: KubeClient;
  /** Namespace of the flags or of the context. */
  readonly namespace: string;
  /** Name of the context; undefined in a pod. */
  readonly context: string | undefined;
  readonly #timeoutMs: number;

  constructor(options: {
    readonly client: KubeClient;
    readonly namespace: string;
    readonly context: string | undefined;
    readonly requestTimeoutMs: number;
  }) {
    this.client = options.client;
    this.namespace = options.namespace;
    this.context = options.context;
    this.#timeoutMs = options.requestTimeoutMs;
  }

  /**
   * Sends a request.
   *
   * @throws KubeStatusError, or KubeConnectionError, also after the time limit.
   */
  async request<T>(request: KubeRequest): Promise<T> {
    const signal = this.#timeoutMs > 0 ? AbortSignal.timeout(this.#timeoutMs) : undefined;
    try {
      const { body } = await this.client.request<T>({ ...request, ...(signal === undefined ? {} : { signal }) });
      return body;
    } catch (error) {
      if (!signal?.aborted) throw error;
      const limit = formatDuration(this.#timeoutMs);
      const text = `no answer from ${this.client.server} within ${limit}: check the network, or raise --request-timeout`;
      throw new KubeConnectionError(text, error);
    }
  }

  /** Path of a kind in a namespace, or in all. */
  path({ kind, plural, clusterScoped }: Kind, namespace: string, name?: string): string {
    const place = namespace === "" || clusterScoped === true ? "" : `/namespaces/${encodeURIComponent(namespace)}`;
    const root = kind === "Event" ? "/api/v1" : `/apis/${API_VERSION}`;
    return `${root}${place}/${plural}${name === undefined ? "" : `/${encodeURIComponent(name)}`}`;
  }

  /** Namespace of a target. */
  namespaceOf({ namespace = this.namespace }: Pick<Target, "namespace">): string {
    return namespace;
  }

  /** Returns an object. Throws a CommandError with the nearest name if there is none. */
  async get<T = RawObject>(target: Target): Promise<T> {
    const namespace = this.namespaceOf(target);
    try {
      return await this.request<T>({ method: "GET", path: this.path(target.kind, namespace, target.name) });
    } catch (error) {
      throw isStatus(error, 404) ? await notFound(this, target) : error;
    }
  }

  /** Returns an object; undefined if there is none, or it may not be read. */
  async find<T = RawObject>(target: Target): Promise<T | undefined> {
    try {
      return await this.request<T>({
        method: "GET",
        path: this.path(target.kind, this.namespaceOf(target), target.name),
      });
    } catch (error) {
      if (isStatus(error, 404) || isStatus(error, 403)) return undefined;
      throw error;
    }
  }

  /** Lists objects. Throws a CommandError if the kind is not installed. */
  async list<T = RawObject>(kind: Kind, { namespace, selector, fields, limit }: Scope): Promise<ObjectList<T>> {
    const query = {
      labelSelector: selector,
      fieldSelector: fields,
      ...(limit === undefined ? {} : { limit: String(limit) }),
    };
    try {
      return await this.request<ObjectList<T>>({ method: "GET", path: this.path(kind, namespace), query });
    } catch (error) {
      throw isStatus(error, 404) ? notInstalled(kind) : error;
    }
  }

  /** Lists objects as the API server formats them. */
  async table(kind: Kind, { namespace, selector, fields }: Scope): Promise<ServerTable> {
    const query = { labelSelector: selector, fieldSelector: fields };
    try {
      return await this.request<ServerTable>({
        method: "GET",
        path: this.path(kind, namespace),
        query,
        accept: AS_TABLE,
      });
    } catch (error) {
      throw isStatus(error, 404) ? notInstalled(kind) : error;
    }
  }

  /** Watches a collection until the server ends the watch. */
  async *watch<T>(kind: Kind, start: WatchStart): AsyncGenerator<WatchLine<T>> {
    const path = this.path(kind, start.namespace);
    const query = {
      watch: "1",
      allowWatchBookmarks: "true",
      resourceVersion: start.resourceVersion,
      labelSelector: start.selector,
      fieldSelector: start.fields,
    };
    const chunks = await this.client.stream({
      ...{ method: "GET", path, query },
      ...(start.asTable === true ? { accept: AS_TABLE } : {}),
      ...(start.signal === undefined ? {} : { signal: start.signal }),
    });
    start.onOpen?.();
    for await (const line of splitLines(chunks, path)) yield parseWatchEvent(line, path, undefined) as WatchLine<T>;
  }

  /** Creates an object as the user. */
  create<T>(kind: Kind, namespace: string, body: object): Promise<T> {
    const query = { fieldManager: FIELD_MANAGER };
    return this.request<T>({ method: "POST", path: this.path(kind, namespace), query, body });
  }

  /** Merges fields into an object as the user. */
  async patch<T>(target: Target, body: object): Promise<T> {
    const path = this.path(target.kind, this.namespaceOf(target), target.name);
    const contentType = "application/merge-patch+json";
    try {
      return await this.request<T>({
        method: "PATCH",
        path,
        query: { fieldManager: FIELD_MANAGER },
        contentType,
        body,
      });
    } catch (error) {
      throw isStatus(error, 404) ? await notFound(this, target) : error;
    }
  }

  /** Closes the connections. */
  close(): Promise<void> {
    return this.client.close();
  }
}
