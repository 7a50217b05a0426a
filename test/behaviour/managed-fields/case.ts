import type { RawObject } from "../../../src/kube/object.js";
import type { TestKube, TestRef } from "../../support/kube.js";
import type { World } from "../../support/world.js";
import type { RowId } from "./rows.js";

/**
 * What the operator makes of a disturbance:
 * - `healed`: it writes, live is as before again, and the hash of our entry is the annotated one;
 * - `quiet`: it sends nothing for the object, not even a look;
 * - `one verification`: it applies once (where generations are counted: once for each), which changes nothing;
 * - `unwritten`: it may look, as often as there were events, but nothing is changed;
 * - `reported`: it cannot be healed, and the app says so.
 */
export type Expectation = "healed" | "quiet" | "one verification" | "unwritten" | "reported";

/** What a disturbance gets to work with. */
export interface Trial {
  readonly world: World;
  readonly kube: TestKube;
  /** Of the case; its first document has it. */
  readonly name: string;
  /** Of the first document. */
  readonly ref: TestRef;
  /** The field manager of the app. */
  readonly manager: string;
  /** The live object as it was before. */
  readonly before: RawObject;
  /** Commits another text for the documents of the case, and waits until it is applied. */
  readonly commit: (text: string) => Promise<void>;
}

/** One test: documents in Git, a write of somebody else, and what the operator makes of it. */
export interface ManagedFieldsCase {
  readonly row: RowId;
  readonly title: string;
  /** The documents; the first one, of this name, is the one that is looked at. */
  readonly documents: (name: string) => string;
  readonly disturb: (trial: Trial) => Promise<unknown>;
  readonly expect: Expectation;
  /** Do it while the operator stands still, so that it sees the last state only after the first. */
  readonly frozen?: boolean;
  /** After the disturbance our entry is as before: the managed fields do not tell. Needs `frozen`. */
  readonly hidden?: boolean;
  /** How many writes a heal may take; unless told, two. */
  readonly writes?: number;
  /** What of the object must be as before; unless told, all but what the API server counts. */
  readonly live?: (object: RawObject) => unknown;
  /** More to check in the end. */
  readonly after?: (trial: Trial, live: RawObject) => Promise<unknown> | unknown;
  /** `reported`: what the app says. */
  readonly says?: RegExp;
}

/** The manager that disturbances are made as. */
export const THIEF = "thief";

/** A JSON merge patch by the other manager. */
export function patches(body: unknown): (trial: Trial) => Promise<unknown> {
  return ({ kube, ref }) => kube.patch(ref, body, { manager: THIEF });
}

/** A JSON patch by the other manager. */
export function edits(...operations: readonly unknown[]): (trial: Trial) => Promise<unknown> {
  return ({ kube, ref }) => kube.patch(ref, operations, { manager: THIEF, type: "json" });
}

/** A server-side apply by the other manager, with force unless told. */
export function applies(body: Record<string, unknown>, force = true): (trial: Trial) => Promise<unknown> {
  return ({ kube, ref }) => {
    const { apiVersion, kind, name, namespace } = ref;
    const metadata = { name, ...(namespace ? { namespace } : {}) };
    return kube.apply({ apiVersion, kind, metadata, ...body }, THIEF, { force: String(force) });
  };
}

/** Asks the app to reconcile, which is no reason to write. */
export async function pokes({ world }: Trial): Promise<unknown> {
  return world.poke(APP);
}

/** Name of the app that all cases belong to. */
export const APP = "fields";

/** The value at a path of steps. */
export function at(object: unknown, ...steps: readonly (string | number)[]): unknown {
  let value = object;
  for (const step of steps) value = (value as Record<string | number, unknown> | undefined)?.[step];
  return value;
}
