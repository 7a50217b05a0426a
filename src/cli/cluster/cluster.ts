import { API_VERSION } from "../../api/group.js";
import { formatDuration } from "../../base/duration.js";
import { nearest } from "../../config/nearest.js";
import type { KubeClient, KubeRequest } from "../../kube/client/kube-client.js";
import { isStatus } from "../../kube/errors.js";
import type { RawObject } from "../../kube/object.js";
import { CommandError, EXIT } from "../exit-codes.js";
import type { Kind } from "../kinds.js";
import type { Target } from "../target.js";

/** Media types by which the API server formats a list as kubectl shows it. */
const AS_TABLE = "application/json;as=Table;g=meta.k8s.io;v=v1,application/json";
/** Field manager of what the command line writes. */
const FIELD_MANAGER = "overseer";

/** A list that the API server has formatted. */
export interface ServerTable {
  readonly metadata?: { readonly resourceVersion?: string };
  readonly columnDefinitions: readonly { readonly name: string; readonly priority: number }[];
  readonly rows: readonly { readonly cells: readonly unknown[]; readonly object: RawObject }[];
}

/** A list of objects. */
export interface ObjectList<T> {
  readonly metadata: { readonly resourceVersion: string };
  readonly items: readonly T[];
}

/** A place of objects: a namespace, or all, and a selector of labels. */
export interface Scope {
  /** Empty: all namespaces. */
  readonly namespace: string;
  readonly selector?: string | undefined;
  readonly fields?: string | undefined;
}

/** The cluster of the command line, as its user sees it. All requests are those that kubectl could send. */
export class Cluster {
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
   * @throws KubeStatusError, KubeConnectionError, or CommandError after the time limit.
   */
  async request<T>(request: KubeRequest): Promise<T> {
    const signal = this.#timeoutMs > 0 ? AbortSignal.timeout(this.#timeoutMs) : undefined;
    try {
      const { body } = await this.client.request<T>({ ...request, ...(signal === undefined ? {} : { signal }) });
      return body;
    } catch (error) {
      if (!signal?.aborted) throw error;
      const limit = formatDuration(this.#timeoutMs);
      throw new CommandError(
        `no answer from ${this.client.server} within ${limit}: check the network, or raise --request-timeout`,
        EXIT.noConnection,
      );
    }
  }

  /** Path of a kind in a namespace, or in all. */
  path({ plural, clusterScoped }: Kind, namespace: string, name?: string): string {
    const place = namespace === "" || clusterScoped === true ? "" : `/namespaces/${encodeURIComponent(namespace)}`;
    return `/apis/${API_VERSION}${place}/${plural}${name === undefined ? "" : `/${encodeURIComponent(name)}`}`;
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
      throw isStatus(error, 404) ? await this.#notFound(target) : error;
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
  async list<T = RawObject>(kind: Kind, { namespace, selector, fields }: Scope): Promise<ObjectList<T>> {
    const query = { labelSelector: selector, fieldSelector: fields };
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
      throw isStatus(error, 404) ? await this.#notFound(target) : error;
    }
  }

  /** Closes the connections. */
  close(): Promise<void> {
    return this.client.close();
  }

  async #notFound(target: Target): Promise<CommandError> {
    const { kind, name } = target;
    const namespace = this.namespaceOf(target);
    const others = await this.list(kind, { namespace }).catch((error: unknown) =>
      error instanceof CommandError ? error : undefined,
    );
    if (others instanceof CommandError) return others;
    const names = (others?.items ?? []).map(({ metadata }) => metadata.name);
    const close = nearest(name, names);
    const hint =
      close !== undefined
        ? `did you mean ${JSON.stringify(close)}?`
        : kind.clusterScoped === true
          ? `list them with "overseer get ${kind.plural}"`
          : `list them with "overseer get ${kind.plural} -n ${namespace}", or choose a namespace with -n`;
    return new CommandError(
      `there is no ${kind.kind} ${JSON.stringify(name)}${kind.clusterScoped === true ? "" : ` in namespace ${namespace}`}: ${hint}`,
      EXIT.notAllowed,
    );
  }
}

function notInstalled({ kind }: Kind): CommandError {
  return new CommandError(
    `the cluster does not know the kind ${kind}: install Overseer GitOps, or choose another context with --context`,
    EXIT.notAllowed,
  );
}
