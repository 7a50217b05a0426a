import { cutMessage } from "../../../api/conditions.js";
import type { Environment } from "../../../api/environment.js";
import { hasSameSource } from "../../../api/inputs.js";
import type { LedgerEntry } from "../../../api/ledger.js";
import { isSettled, type OverseerAppStatus } from "../../../api/overseer-app.js";
import type { PromotionStatus } from "../../../api/promotion.js";
import { rfc3339 } from "../../../base/clock.js";
import { canonicalJson } from "../../../base/hash.js";
import { environmentsOf } from "../../../gates/environments.js";
import { advanceLedger, type InputsHealth } from "../../../gates/promotion/ledger.js";
import { laterApps } from "../../../gates/promotion/paths.js";
import { versionsOf } from "../../../gates/promotion/versions.js";
import { knownPullRequest } from "../../promotion-pull-request/proposer.js";
import { documentsWithHooks } from "../rendered.js";
import type { AppRun } from "../run.js";
import { appliedCommitOf } from "../status/applied-commit.js";
import type { AppFacts } from "../status/conditions.js";

/** Interval at which an app whose soak runs is observed. */
const TICK_MS = 60_000;
/** A longer time without an observation does not count: the operator may have been down or stopped. */
const MAX_GAP_MS = 2 * TICK_MS;

/** Returns the ledger and the promotion of an app for its status. Neither for an app without an Environment. */
export function promotionFields(run: AppRun, facts: AppFacts): Pick<OverseerAppStatus, "ledger" | "promotion"> {
  const ledger = nextLedger(run, facts);
  const promotion = shownPromotion(run);
  return {
    ...(ledger === undefined ? {} : { ledger: [...ledger] }),
    ...(promotion === undefined ? {} : { promotion }),
  };
}

function shownPromotion(run: AppRun): PromotionStatus | undefined {
  if (run.promotion === undefined) return undefined;
  const { newest, promotable, why, until } = run.promotion;
  const pullRequest = knownPullRequest(run.app, run.memory);
  return {
    newest,
    ...(promotable === undefined ? {} : { promotable }),
    ...(why === undefined ? {} : { waitingFor: cutMessage(why) }),
    ...(pullRequest === undefined ? {} : { pullRequest }),
    ...(until === undefined || why === undefined ? {} : { until: rfc3339(until) }),
  };
}

function nextLedger(run: AppRun, facts: AppFacts): readonly LedgerEntry[] | undefined {
  const before = run.status.ledger;
  const environments = [...run.services.lister.list("Environment")];
  const ownEnvironments = environmentsOf(run.ref.namespace, environments);
  if (ownEnvironments.length === 0) return before;
  const later = laterApps(run.app, environments);
  const longestSoak = Math.max(0, ...later.map(({ soak }) => soak));
  const health = inputsHealth(run, facts);
  const observed = observedSince(run, health);
  const comparesImages = later.some((one) => one.comparesImages) || ownEnvironments.some(proposes);
  const through = appliedCommitOf(run);
  const base = {
    applied: run.status.applied,
    through,
    throughBefore: run.memory.through?.entry === entryId(before?.at(-1)) ? run.memory.through?.commit : undefined,
    isRollback: run.status.pin !== undefined && hasSameSource(run.status.pin.inputs, run.status.applied),
    health,
    versions: comparesImages && run.applied ? versionsOf(documentsWithHooks(run.applied)) : undefined,
    now: run.services.clock.now(),
    longestSoak,
  };
  const quiet = advanceLedger(before ?? [], { ...base, observed: 0 });
  const counted = advanceLedger(before ?? [], { ...base, observed: Math.floor(observed / 1000) });
  if (through !== undefined) run.memory.through = { entry: entryId(counted.at(-1)), commit: through };
  const isSoaking = health === "Healthy" && counted.some((entry) => (entry.observed ?? longestSoak) < longestSoak);
  if (isSoaking) run.requeueAfter(Math.min(TICK_MS, nextEnd(counted, later)));
  const isDue =
    canonicalJson(withoutCommits(quiet)) !== canonicalJson(withoutCommits(before ?? [])) ||
    observed >= Math.max(TICK_MS, longestSoak * 100) ||
    later.some(({ soak }) => passes(quiet, counted, soak));
  if (!isDue) return before;
  if (run.memory.soak !== undefined) run.memory.soak = { ...run.memory.soak, pendingMs: observed % 1000 };
  return counted;
}

function entryId(entry: LedgerEntry | undefined): string {
  return `${entry?.key} ${entry?.commit}`;
}

/** What an app has had before is not proposed to it again. */
function proposes({ spec }: Environment): boolean {
  return spec.promotion?.pullRequests === true;
}

/** The newest commit alone is not worth a write of the status: it is known from memory. */
function withoutCommits(ledger: readonly LedgerEntry[]): readonly LedgerEntry[] {
  return ledger.map(({ through: _, ...entry }) => entry);
}

/** Returns the milliseconds until the next soak of an entry ends. */
function nextEnd(ledger: readonly LedgerEntry[], later: readonly { readonly soak: number }[]): number {
  let next = TICK_MS;
  for (const { observed = 0 } of ledger)
    for (const { soak } of later) if (soak > observed) next = Math.min(next, (soak - observed) * 1000);
  return next;
}

/** Reports whether the soak of an entry has ended. */
function passes(before: readonly LedgerEntry[], after: readonly LedgerEntry[], soak: number): boolean {
  return after.some((entry, index) => (entry.observed ?? -1) >= soak && (before[index]?.observed ?? -1) < soak);
}

/** Returns the milliseconds for which the app was seen as healthy that the ledger does not have yet. */
function observedSince(run: AppRun, health: InputsHealth): number {
  const { memory, services } = run;
  const at = services.clock.monotonic();
  const { at: last, health: previous, pendingMs = 0 } = memory.soak ?? {};
  const gap = last === undefined ? Number.POSITIVE_INFINITY : at - last;
  const counts = health === "Healthy" && previous === "Healthy" && gap <= MAX_GAP_MS;
  const total = health === "Failed" ? 0 : pendingMs + (counts ? gap : 0);
  memory.soak = { at, health, pendingMs: total };
  return total;
}

/** How the applied inputs do, whatever becomes of newer ones. */
function inputsHealth(run: AppRun, facts: AppFacts): InputsHealth {
  const { health, timedOut, drift, unlisted, incomplete } = facts;
  const { applied } = run.status;
  const changes = [...run.services.changes.of(run.key)].filter(({ spec }) => hasSameSource(spec.inputs, applied));
  const last = run.services.changes.get(`${run.ref.namespace}/${run.status.change?.name ?? ""}`);
  const isLast = hasSameSource(last?.spec.inputs, applied);
  if (isLast && last?.status?.phase === "Failed" && (last.status.stopped !== undefined || !isSettled(health?.status)))
    return "Failed";
  if (health?.status === "Degraded" || (timedOut && !isSettled(health?.status))) return "Failed";
  if (
    run.problem?.stage === "Destination" ||
    health === undefined ||
    unlisted !== undefined ||
    incomplete !== undefined
  )
    return "Unknown";
  const isOpen = changes.some(({ status }) => status?.phase === "Applying" || status?.phase === "Verifying");
  if (isOpen || !isSettled(health.status) || drift.some(({ kept }) => !kept)) return "Progressing";
  return "Healthy";
}
