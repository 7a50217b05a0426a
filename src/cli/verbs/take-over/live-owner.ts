import { setTimeout as delay } from "node:timers/promises";
import type { Discovery } from "../../../kube/discovery.js";
import { isStatus } from "../../../kube/errors.js";
import { objectPath } from "../../../kube/resource.js";
import {
  describeOwner,
  harmlessFinalizers,
  isPaused,
  type OwnerObject,
  type OwnerRef,
  parentProblem,
  parentsOf,
  pausePatch,
  restorePatch,
} from "../../../migration/take-over/owner.js";
import { activityOf, changedFields, endOfActivity } from "../../../migration/take-over/progress.js";
import type { Cluster } from "../../cluster/cluster.js";
import { CommandError, EXIT } from "../../exit-codes.js";
import { say } from "../../terminal.js";
import { deadline } from "../wait/deadline.js";

/** How often a pause is tried while others write the object. */
const MAX_TRIES = 20;
/** Between two looks at an object that is being deleted. */
const POLL_MS = 200;
/** How long the other tool may take to remove its own finalizer from an object that is paused. */
const CONTROLLER_MS = 5_000;

/** The object of the other tool in the cluster. */
export class LiveOwner {
  readonly ref: OwnerRef;
  readonly #cluster: Cluster;
  readonly #discovery: Discovery;

  constructor(cluster: Cluster, discovery: Discovery, ref: OwnerRef) {
    this.#cluster = cluster;
    this.#discovery = discovery;
    this.ref = ref;
  }

