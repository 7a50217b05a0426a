import type { Document } from "../manifest/document.js";
import type { ObjectKey } from "../manifest/object-id.js";
import type { DeferredWrite, PreviewedWrite } from "./actions.js";

/** How far the writes of a Change are. */
export interface ApplyState {
  /** Accepted, and free to be made. */
  readonly ready: readonly PreviewedWrite[];
  /** Not accepted so far. */
  readonly waiting: readonly DeferredWrite[];
  /** Accepted, and refused when they were made. */
  readonly failed: readonly Document[];
  /** Whether anything was written since the waiting ones were judged. */
  readonly wrote: boolean;
  /** When a document is applied; a lower tier goes first. */
  readonly tierOf: (document: Document) => number;
}

/** What is done next with the writes of a Change. */
export type ApplyStep =
  | { readonly type: "write"; readonly writes: readonly PreviewedWrite[] }
  /** Have the destination judge the waiting ones again. */
  | { readonly type: "judge" }
  | { readonly type: "end" };

/**
 * Tier by tier: a tier is written when those before it are complete, and what waits is judged again before its own tier. One
 * refusal never stops the writes that could lift it, whatever their tier.
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
