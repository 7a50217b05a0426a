import { cutMessage } from "../../../api/conditions.js";
import type { HealthStatus } from "../../../api/overseer-app.js";
import type { Document } from "../../../manifest/document.js";
import { displayId, type ObjectKey } from "../../../manifest/object-id.js";
import { appKey, type Finished, type LiveObject, type ObjectHealth, type Observation } from "../../../plan/live.js";
import { isApp } from "./parent-apps.js";

/** Aggregated health of the desired objects. */
export interface AppHealth {
  readonly status: HealthStatus;
  readonly objects: number;
  readonly healthy: number;
  /** Desired objects that do not exist, if any. */
  readonly absent?: readonly string[];
  /** The worst objects, worst first. */
  readonly problems: readonly { readonly object: string; readonly message: string }[];
  /** The first failure that waiting cannot fix, if any. */
  readonly terminal?: string;
  /** Qualifies healthy objects, for example `simulated`. */
  readonly remark?: string;
}

const SEVERITY: Readonly<Record<HealthStatus, number>> = {
  Healthy: 0,
  Suspended: 1,
  Progressing: 2,
  Unknown: 3,
  Degraded: 4,
};
const MAX_PROBLEMS = 5;
const HELD: ObjectHealth = { status: "Healthy" };
const MISSING: ObjectHealth = { status: "Progressing", message: "does not exist" };

/** Returns the health of an object that ran to completion and was deleted after its time to live; undefined if it did not. */
function endHealth(end: Finished | undefined): ObjectHealth | undefined {
  if (end === undefined) return undefined;
  if (end.result === "Succeeded") return { status: "Healthy" };
  return {
    status: "Degraded",
    message: "failed, and was deleted after its time to live expired: change its document to run it again",
    final: true,
  };
}

/**
 * Returns the current health of a desired object. A missing object is Progressing. The apps `holders` (`namespace/name`) count as
 * healthy, because their health depends on this app's.
 */
export function documentHealth(
  document: Document,
  observation: Observation,
  holders: ReadonlySet<string>,
  finished: ReadonlyMap<ObjectKey, Finished>,
): ObjectHealth {
  if (isApp(document) && holders.has(appKey(document.id))) return HELD;
  return liveOf(document, observation)?.health ?? endHealth(finished.get(document.key)) ?? MISSING;
}

function isMissing(document: Document, observation: Observation, finished: ReadonlyMap<ObjectKey, Finished>): boolean {
  return liveOf(document, observation) === undefined && !finished.has(document.key);
}

function liveOf({ key }: Document, { objects }: Observation): LiveObject | undefined {
  const live = objects.get(key);
  return live?.ownership === "Foreign" ? undefined : live;
}

/**
 * Aggregates the health of the desired objects: the worst one counts. A missing object counts as Progressing. The apps
 * `holders` (`namespace/name`) are ignored, because their health depends on this app's.
 */
export function appHealth(
  documents: readonly Document[],
  observation: Observation,
  holders: ReadonlySet<string> = new Set(),
  finished: ReadonlyMap<ObjectKey, Finished> = new Map(),
): AppHealth {
  let worst: HealthStatus = "Healthy";
  let healthy = 0;
  let terminal: string | undefined;
  const absent: string[] = [];
  let remark: string | undefined;
  const bad: { severity: number; object: string; message: string }[] = [];
  for (const document of documents) {
    const health = documentHealth(document, observation, holders, finished);
    if (isMissing(document, observation, finished)) absent.push(displayId(document.id));
    if (health.status === "Healthy") healthy++;
    else
      bad.push({
        severity: SEVERITY[health.status],
        object: displayId(document.id),
        message: cutMessage(health.message ?? health.status),
      });
    remark ??= health.remark;
    if (health.final) terminal ??= `${displayId(document.id)} ${health.message ?? health.status}`;
    if (SEVERITY[health.status] > SEVERITY[worst]) worst = health.status;
  }
  const problems = bad.sort((a, b) => b.severity - a.severity || (a.object < b.object ? -1 : 1)).slice(0, MAX_PROBLEMS);
  return {
    status: worst,
    objects: documents.length,
    healthy,
    ...(absent.length === 0 ? {} : { absent }),
    ...(terminal === undefined ? {} : { terminal }),
    ...(remark === undefined ? {} : { remark }),
    problems: problems.map(({ object, message }) => ({ object, message })),
  };
}
