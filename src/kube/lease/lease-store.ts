import type { Clock } from "../../base/clock.js";
import type { KubeClient, KubeRequest } from "../client/kube-client.js";
import { isStatus, KubeConnectionError, KubeStatusError } from "../errors.js";
import type { RawObject } from "../object.js";
import { type LeaseHolding, type LeaseMetadata, type LeaseRecord, leaseObject, readLease } from "./lease-record.js";

/** Options of a lease store. */
export interface LeaseStoreOptions {
  /** Client used only for the lease: it must not queue behind other requests nor be fenced by the gate that the lease opens. */
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly namespace: string;
  readonly name: string;
  readonly metadata?: LeaseMetadata | undefined;
  /** Timeout for a response, in milliseconds. */
  readonly timeoutMs: number;
}

/** Reads and writes one Lease. Each write carries the resourceVersion that was read, so that only one of two writers succeeds. */
export class LeaseStore {
  /** Path of all leases in the namespace. */
  readonly path: string;
  readonly #options: LeaseStoreOptions;

  constructor(options: LeaseStoreOptions) {
    this.#options = options;
    this.path = `/apis/coordination.k8s.io/v1/namespaces/${encodeURIComponent(options.namespace)}/leases`;
  }

  /** Reads the lease; undefined if there is none. */
  async get(): Promise<LeaseRecord | undefined> {
    return this.#send([404], { method: "GET", path: `${this.path}/${this.#options.name}` });
  }

  /** Creates the lease; undefined if another process created it first. */
  async create(holding: LeaseHolding): Promise<LeaseRecord | undefined> {
    return this.#send([409], { method: "POST", path: this.path, body: leaseObject(this.#options, holding) });
  }

  /** Replaces the lease; undefined if it was changed or deleted after it was read. */
  async update(read: LeaseRecord, holding: LeaseHolding): Promise<LeaseRecord | undefined> {
    const body = leaseObject(this.#options, holding, read.object);
    return this.#send([404, 409], { method: "PUT", path: `${this.path}/${this.#options.name}`, body });
  }

  /** Adds the remedy to a missing permission. */
  explain(error: unknown): unknown {
    if (!isStatus(error, 403)) return error;
    const { namespace, name } = this.#options;
    const message =
      `${error.message}; grant the operator's ServiceAccount get, list, watch, create and update on leases ` +
      `(coordination.k8s.io) in the namespace ${namespace}, or run a single operator with --leader-election=false`;
    return new KubeStatusError(403, { ...error.status, message }, `lease ${namespace}/${name}`);
  }

  async #send(expected: readonly number[], request: KubeRequest): Promise<LeaseRecord | undefined> {
    const { client, clock, timeoutMs } = this.#options;
    const limit = new AbortController();
    const message = `${request.method} ${request.path}: no response from the API server within ${timeoutMs / 1000} s`;
    const timer = clock.after(timeoutMs, () => limit.abort(new KubeConnectionError(message, undefined)));
    try {
      return readLease((await client.request<RawObject>({ ...request, signal: limit.signal })).body);
    } catch (error) {
      if (expected.some((status) => isStatus(error, status))) return undefined;
      throw this.explain(error);
    } finally {
      timer.cancel();
    }
  }
}
