import type { Document } from "../manifest/document.js";
import type { ObjectKey } from "../manifest/object-id.js";
import type { DeferredWrite, PreviewedWrite } from "./actions.js";

/** Progress of the writes of a Change. */
export interface ApplyState {
  /** Accepted, and not held. */
  readonly ready: readonly PreviewedWrite[];
  /** Not accepted yet. */
  readonly waiting: readonly DeferredWrite[];
  /** Accepted by the preview, but failed. */
  readonly failed: readonly Document[];
  /** Whether anything was written since the last preview of the waiting writes. */
  readonly wrote: boolean;
  /** Returns the apply tier of a document; lower tiers go first. */
  readonly tierOf: (document: Document) => number;
}

/** Next step of an apply. */
export type ApplyStep =
  | { readonly type: "write"; readonly writes: readonly PreviewedWrite[] }
  /** Preview the waiting writes again. */
  | { readonly type: "judge" }
  | { readonly type: "end" };

/**
 * Returns the next step of an apply. Writes go tier by tier: a tier is written when all lower tiers are complete, and waiting
 * writes are previewed again before their tier. A refusal never blocks the writes that could lift it, whatever their tier.
 */
export function nextStep({ ready, waiting, failed, wrote, tierOf }: ApplyState): ApplyStep {
  const tiers = ready.map(({ action }) => tierOf(action.document));
  const tier = Math.min(...tiers);
  const isDue = ({ action }: DeferredWrite): boolean => tierOf(action.document) <= tier;
  if (wrote && waiting.some(isDue)) return { type: "judge" };
  if (ready.length === 0) return { type: "end" };
  const lower = waiting.filter(({ action }) => tierOf(action.document) < tier);
  if (lower.length === 0 && !failed.some((document) => tierOf(document) < tier))
    return { type: "write", writes: ready.filter((_, index) => tiers[index] === tier) };
  const lifting = new Set<ObjectKey>(lower.flatMap(({ liftedBy }) => liftedBy));
  const writes = ready.filter(({ action }) => lifting.has(action.document.key));
  if (writes.length === 0) return { type: "end" };
  const first = Math.min(...writes.map(({ action }) => tierOf(action.document)));
  return { type: "write", writes: writes.filter(({ action }) => tierOf(action.document) === first) };
}
