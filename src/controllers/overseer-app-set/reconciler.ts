import type { OverseerAppSet } from "../../api/app-set.js";
import { type BackoffPolicy, backoffDelay, countFailure } from "../../base/backoff.js";
import { isTerminal, OverseerError } from "../../base/errors.js";
import type { Logger } from "../../base/logger.js";
import type { ReconcileResult } from "../../reconcile/controller.js";
import { PendingError } from "./app-set-error.js";
import type { SetOutcome } from "./conditions.js";
import { finalizeSet } from "./deletion.js";
import { ensureFinalizer } from "./finalizer.js";
import { selectorsOf } from "./generators/generate.js";
import { fieldsOf, planSet, type SetPlan } from "./plan-set.js";
import { recordSet, type SetFields, SetMemory, type SetRun } from "./run.js";
import type { AppSetServices } from "./services.js";
import { applyPlan } from "./sync.js";

/** Time to wait for a first result of a generator before a problem is reported. */
const FIRST_RESULT_MS = 3_000;
/** Backoff of what is retried without an event. */
const RETRY: BackoffPolicy = { baseMs: 2_000, factor: 2, maxMs: 300_000 };

/** Reconciles an OverseerAppSet: generates parameters, fills in the template, and writes the apps that differ. */
export class AppSetReconciler {
  readonly #services: AppSetServices;
  readonly #memories = new Map<string, SetMemory>();

  constructor(services: AppSetServices) {
    this.#services = services;
  }

  async reconcile(key: string, _logger: Logger, signal: AbortSignal): Promise<ReconcileResult> {
    const set = this.#services.sets.get(key);
    const [namespace = "", name = ""] = key.split("/");
    if (set === undefined) {
      this.#memories.delete(key);
      this.#services.clusters.retain(key, namespace, []);
      this.#services.observer.forgotten(namespace, name);
      return {};
    }
    const memory = this.#memories.get(key) ?? new SetMemory();
    this.#memories.set(key, memory);
    this.#services.clusters.retain(key, namespace, selectorsOf(set));
    const written = { created: [], updated: [], deleted: [] };
    const run: SetRun = { services: this.#services, set, key, memory, signal, written };
    if (set.metadata.deletionTimestamp !== undefined) return finalizeSet(run);
    const started = this.#services.clock.monotonic();
    const { outcome, fields } = await reconcileSet(run);
    if (outcome === undefined) return { requeueAfterMs: FIRST_RESULT_MS };
    await recordSet(run, outcome, fields);
    if (outcome.kind !== "failed") memory.failed = undefined;
    else if (!outcome.terminal) return { requeueAfterMs: this.#retryDelay(memory, started) };
    return {};
  }

  #retryDelay(memory: SetMemory, startedAt: number): number {
    const endedAt = this.#services.clock.monotonic();
    memory.failed = countFailure(memory.failed, { startedAt, endedAt }, (failures) => backoffDelay(RETRY, failures));
    return Math.max(0, memory.failed.dueAt - endedAt);
  }
}

/** Result of a reconcile; without an outcome, a first result of a generator is awaited and the status stays as it is. */
interface SetResult {
  readonly outcome: SetOutcome | undefined;
  readonly fields: SetFields;
}

async function reconcileSet(run: SetRun): Promise<SetResult> {
  const { set } = run;
  const keep = keptFields(set);
  if (set.spec.suspend) {
    const message = "suspended: no app is written or deleted until spec.suspend is false";
    return { outcome: { kind: "suspended", cause: { reason: "SetSuspended", message } }, fields: keep };
  }
  let plan: SetPlan;
  try {
    plan = await planSet(run);
    run.memory.awaitedSince = undefined;
  } catch (error) {
    if (!(error instanceof OverseerError)) throw error;
    if (error instanceof PendingError && isFirst(run)) return { outcome: undefined, fields: keep };
    const { reason, message } = error;
    return { outcome: { kind: "failed", cause: { reason, message }, terminal: isTerminal(error) }, fields: keep };
  }
  await ensureFinalizer(run);
  const outcome = await outcomeOf(run, plan);
  return { outcome, fields: fieldsOf(run, plan, outcome) };
}

async function outcomeOf(run: SetRun, plan: SetPlan): Promise<SetOutcome> {
  const [conflict, ...more] = plan.conflicts;
  if (conflict !== undefined) {
    const others = more.length === 0 ? "" : `; and ${more.length} more`;
    const cause = { reason: "NameConflict", message: `${conflict}${others}` } as const;
    return { kind: "failed", cause, terminal: true };
  }
  const { hold } = plan.deletions;
  if (hold !== undefined) return { kind: "held", cause: hold };
  return applyPlan(run, plan);
}

/** Reports whether a first result is still awaited: right after a start, no repository has been polled yet. */
function isFirst({ memory, services: { clock } }: SetRun): boolean {
  memory.awaitedSince ??= clock.monotonic();
  return clock.monotonic() - memory.awaitedSince < FIRST_RESULT_MS;
}

/** Fields that stay as they are where nothing new is known. */
function keptFields({ status }: OverseerAppSet): SetFields {
  const { counts, kept } = status ?? {};
  return { ...(counts === undefined ? {} : { counts }), ...(kept === undefined ? {} : { kept }) };
}
