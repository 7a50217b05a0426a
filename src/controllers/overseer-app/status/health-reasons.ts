import { isSettled } from "../../../api/overseer-app.js";
import type { ObjectKey } from "../../../manifest/object-id.js";
import type { LiveObject, ObjectHealth, Observation } from "../../../plan/live.js";
import type { HealthReasons } from "../app-memory.js";
import type { AppRun } from "../run.js";

/** Maximum number of objects to look up: as many as a status names. */
const MAX_OBJECTS = 5;
/** First delay: most rollouts finish earlier. */
const FIRST_MS = 2_000;
const NEXT_MS = 5_000;
const MAX_WAIT_MS = 120_000;
const NOTHING: HealthReasons = { seen: new Set(), wait: 0, dueAt: Number.POSITIVE_INFINITY, reasons: new Map() };

/**
 * Adds to the observation the reason of each unhealthy object whose own status does not give it. Queries the destination only
 * while something is unhealthy, with increasing delays, and immediately for final failures and when the Change is `overdue`.
 */
export async function withHealthReasons(run: AppRun, observation: Observation, overdue: boolean): Promise<Observation> {
  const desired = new Set<ObjectKey>(run.applied?.documents.map(({ key }) => key));
  const unclear = [...observation.objects.values()].filter(
    ({ key, ownership, health }) => health.lookup !== undefined && ownership !== "Foreign" && desired.has(key),
  );
  if (unclear.length === 0) {
    run.memory.healthReasons = undefined;
    return observation;
  }
  const requested = pick(unclear);
  const reasons = await known(run, requested, overdue);
  const objects = new Map(observation.objects);
  for (const live of requested) {
    const reason = reasons.get(idOf(live));
    if (reason !== undefined) objects.set(live.key, { ...live, health: explained(live.health, reason) });
  }
  return { ...observation, objects };
}

/** Selects the objects to look up: unhealthy ones up to the maximum, and all that only look healthy. Stable between attempts. */
function pick(unclear: readonly LiveObject[]): LiveObject[] {
  const rank = ({ health }: LiveObject): number => (health.status === "Degraded" ? 0 : 1);
  const sorted = [...unclear].sort((a, b) => rank(a) - rank(b) || (a.key < b.key ? -1 : 1));
  const healthy = sorted.filter(isHealthy);
  return [...sorted.filter((live) => !isHealthy(live)).slice(0, MAX_OBJECTS), ...healthy];
}

const isHealthy = ({ health }: LiveObject): boolean => isSettled(health.status);

/** Returns the reasons of objects by `idOf`, after a lookup if one is due. */
async function known(
  run: AppRun,
  requested: readonly LiveObject[],
  overdue: boolean,
): Promise<ReadonlyMap<string, string>> {
  const now = run.services.clock.monotonic();
  const before = run.memory.healthReasons ?? NOTHING;
  const ids = requested.map(idOf);
  // Objects that look healthy are checked before the Change may succeed; a final failure ends it.
  const urgent = requested.filter((live) => live.health.final || isHealthy(live)).map((live) => `${idOf(live)} now`);
  if (overdue) urgent.push("overdue");
  const isNew = ids.some((id) => !before.seen.has(id));
  const isUrgent = urgent.some((cause) => !before.seen.has(cause));
  const reasons = new Map(ids.flatMap((id) => (before.reasons.has(id) ? [[id, before.reasons.get(id) ?? ""]] : [])));
  const waits = (): boolean => requested.some((live) => !isHealthy(live) || reasons.has(idOf(live)));
  let wait = isNew ? 0 : before.wait;
  let dueAt = isNew ? Math.min(before.dueAt, now + FIRST_MS) : before.dueAt;
  if (isUrgent || (waits() && now >= dueAt)) {
    const looked = await run.destination.healthReasons(requested);
    for (const live of requested) {
      const reason = looked.get(live.key);
      if (reason !== undefined) reasons.set(idOf(live), reason);
      // The pods of a failed Job may have been deleted since: keep the known reason.
      else if (!live.health.final) reasons.delete(idOf(live));
    }
    wait = wait === 0 ? NEXT_MS : Math.min(MAX_WAIT_MS, wait * 2);
    dueAt = now + wait;
  }
  run.memory.healthReasons = { seen: new Set([...ids, ...urgent]), wait, dueAt, reasons };
  if (waits()) run.requeueAfter(dueAt - now);
  return reasons;
}

/** Identifies an object at one document: reasons do not carry over to the next document. */
const idOf = ({ uid, documentHash }: LiveObject): string => `${uid}/${documentHash}`;

function explained(health: ObjectHealth, reason: string): ObjectHealth {
  const { status, message = "" } = health;
  const text = message === "" ? reason : `${message.replace(/\.$/, "")}: ${reason}`;
  return { ...health, status: status === "Healthy" ? "Progressing" : status, message: text };
}
