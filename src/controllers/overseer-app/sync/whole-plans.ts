import { LRUCache } from "lru-cache";
import type { PlannedAction } from "../../../api/change.js";

/** A plan that its Change cannot show completely. */
export interface KeptPlan {
  /** The hash in the status of the Change. */
  readonly planHash: string;
  /** The hash by which the whole plan is approved. */
  readonly wholeHash: string;
  /** The actions, as JSON. */
  readonly json: Buffer;
}

/** Bytes of all plans. A plan that is dropped is computed anew when its Change is judged again. */
const MAX_BYTES = 48 * 2 ** 20;

/** The whole plans of Changes that cannot show them, in the memory of this process, by UID of the Change. */
export class WholePlans {
  readonly #plans = new LRUCache<string, KeptPlan>({
    maxSize: MAX_BYTES,
    sizeCalculation: ({ json }) => json.length + 1,
  });

  keep(
    changeUid: string,
    { actions, ...hashes }: Omit<KeptPlan, "json"> & { readonly actions: readonly PlannedAction[] },
  ): void {
    this.#plans.set(changeUid, { ...hashes, json: Buffer.from(JSON.stringify(actions)) });
  }

  get(changeUid: string): KeptPlan | undefined {
    return this.#plans.get(changeUid);
  }
}
