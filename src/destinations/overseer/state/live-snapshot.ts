import type { ObjectKey } from "../../../manifest/object-id.js";
import type { LiveObject } from "../../../plan/live.js";
import { newestSecretOf } from "../kinds/changed-secrets.js";
import type { CoreKind, Managed } from "../kinds/core-kind.js";
import { CORE_KINDS } from "../kinds/kinds.js";
import { type OwnershipRecord, ownershipOf } from "../ownership-record.js";
import type { CoreState } from "./core-state.js";
import { liveObject } from "./observed.js";

type LiveObjects = ReadonlyMap<ObjectKey, LiveObject>;

/** A cached live object, and the records from which it was derived. */
interface Judged {
  readonly live: LiveObject;
  readonly by: readonly unknown[];
}

const NOTHING: LiveObjects = new Map();

/** Identity of the installation whose ownership records count, and the key of its digests. */
export interface OwnershipIdentity {
  readonly instance: string;
  readonly digestKey: string;
}

/**
 * The live objects of every app, as planning needs them. Computed once per state of the Core, because a reconcile needs them
 * several times and many apps may share a Core.
 */
export class LiveSnapshot {
  readonly #state: CoreState;
  readonly #instance: string;
  readonly #digestKey: string;
  /** Cached objects, valid while the records they were derived from are unchanged. */
  readonly #judged = new WeakMap<Managed, Judged>();
  #byApp: ReadonlyMap<string, LiveObjects> = new Map();
  #version: number | undefined;

  constructor(state: CoreState, { instance, digestKey }: OwnershipIdentity) {
    this.#state = state;
    this.#instance = instance;
    this.#digestKey = digestKey;
  }

  /** Returns the objects of an app. `app`: `namespace/name`. */
  of(app: string): LiveObjects {
    if (this.#version !== this.#state.version) {
      this.#byApp = this.#compute();
      this.#version = this.#state.version;
    }
    return this.#byApp.get(app) ?? NOTHING;
  }

  #compute(): ReadonlyMap<string, LiveObjects> {
    const byApp = new Map<string, Map<ObjectKey, LiveObject>>();
    for (const rules of CORE_KINDS) {
      for (const record of this.#state.all(rules.change)) {
        const ownership = ownershipOf(record.metadata);
        if (ownership?.instance !== this.#instance) continue;
        const live = this.#judge(rules, record, ownership);
        const objects = byApp.get(ownership.app) ?? new Map<ObjectKey, LiveObject>();
        objects.set(live.key, live);
        byApp.set(ownership.app, objects);
      }
    }
    return byApp;
  }

  #judge(rules: CoreKind, record: Managed, ownership: OwnershipRecord): LiveObject {
    const by = judgedBy(record, this.#state);
    const known = this.#judged.get(record);
    if (known?.by.every((one, index) => one === by[index])) return known.live;
    const live = liveObject(rules, record, ownership, this.#state, this.#digestKey);
    this.#judged.set(record, { live, by });
    return live;
  }
}

/** Returns all that rules of any kind read besides the resource: its newest job, its node, its app, and changes of its secrets. */
function judgedBy(record: Managed, state: CoreState): readonly unknown[] {
  const nodeId = "nodeId" in record ? (record.nodeId ?? record.assignedNodeId) : null;
  const node = nodeId === null ? undefined : state.byId("node", nodeId);
  const app = "appId" in record && record.appId !== null ? state.byId("app", record.appId) : undefined;
  const secrets = "compose" in record ? newestSecretOf(record, state) : undefined;
  return [state.newestJob(record.id), node, app, secrets];
}
