import type { CoreApp } from "../../api/core/app.js";
import type { CoreJob, CoreJobEnd, CoreJobWork, JobLane } from "../../api/core/job.js";
import { canonicalJson } from "../../base/hash.js";
import { ProblemError } from "../../http/problem.js";
import { existing } from "../existing.js";
import type { Store } from "../store/store.js";
import { dataWork, recordBackup } from "./data-jobs.js";
import { removeElsewhere } from "./deploy.js";
import { usableSecrets } from "./secret-access.js";

/**
 * Returns the next job of a node for its agent, or for one of its workers: the running job, otherwise the first pending one; undefined if there is
 * none. `claimed` is true if this call claimed it.
 */
export function claim(
  store: Store,
  nodeId: string,
  lane: JobLane = "deploy",
  worker?: number,
): { work: CoreJobWork; claimed: boolean } | undefined {
  for (;;) {
    const job = store.jobs.nextOf(nodeId, lane, worker);
    if (job === undefined) return undefined;
    if (store.jobs.isOvertaken(job)) {
      store.jobs.end(job.id, { status: "failed", error: "not finished: a later deployment has succeeded" });
      continue;
    }
    const compose = composeOf(store, job);
    if (compose === undefined) {
      store.jobs.end(job.id, {
        status: "failed",
        error: "the version to deploy is no longer stored: deploy the app again",
      });
      endDeployment(store, job, "failed");
      continue;
    }
    const claimed = job.status === "pending";
    if (claimed) store.jobs.open(job.id, "running", worker);
    if (lane === "deploy") store.placements.add(store.jobs.placed(job.id), nodeId);
    const fresh = existing(store.jobs.find(job.id), "job", job.id);
    return {
      work: {
        job: fresh,
        compose,
        fallback: fallbackOf(store, job),
        secrets: usableSecrets(store, fresh),
        data: lane === "data" ? dataWork(store, job) : null,
        nextLine: store.jobs.logs.next(job.id),
      },
      claimed,
    };
  }
}

/** Appends lines to the log of a running job. */
export function addLogs(store: Store, job: CoreJob, from: number, lines: readonly string[]): void {
  const next = store.jobs.logs.next(job.id);
  if (from > next) {
    throw new ProblemError("CONFLICT", `log lines are missing: expected line ${next} next, got ${from}`, {
      field: "from",
    });
  }
  if (job.status !== "running") throw notClaimed(job);
  store.jobs.logs.add(job.id, from, lines);
}

/**
 * Ends a job. Repeating the same result does nothing. The end of a deployment after a later one has succeeded changes nothing but the job.
 * Returns whether this call ended the job.
 */
export function endJob(store: Store, job: CoreJob, end: CoreJobEnd): boolean {
  const { status, result = null, error = null } = end;
  if (job.status === "completed" || job.status === "failed") {
    if (canonicalJson([status, result, error]) === canonicalJson([job.status, job.result, job.error])) return false;
    throw new ProblemError("CONFLICT", `the job has already ended with another result: it is ${job.status}`);
  }
  if (job.status !== "running") throw notClaimed(job);
  store.jobs.end(job.id, end);
  const { appId, nodeId } = job;
  if (job.type === "remove") {
    if (status === "completed" && nodeId !== null) store.placements.remove(store.jobs.placed(job.id), nodeId);
    return true;
  }
  if (appId === null || job.type === "restore") return true;
  if (job.type === "backup") {
    recordBackup(store, appId, end);
    return true;
  }
  endDeployment(store, job, status);
  return true;
}

/** Makes an app what the result of its deployment is, unless a later one decides that. */
export function endDeployment(store: Store, job: CoreJob, status: CoreJobEnd["status"]): void {
  const { nodeId, payload } = job;
  const app = store.apps.find(job.appId ?? "");
  if (app === undefined || store.jobs.isOvertaken(job)) return;
  if (status === "completed" && nodeId !== null && payload.version !== null) {
    store.apps.setGoodVersion(app.id, payload.version, nodeId);
  }
  const later = store.jobs.laterStatuses(job);
  // After a later one has failed, this one counts if the app has stayed on its node.
  if (later.length > 0 && (app.assignedNodeId !== nodeId || later.some((one) => one !== "failed"))) return;
  store.apps.setStatus(app.id, status === "completed" ? "running" : "error");
  if (payload.movedFrom !== undefined) endMove(store, app);
}

/** Leaves a moved app on one node: the other one if it runs there, otherwise the former one. */
function endMove(store: Store, app: CoreApp): void {
  const runs = store.apps.nodeOf(app.id);
  if (runs === undefined || store.nodes.find(runs) === undefined) return;
  removeElsewhere(store, app, runs);
  store.apps.assign(app.id, runs);
  if (store.apps.goodVersion(app.id, runs)?.version === app.version) store.apps.setStatus(app.id, "running");
}

function notClaimed(job: CoreJob): ProblemError {
  return new ProblemError("CONFLICT", `the job is ${job.status}: claim it before reporting on it`);
}

/** Returns the version to run again if the job fails. */
function fallbackOf(store: Store, { appId, nodeId, payload }: CoreJob): CoreJobWork["fallback"] {
  if (appId === null || payload.version === null) return null;
  const good = store.apps.goodVersion(appId, nodeId ?? "");
  return good === undefined || good.version === payload.version
    ? null
    : { version: good.version, compose: good.compose };
}

/** Returns the document of a job; null for a removal, undefined if the version is no longer stored. */
function composeOf(store: Store, job: CoreJob): string | null | undefined {
  if (job.payload.version === null) return null;
  return job.appId === null ? undefined : store.apps.version(job.appId, job.payload.version)?.compose;
}