  /** Returns the object; undefined if there is none. */
  get(ref: OwnerRef = this.ref): Promise<OwnerObject | undefined> {
    return this.#request<OwnerObject>("GET", ref, {}).catch((error: unknown) => {
      if (isStatus(error, 404)) return undefined;
      throw error;
    });
  }

  /** Fails if a parent would undo what is done to the object. */
  async checkParents(object: OwnerObject): Promise<void> {
    for (const parent of parentsOf(this.ref, object)) {
      const problem = parentProblem(parent, await this.get(parent), object);
      if (problem !== undefined) throw new CommandError(`${describeOwner(this.ref)}: ${problem}`, EXIT.failed);
    }
  }

  /**
   * Stops the other tool from writing, unless its object is no longer the one that was planned with.
   *
   * @throws CommandError
   */
  async pause(saved: OwnerObject): Promise<void> {
    for (let tries = 1; ; tries++) {
      const live = await this.get();
      if (live === undefined || isPaused(this.ref, live)) return;
      const changed = changedFields(this.ref, saved, live);
      if (changed.length > 0 || live.metadata.uid !== saved.metadata.uid)
        throw new CommandError(
          `nothing was changed, because ${describeOwner(this.ref)} was changed since it was planned${changed.length === 0 ? "" : ` (spec.${changed.join(", spec.")})`}: import it again if the app has to follow, apply the manifest, and run this again`,
          EXIT.failed,
        );
      const patch = pausePatch(this.ref, live) as { readonly metadata?: object };
      const { resourceVersion } = live.metadata;
      try {
        await this.#patch({ ...patch, metadata: { ...patch.metadata, resourceVersion } });
      } catch (error) {
        // Written by the other tool meanwhile, for example its status: it is looked at again.
        if (!isStatus(error, 409) || tries === MAX_TRIES) throw error;
      }
    }
  }

  /** Whether the object is paused. */
  async isPaused(): Promise<boolean> {
    const live = await this.get();
    return live !== undefined && isPaused(this.ref, live);
  }

  /**
   * Waits until the other tool has ended what it had begun before the pause, and returns the object; undefined if it is gone.
   *
   * @throws CommandError if that takes too long, or the object is no longer paused.
   */
  async idle(saved: OwnerObject, timeoutMs: number): Promise<OwnerObject | undefined> {
    const { left } = deadline(timeoutMs);
    for (let isShown = false; ; isShown = true) {
      const live = await this.paused(saved);
      const activity = live && activityOf(this.ref, live);
      if (activity === undefined) return live;
      if (left() <= 0)
        throw new CommandError(
          `${describeOwner(this.ref)} still writes, although it is paused: ${activity}. ${endOfActivity(this.ref)}`,
          EXIT.timeout,
        );
      if (!isShown) say(`${describeOwner(this.ref)}: ${activity}; waiting for its end`);
      await delay(POLL_MS);
    }
  }

  /** Gives the object its settings again; nothing if it was deleted or replaced. */
  async restore(saved: OwnerObject): Promise<boolean> {
    const live = await this.get();
    if (live?.metadata.uid !== saved.metadata.uid || live.metadata.deletionTimestamp !== undefined) return false;
    await this.#patch(restorePatch(this.ref, saved));
    return true;
  }

  /**
   * Returns the object, which must be paused and the same as before; undefined if it is gone.
   *
   * @throws CommandError
   */
  async paused(saved: OwnerObject): Promise<OwnerObject | undefined> {
    const live = await this.get();
    if (live === undefined) return undefined;
    const what = describeOwner(this.ref);
    if (live.metadata.uid !== saved.metadata.uid)
      throw new CommandError(
        `${what} was deleted and re-created meanwhile: stop what makes it, and start over with --undo`,
        EXIT.failed,
      );
    if (!isPaused(this.ref, live))
      throw new CommandError(
        `${what} is no longer paused: something has set it back. Stop that first, for example its parent or a pipeline, and run this again`,
        EXIT.failed,
      );
    return live;
  }

  /**
   * Deletes the object, and nothing else: only while it is paused, and without the finalizers that would delete the objects of the app.
   *
   * @throws CommandError
   */
  async remove(saved: OwnerObject): Promise<void> {
    const deadline = performance.now() + 12 * CONTROLLER_MS;
    let terminating: number | undefined;
    for (;;) {
      const live = await this.paused(saved);
      if (live === undefined) return;
      const { finalizers = [], deletionTimestamp } = live.metadata;
      const others = harmlessFinalizers(live);
      terminating ??= deletionTimestamp === undefined ? undefined : performance.now();
      if (deletionTimestamp === undefined) await this.#deletePaused(live, others);
      else if (finalizers.length > others.length && performance.now() - (terminating ?? 0) > CONTROLLER_MS)
        await this.#setFinalizers(live, others);
      else if (performance.now() > deadline)
        throw new CommandError(
          `${describeOwner(this.ref)} is being deleted, but has finalizers of others: ${others.join(", ")}. Remove them, and run this again`,
          EXIT.timeout,
        );
      await delay(POLL_MS);
    }
  }

  /** Both writes are for the version that was seen to be paused. */
  async #deletePaused(live: OwnerObject, others: readonly string[]): Promise<void> {
    try {
      const { metadata } = await this.#setFinalizers(live, others);
      const preconditions = { uid: metadata.uid, resourceVersion: metadata.resourceVersion };
      await this.#request("DELETE", this.ref, { body: { preconditions, propagationPolicy: "Background" } });
    } catch (error) {
      // Changed or gone meanwhile: it is looked at again.
      if (!isStatus(error, 409) && !isStatus(error, 404)) throw error;
    }
  }

  async #setFinalizers(live: OwnerObject, finalizers: readonly string[]): Promise<OwnerObject> {
    if (finalizers.length === (live.metadata.finalizers ?? []).length) return live;
    const { resourceVersion } = live.metadata;
    try {
      return await this.#patch({ metadata: { resourceVersion, finalizers } });
    } catch (error) {
      if (isStatus(error, 409)) return live;
      throw error;
    }
  }

  #patch(body: object): Promise<OwnerObject> {
    return this.#request("PATCH", this.ref, {
      body,
      contentType: "application/merge-patch+json",
      query: { fieldManager: "overseer" },
    });
  }

  async #request<T>(
    method: "GET" | "PATCH" | "DELETE",
    { group, kind, namespace, name }: OwnerRef,
    more: { body?: object; contentType?: string; query?: Record<string, string> },
  ): Promise<T> {
    const resource = await this.#discovery.findAny({ group, version: "", kind });
    if (resource === undefined) {
      if (method === "GET") return undefined as T;
      throw new CommandError(`the cluster does not serve the kind ${kind}.${group}`, EXIT.notAllowed);
    }
    return this.#cluster.request<T>({ method, path: objectPath(resource, namespace, name), ...more });
  }
}
