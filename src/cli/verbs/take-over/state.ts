import { gunzipSync, gzipSync } from "node:zlib";
import { isStatus } from "../../../kube/errors.js";
import type { RawObject } from "../../../kube/object.js";
import type { OwnerObject, OwnerRef } from "../../../migration/take-over/owner.js";
import type { Snapshot } from "../../../migration/take-over/snapshot.js";
import type { Cluster } from "../../cluster/cluster.js";
import { CommandError, EXIT } from "../../exit-codes.js";

/** Steps of a take-over, in their order. Each is recorded when it is complete. */
export const STEPS = ["planned", "paused", "adopted", "detached", "done"] as const;
/** A step that is complete. */
export type Step = (typeof STEPS)[number];

/** What a take-over has to remember, also after a crash. */
export interface TakeOverState {
  readonly step: Step;
  readonly owner: OwnerRef;
  /** The object of the other tool before anything was changed. */
  readonly saved: OwnerObject;
  /** Live objects before the app adopted them. */
  readonly before?: Snapshot;
}

/** Whether a step is complete in this state. */
export function isComplete(state: TakeOverState, step: Step): boolean {
  return STEPS.indexOf(state.step) >= STEPS.indexOf(step);
}

const TYPE = "gitops.overseer.io/take-over";

/** The Secret that holds the state of a take-over. It may contain values of the other tool's object, so it is no ConfigMap. */
export class StateStore {
  readonly #cluster: Cluster;
  readonly #namespace: string;
  readonly #name: string;

  /** State of the take-over of an app. */
  constructor(cluster: Cluster, app: Readonly<Record<"namespace" | "name", string>>) {
    this.#cluster = cluster;
    this.#namespace = app.namespace;
    this.#name = `${app.name}-take-over`;
  }

  /** `NAMESPACE/NAME` of the Secret. */
  get place(): string {
    return `${this.#namespace}/${this.#name}`;
  }

  /** Returns the state; undefined if none was saved. */
  async load(): Promise<TakeOverState | undefined> {
    const secret = await this.#get();
    if (secret === undefined) return undefined;
    const { type, data } = secret as RawObject & { type?: string; data?: { state?: string } };
    if (type !== TYPE || data?.state === undefined)
      throw new CommandError(
        `Secret ${this.place} exists, but is not the state of a take-over: rename or delete it`,
        EXIT.failed,
      );
    return JSON.parse(gunzipSync(Buffer.from(data.state, "base64")).toString("utf8")) as TakeOverState;
  }

  /** Saves the state. */
  async save(state: TakeOverState): Promise<void> {
    const data = { state: gzipSync(JSON.stringify(state)).toString("base64") };
    const body = {
      apiVersion: "v1",
      kind: "Secret",
      type: TYPE,
      metadata: { name: this.#name, namespace: this.#namespace },
      data,
    };
    const query = { fieldManager: "overseer" };
    if ((await this.#get()) === undefined) await this.#request("POST", "", { body, query });
    else
      await this.#request("PATCH", this.#name, { body: { data }, query, contentType: "application/merge-patch+json" });
  }

  /** Deletes the state. */
  async remove(): Promise<void> {
    await this.#request("DELETE", this.#name, {}).catch((error: unknown) => {
      if (!isStatus(error, 404)) throw error;
    });
  }

  async #get(): Promise<RawObject | undefined> {
    return this.#request<RawObject>("GET", this.#name, {}).catch((error: unknown) => {
      if (isStatus(error, 404)) return undefined;
      throw error;
    });
  }

  #request<T>(
    method: "GET" | "POST" | "PATCH" | "DELETE",
    name: string,
    more: { body?: object; query?: Record<string, string>; contentType?: string },
  ): Promise<T> {
    const path = `/api/v1/namespaces/${encodeURIComponent(this.#namespace)}/secrets${name === "" ? "" : `/${encodeURIComponent(name)}`}`;
    return this.#cluster.request<T>({ method, path, ...more });
  }
}
