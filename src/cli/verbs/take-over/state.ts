import { gunzipSync, gzipSync } from "node:zlib";
import { isStatus } from "../../../kube/errors.js";
import type { RawObject } from "../../../kube/object.js";
import { isRecord } from "../../../manifest/shape.js";
import { describeOwner, type OwnerObject, type OwnerRef } from "../../../migration/take-over/owner.js";
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

/**
 * Returns why a state does not belong to the take-over of an object: it is of another one, of one that was deleted and re-created, or was
 * not written by a take-over. `live` is undefined if the object is gone.
 */
export function stateProblem(
  state: TakeOverState,
  owner: OwnerRef,
  live: Pick<OwnerObject, "metadata"> | undefined,
): string | undefined {
  const what = describeOwner(owner);
  if (!isSameOwner(state.owner, owner))
    return `holds the state of the take-over of ${describeOwner(state.owner)}, not of ${what}`;
  if (live === undefined) return undefined;
  if (live.metadata.uid !== state.saved.metadata.uid)
    return `holds the state of an earlier take-over: ${what} was deleted and re-created since`;
  return isComplete(state, "detached") ? `says that ${what} is deleted, but it exists` : undefined;
}

function isSameOwner(one: OwnerRef, other: OwnerRef): boolean {
  return (["group", "kind", "namespace", "name"] as const).every((field) => one[field] === other[field]);
}

/**
 * Reads the state as it is saved.
 *
 * @throws Error if it is damaged.
 */
export function readState(text: string): TakeOverState {
  const bytes = gunzipSync(Buffer.from(text, "base64"), { maxOutputLength: MAX_STATE_BYTES });
  const state: unknown = JSON.parse(bytes.toString("utf8"));
  const isWhole =
    isRecord(state) &&
    STEPS.some((step) => step === state.step) &&
    isRecord(state.owner) &&
    isRecord(state.saved) &&
    isRecord(state.saved.metadata);
  if (!isWhole) throw new Error("fields are missing");
  return state as unknown as TakeOverState;
}

/** Maximum size of a state: a Secret holds 1 MiB compressed. */
const MAX_STATE_BYTES = 256 * 1024 * 1024;
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

  /**
   * Returns the state; undefined if none was saved.
   *
   * @throws CommandError if the Secret holds something else.
   */
  async load(): Promise<TakeOverState | undefined> {
    const secret = await this.#get();
    if (secret === undefined) return undefined;
    const { type, data } = secret as RawObject & { type?: string; data?: { state?: string } };
    if (type !== TYPE || data?.state === undefined)
      throw new CommandError(
        `Secret ${this.place} exists, but is not the state of a take-over: rename or delete it`,
        EXIT.failed,
      );
    try {
      return readState(data.state);
    } catch {
      throw new CommandError(
        `Secret ${this.place} holds a damaged state of a take-over: delete it, and run this again`,
        EXIT.failed,
      );
    }
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
