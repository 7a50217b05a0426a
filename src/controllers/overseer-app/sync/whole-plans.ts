import { createHash } from "node:crypto";
import { LRUCache } from "lru-cache";
import type { PlannedAction } from "../../../api/change.js";

/** A plan that its Change cannot show completely. */
export interface KeptPlan {
  /** The hash in the status of the Change. */
  readonly planHash: string;
  /** The actions, as JSON; undefined if they are too large. */
  readonly json: Buffer | undefined;
  /** Hash of the JSON: the live objects, and so the fields that differ, may change while the plan hash does not. */
  readonly digest: string | undefined;
}

/** Bytes of all plans. A plan that is dropped is computed anew when its Change is judged again. */
const MAX_BYTES = 48 * 2 ** 20;

/** The whole plans of Changes that cannot show them, in the memory of this process, by UID of the Change. */
export class WholePlans {
  readonly #plans = new LRUCache<string, KeptPlan>({
    maxSize: MAX_BYTES,
    sizeCalculation: ({ json }) => (json?.length ?? 0) + 100,
  });

  /** `actions`: undefined if they are too large to be kept. */
  keep(changeUid: string, planHash: string, actions: readonly PlannedAction[] | undefined): void {
    const json = actions && Buffer.from(JSON.stringify(actions));
    const digest = json && createHash("sha256").update(json).digest("hex").slice(0, 32);
    this.#plans.set(changeUid, { planHash, json, digest });
  }

  get(changeUid: string): KeptPlan | undefined {
    return this.#plans.get(changeUid);
  }

  /** Drops the plan of a Change that has ended. */
  drop(changeUid: string): void {
    this.#plans.delete(changeUid);
  }
}
