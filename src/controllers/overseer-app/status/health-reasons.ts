import type { ObjectKey } from "../../../manifest/object-id.js";
import type { LiveObject, ObjectHealth, Observation } from "../../../plan/live.js";
import type { HealthReasons } from "../app-memory.js";
import type { AppRun } from "../run.js";

/** Objects whose reason is asked for: as many as a status names. */
const MAX_OBJECTS = 5;
/** Most rollouts are over before it is worth asking. */
const FIRST_MS = 2_000;
const NEXT_MS = 5_000;
const MAX_WAIT_MS = 120_000;
const NOTHING: HealthReasons = { seen: new Set(), wait: 0, dueAt: Number.POSITIVE_INFINITY, reasons: new Map() };

/**
 * The observation, with the reason of each unhealthy object that its own status does not say. The destination is asked while
 * something is unhealthy only: soon, then ever more rarely, and at once for what has failed for good or is `overdue`.
 */
export async function withHealthReasons(run: AppRun, observation: Observation, overdue: boolean): Promise<Observation> {
  const wanted = new Set<ObjectKey>(run.applied?.documents.map(({ key }) => key));
  const unclear = [...observation.objects.values()].filter(
    ({ key, ownership, health }) => health.lookup !== undefined && ownership !== "Foreign" && wanted.has(key),
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

/** Workloads and claims each have their share; the same ones at every try. */
function pick(unclear: readonly LiveObject[]): LiveObject[] {
  const rank = ({ health }: LiveObject): number => (health.status === "Degraded" ? 0 : 1);
  const sorted = [...unclear].sort((a, b) => rank(a) - rank(b) || (a.key < b.key ? -1 : 1));
  const healthy = sorted.filter(isHealthy);
  return [...sorted.filter((live) => !isHealthy(live)).slice(0, MAX_OBJECTS), ...healthy];
}

const isHealthy = ({ health }: LiveObject): boolean => health.status === "Healthy";

/** The reasons of objects by `idOf`, asked for now if it is time. */
async function known(
  run: AppRun,
  requested: readonly LiveObject[],
  overdue: boolean,
): Promise<ReadonlyMap<string, string>> {
  const now = run.services.clock.monotonic();
  const before = run.memory.healthReasons ?? NOTHING;
  const ids = requested.map(idOf);
  // What looks healthy is judged before the Change may end; what has failed for good ends it.
  const urgent = requested.filter((live) => live.health.final || isHealthy(live)).map((live) => `${idOf(live)} now`);
  if (overdue) urgent.push("overdue");
  const isNew = ids.some((id) => !before.seen.has(id));
  const isUrgent = urgent.some((mark) => !before.seen.has(mark));
  const reasons = new Map(ids.flatMap((id) => (before.reasons.has(id) ? [[id, before.reasons.get(id) ?? ""]] : [])));
  const waits = (): boolean => requested.some((live) => !isHealthy(live) || reasons.has(idOf(live)));
  let wait = isNew ? 0 : before.wait;
  let dueAt = isNew ? Math.min(before.dueAt, now + FIRST_MS) : before.dueAt;
  if (isUrgent || (waits() && now >= dueAt)) {
    const found = await run.destination.healthReasons(requested);
    for (const live of requested) {
      const reason = found.get(live.key);
      if (reason !== undefined) reasons.set(idOf(live), reason);
      // The pods of a Job that has failed may be deleted by now.
      else if (!live.health.final) reasons.delete(idOf(live));
    }
    wait = wait === 0 ? NEXT_MS : Math.min(MAX_WAIT_MS, wait * 2);
    dueAt = now + wait;
  }
  run.memory.healthReasons = { seen: new Set([...ids, ...urgent]), wait, dueAt, reasons };
  if (waits()) run.requeueAfter(dueAt - now);
  return reasons;
}

/** An object at one of its documents: what was said of it before holds no more for the next one. */
const idOf = ({ uid, documentHash }: LiveObject): string => `${uid}/${documentHash}`;

function explained(health: ObjectHealth, reason: string): ObjectHealth {
  const { status, message = "" } = health;
  const text = message === "" ? reason : `${message.replace(/\.$/, "")}: ${reason}`;
  return { ...health, status: status === "Healthy" ? "Progressing" : status, message: text };
}
