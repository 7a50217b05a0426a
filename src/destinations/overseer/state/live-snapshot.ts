import type { ObjectKey } from "../../../manifest/object-id.js";
import type { LiveObject } from "../../../plan/live.js";
import type { CoreKind, Managed } from "../kinds/core-kind.js";
import { CORE_KINDS } from "../kinds/kinds.js";
import { type OwnershipRecord, ownershipOf } from "../ownership-record.js";
import type { CoreState } from "./core-state.js";
import { liveObject } from "./observed.js";

type LiveObjects = ReadonlyMap<ObjectKey, LiveObject>;

/** A live object, and what of the Core it was judged by. */
interface Judged {
  readonly live: LiveObject;
  readonly by: readonly unknown[];
}

const NOTHING: LiveObjects = new Map();

/** Whose marks count, and what their digests were made with. */
export interface OwnershipIdentity {
  readonly instance: string;
  readonly digestKey: string;
}

/**
 * What is live of every app, as planning needs to know it: worked out once for each state of the Core, because a reconcile asks
 * several times, and many apps may share a Core.
 */
export class LiveSnapshot {
  readonly #state: CoreState;
  readonly #instance: string;
  readonly #digestKey: string;
  /** What was judged before: it holds for as long as nothing is new that it was judged by. */
  readonly #judged = new WeakMap<Managed, Judged>();
  #byApp: ReadonlyMap<string, LiveObjects> = new Map();
  #version: number | undefined;

  constructor(state: CoreState, { instance, digestKey }: OwnershipIdentity) {
    this.#state = state;
    this.#instance = instance;
    this.#digestKey = digestKey;
  }

  /** The objects of an app. `app`: `namespace/name`. */
  of(app: string): LiveObjects {
    if (this.#version !== this.#state.version) {
      this.#byApp = this.#workOut();
      this.#version = this.#state.version;
    }
    return this.#byApp.get(app) ?? NOTHING;
  }

  #workOut(): ReadonlyMap<string, LiveObjects> {
    const byApp = new Map<string, Map<ObjectKey, LiveObject>>();
    for (const rules of CORE_KINDS) {
      for (const seen of this.#state.all(rules.change)) {
        const ownership = ownershipOf(seen.metadata);
        if (ownership?.instance !== this.#instance) continue;
        const live = this.#judge(rules, seen, ownership);
        const objects = byApp.get(ownership.app) ?? new Map<ObjectKey, LiveObject>();
        objects.set(live.key, live);
        byApp.set(ownership.app, objects);
      }
    }
    return byApp;
  }

  #judge(rules: CoreKind, seen: Managed, ownership: OwnershipRecord): LiveObject {
    const by = judgedBy(seen, this.#state);
    const known = this.#judged.get(seen);
    if (known?.by.every((one, index) => one === by[index])) return known.live;
    const live = liveObject(rules, seen, ownership, this.#state, this.#digestKey);
    this.#judged.set(seen, { live, by });
    return live;
  }
}

/** All that the rules of any kind look at besides the resource: its newest job, its node, its app. */
function judgedBy(seen: Managed, state: CoreState): readonly unknown[] {
  const node = "nodeId" in seen && seen.nodeId !== null ? state.byId("node", seen.nodeId) : undefined;
  const app = "appId" in seen && seen.appId !== null ? state.byId("app", seen.appId) : undefined;
  return [state.newestJob(seen.id), node, app];
}
