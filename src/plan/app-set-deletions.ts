import { ANNOTATION_CONFIRM_DELETIONS, ANNOTATION_PRUNE, ANNOTATION_RECONCILE } from "../api/group.js";
import type { Reason } from "../api/reasons.js";
import { canonicalJson, sha256 } from "../base/hash.js";
import { keepAnnotations, keepRuling, type Metadata } from "../manifest/keep-annotations.js";
import { pruneBudget } from "./prune-budget.js";

/** An app that the set owns. */
export interface DeletableApp {
  readonly metadata: Metadata & { readonly name: string; readonly uid: string };
}

/** Facts for the decision which apps of a set may be deleted. */
export interface AppDeletionFacts<T extends DeletableApp> {
  /** The set, for messages. */
  readonly set: { readonly namespace: string; readonly name: string };
  /** Owned apps that are not generated any more. */
  readonly candidates: readonly T[];
  /** Number of apps of the set in the cluster. */
  readonly total: number;
  readonly prune: boolean;
  readonly budget: number | string | undefined;
  readonly allowEmpty: boolean;
  /** Fields of the generators that yield nothing. */
  readonly empty: readonly string[];
  /** Hash that a user has confirmed. */
  readonly confirmed: string | undefined;
}

/** Which apps are deleted, and which are kept. */
export interface AppDeletions<T extends DeletableApp> {
  readonly deletes: readonly T[];
  readonly kept: readonly T[];
  /** Hash of the deletions, by names and UIDs, which a user can confirm. */
  readonly hash: string;
  /** Why nothing may be written now. */
  readonly hold: { readonly reason: Reason; readonly message: string } | undefined;
}

const SHOWN = 5;

/**
 * Decides which apps of a set are deleted because they are not generated any more. No app of a set is deleted without this, except
 * when the set itself is deleted. Never called after a generator failed, since that proves nothing about what it would yield.
 */
export function judgeAppDeletions<T extends DeletableApp>(facts: AppDeletionFacts<T>): AppDeletions<T> {
  const { set, candidates, total, budget, empty } = facts;
  const isKept = (app: T): boolean => !isConfirmed(app) && (!facts.prune || rulingOf(app, "prune") === "Keep");
  const kept = candidates.filter(isKept);
  const deletes = candidates.filter((app) => !isKept(app));
  const hash = hashOf(deletes);
  const verdict = { deletes, kept, hash };
  const open = deletes.filter((app) => !isConfirmed(app));
  if (open.length === 0) return { ...verdict, hold: undefined };
  if (empty.length > 0 && !facts.allowEmpty) {
    const message = `${empty.join(" and ")} ${empty.length === 1 ? "yields" : "yield"} nothing, so ${namesOf(open)} would be deleted: restore what is read there, or set spec.allowEmpty to true`;
    return { ...verdict, hold: { reason: "NothingGenerated", message } };
  }
  if (facts.confirmed === hash) return { ...verdict, hold: undefined };
  const confirm = `to confirm, run kubectl -n ${set.namespace} annotate overseerappset ${set.name} ${ANNOTATION_CONFIRM_DELETIONS}=${hash} --overwrite`;
  const asking = open.filter((app) => rulingOf(app, "prune") === "Ask");
  if (asking.length > 0) {
    const message = `the deletion of ${namesOf(asking)} requires a confirmation by an annotation of the app: ${confirm}`;
    return { ...verdict, hold: { reason: "AppDeletions", message } };
  }
  const limit = pruneBudget(budget, total);
  if (open.length <= limit) return { ...verdict, hold: undefined };
  const message = `${open.length} of ${total} apps would be deleted, more than the budget of ${limit} permits (${namesOf(open)}): ${confirm}`;
  return { ...verdict, hold: { reason: "AppDeletions", message } };
}

/** Returns the apps that are deleted together with their set: all that no annotation protects or pauses. */
export function appsDeletedWithSet<T extends DeletableApp>(owned: readonly T[]): readonly T[] {
  return owned.filter((app) => !isPaused(app) && (isConfirmed(app) || rulingOf(app, "deletion") === undefined));
}

/** Reports whether a set leaves an app alone, because a user has paused it by an annotation. */
export function isPaused({ metadata }: Pick<DeletableApp, "metadata">): boolean {
  return metadata.annotations?.[ANNOTATION_RECONCILE]?.trim().toLowerCase() === "disabled";
}

function isConfirmed({ metadata }: DeletableApp): boolean {
  return metadata.annotations?.[ANNOTATION_PRUNE] === "confirmed";
}

function rulingOf({ metadata }: DeletableApp, on: "prune" | "deletion"): "Keep" | "Ask" | undefined {
  return keepRuling(keepAnnotations(metadata), on)?.effect;
}

function hashOf(apps: readonly DeletableApp[]): string {
  const ids = apps.map(({ metadata: { name, uid } }) => [name, uid]).sort(([a = ""], [b = ""]) => (a < b ? -1 : 1));
  return sha256(canonicalJson(ids), 16);
}

function namesOf(apps: readonly DeletableApp[]): string {
  const names = apps.map(({ metadata }) => metadata.name).sort();
  const more = names.length - SHOWN;
  return more > 0 ? `${names.slice(0, SHOWN).join(", ")} and ${more} more` : names.join(", ");
}
