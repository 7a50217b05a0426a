import { type InputKeys, isKeyOf } from "../../api/inputs.js";
import type { LedgerEntry } from "../../api/ledger.js";
import { MESSAGE_DIGITS } from "../../api/short-revision.js";
import { rfc3339 } from "../../base/clock.js";
import { type LinePositions, liesWithin } from "./line-range.js";

/** What must have been true in the earlier Environment. */
export interface PromotionRule {
  /** Required seconds of observed health. */
  readonly soak: number;
  readonly soakMode: "SinceFirstHealthy" | "Continuous";
}

/** The app of an earlier Environment, as far as it is known. */
export interface EarlierApp {
  /** For messages, for example `OverseerApp staging/web`. */
  readonly name: string;
  readonly ledger: readonly LedgerEntry[];
  /** Newest commit that it has processed with the applied inputs; undefined if that is not known. */
  readonly newest: string | undefined;
}

/** Whether a commit, an image or a chart version has proven itself in one earlier app. */
export type Proof =
  | { readonly proven: true }
  /** `until` is the earliest time (epoch ms) at which time alone may change the answer. */
  | { readonly proven: false; readonly why: string; readonly until?: number | undefined };

/** Whether an entry of a ledger has proven itself. `now` is in epoch milliseconds. */
export function proofOf(ledger: readonly LedgerEntry[], index: number, rule: PromotionRule, now: number): Proof {
  const entry = ledger[index];
  if (entry === undefined) return notProven("it has not been applied there");
  if (entry.how === "RolledBack") return notProven(`it was rolled back there at ${entry.ended}`);
  if (entry.how === "Failed") return notProven(`it failed there at ${entry.failed}`);
  const later = ledger.slice(index + 1).find(({ failed }) => failed !== undefined);
  if (later !== undefined) return notProven(`the later commit ${short(later.commit)} failed there at ${later.failed}`);
  if (entry.firstHealthy === undefined) {
    const cause =
      entry.failed === undefined ? "it has not been healthy there yet" : `it failed there at ${entry.failed}`;
    return notProven(cause);
  }
  const { soak, soakMode } = rule;
  const isContinuous = soakMode === "Continuous";
  const observed = (isContinuous ? entry.held : undefined) ?? entry.observed ?? 0;
  if (observed >= soak) return { proven: true };
  if (isContinuous && entry.ended !== undefined)
    return notProven(`it was replaced there after ${observed}s, before its soak of ${soak}s ended`);
  const until = Date.parse(entry.firstHealthy) + soak * 1000;
  const why = `it has been healthy there since ${entry.firstHealthy}, and its soak of ${soak}s ends at ${rfc3339(until)} at the earliest`;
  // Later, the time that was not observed is missing: the ledger tells when it has been made up for.
  return until > now ? { proven: false, why, until } : { proven: false, why };
}

function notProven(why: string): Proof {
  return { proven: false, why };
}

/**
 * Whether a commit has proven itself in an earlier app: as the commit of an entry, or as a later one with the same inputs; with `positions`, also as
 * one between these.
 */
export function proofOfCommit(
  commit: string,
  app: EarlierApp,
  rule: PromotionRule,
  now: number,
  positions?: LinePositions,
): Proof {
  const { ledger } = app;
  const exact = ledger.findLastIndex(
    (entry) =>
      entry.commit === commit || entry.through === commit || (entry.ended === undefined && app.newest === commit),
  );
  const index =
    exact >= 0 || positions === undefined
      ? exact
      : ledger.findLastIndex((entry) => liesWithin(commit, entry, app.newest, positions));
  const proof = proofOf(ledger, index, rule, now);
  return proof.proven ? proof : { ...proof, why: `${app.name}: ${proof.why}` };
}

/** Whether an image or chart version has proven itself in an earlier app, in any of its entries. */
export function proofOfVersion(version: string, app: EarlierApp, rule: PromotionRule, now: number): Proof {
  let best: Proof = notProven("it has not been applied there");
  for (const [index, entry] of app.ledger.entries()) {
    if (entry.versions?.includes(version) !== true) continue;
    const proof = proofOf(app.ledger, index, rule, now);
    if (proof.proven) return proof;
    best = proof;
  }
  return best.proven ? best : { ...best, why: `${app.name}: ${version}: ${best.why}` };
}

/** The commits of a ref, and what is applied of them. */
export interface CommitLine {
  /** First-parent line of the ref, newest first. It may end before its root. */
  readonly commits: readonly string[];
  /** The applied commit, or that of a Change that has begun; undefined if nothing was applied. */
  readonly base: string | undefined;
}

/** The commit to apply. */
export type Selection =
  | { readonly kind: "Promote"; readonly commit: string }
  /** Nothing newer may be applied. `why` is about the newest commit. */
  | { readonly kind: "Stay"; readonly why: string; readonly until?: number | undefined };

/**
 * Selects the newest commit after the base that has proven itself in every earlier app. Never one before the base, or on another line:
 * the graph decides, not dates. `proofs` returns the proof of a commit.
 */
export async function selectCommit(
  { commits, base }: CommitLine,
  proofs: (commit: string) => Proof | Promise<Proof>,
): Promise<Selection> {
  const end = base === undefined ? commits.length : commits.indexOf(base);
  if (end < 0)
    return {
      kind: "Stay",
      why: `the applied commit ${short(base ?? "")} is not among the first parents of ${short(commits[0] ?? "")}: the history was rewritten, and nothing is promoted until a user promotes a commit`,
    };
  let first: Extract<Proof, { proven: false }> | undefined;
  let until: number | undefined;
  for (const commit of commits.slice(0, end)) {
    const proof = await proofs(commit);
    if (proof.proven) return { kind: "Promote", commit };
    first ??= proof;
    if (proof.until !== undefined) until = Math.min(until ?? Number.POSITIVE_INFINITY, proof.until);
  }
  return { kind: "Stay", why: first?.why ?? "there is no newer commit", ...(until === undefined ? {} : { until }) };
}

/** Returns the entry of an app's own ledger that forbids its inputs: they failed here, or were rolled back. */
export function failedBefore(ledger: readonly LedgerEntry[], inputs: InputKeys): LedgerEntry | undefined {
  const last = ledger.findLast((entry) => isKeyOf(entry.key, inputs));
  return last?.how === "Failed" || last?.how === "RolledBack" ? last : undefined;
}

/** Returns the proof of all: the first that is not proven, with the earliest time. */
export function allProven(proofs: readonly Proof[]): Proof {
  const open = proofs.flatMap((proof) => (proof.proven ? [] : [proof]));
  const [first] = open;
  if (first === undefined) return { proven: true };
  const times = open.flatMap(({ until }) => until ?? []);
  // One that does not open by time alone decides by an event.
  const until = times.length === 0 ? undefined : Math.max(...times);
  return { proven: false, why: open.map(({ why }) => why).join("; "), ...(until === undefined ? {} : { until }) };
}

function short(commit: string): string {
  return commit.slice(0, MESSAGE_DIGITS);
}
