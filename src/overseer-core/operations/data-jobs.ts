import type { CoreApp } from "../../api/core/app.js";
import {
  BACKUP_SECRET_PREFIX,
  type CoreAppBackup,
  CoreBackupResult,
  type CoreDataWork,
} from "../../api/core/app-backup.js";
import type { CoreBackupPolicy } from "../../api/core/backup-policy.js";
import type { CoreJob, CoreJobEnd } from "../../api/core/job.js";
import { cutText } from "../../base/cut-text.js";
import { ProblemError } from "../../http/problem.js";
import type { Store } from "../store/store.js";
import { secretFor } from "./secret-access.js";

/** Days that backups are kept where no enabled policy says so: forever, since a disabled or deleted policy may have kept them for long. */
const UNLIMITED_DAYS = 36_500;
const MAX_PROBLEM = 1000;

/** State of an app that was never backed up. */
export const NO_BACKUP: CoreAppBackup = {
  lastSuccess: null,
  lastAttempt: null,
  next: null,
  problem: null,
  sizeBytes: null,
  snapshots: [],
  excluded: [],
};

/** Returns the enabled policy of an app. One that names the app takes precedence over one for all apps, also if it is disabled. */
export function policyOf(store: Store, appId: string): CoreBackupPolicy | undefined {
  const own = store.policies.ofApp(appId);
  const all = own.length > 0 ? own : store.policies.list().filter((policy) => policy.appId === null);
  return all.find(({ enabled }) => enabled);
}

/** Creates a job that backs up the data of an app. An unfinished one is returned instead. */
export function createBackup(store: Store, app: CoreApp): CoreJob {
  const open = store.jobs.openOf(app.id, "data");
  const present = open.find(({ type }) => type === "backup");
  if (present !== undefined) return present;
  const job = store.jobs.create({ type: "backup", ...placeOf(store, app), version: null });
  const lastAttempt = new Date(store.clock.now()).toISOString();
  store.apps.setBackup(app.id, { ...(app.backup ?? NO_BACKUP), lastAttempt });
  return job;
}

/**
 * Creates a job that replaces the data of an app by that of a snapshot. It runs after the other jobs of the app that have been created.
 * Throws CONFLICT while another restore, or a deployment to another node, has not ended.
 */
export function createRestore(store: Store, app: CoreApp, snapshot: string): CoreJob {
  const open = store.jobs.openOf(app.id, "data").find(({ type }) => type === "restore");
  if (open !== undefined) {
    throw new ProblemError("CONFLICT", `the restore ${open.id} of ${app.name} has not ended: restore when it has`);
  }
  const place = placeOf(store, app);
  const move = store.jobs.openOf(app.id).find(({ type, nodeId }) => type !== "remove" && nodeId !== place.nodeId);
  if (move !== undefined) {
    // The data on the former node stays as it is.
    const node = store.nodes.find(move.nodeId ?? "")?.name ?? "another node";
    const message = `${app.name} is being deployed to ${node}: restore when the job ${move.id} has ended`;
    throw new ProblemError("CONFLICT", message);
  }
  return store.jobs.create({ type: "restore", ...place, version: null, snapshot });
}

/**
 * Fails the unfinished jobs with the data of an app on nodes that it does not run on any more: such a node may be lost, and its job would
 * never end and keep all later ones from starting. Returns whether there were any.
 */
export function failStranded(store: Store, { id, name }: CoreApp): boolean {
  const present = store.apps.nodeOf(id);
  const stranded = store.jobs.openOf(id, "data").filter(({ nodeId }) => nodeId !== (present ?? null));
  for (const { id: job, type, nodeId } of stranded) {
    const node = store.nodes.find(nodeId ?? "")?.name;
    const error = `${name} does not run on ${node ?? "its node"} any more, where this job was to run: repeat it on the present node`;
    store.jobs.end(job, { status: "failed", error });
    if (type === "backup") recordBackup(store, id, { status: "failed", error });
  }
  return stranded.length > 0;
}

function placeOf(store: Store, { id, name }: CoreApp) {
  const nodeId = store.apps.nodeOf(id);
  if (nodeId === undefined || store.nodes.find(nodeId) === undefined) {
    throw new ProblemError("CONFLICT", `${name} runs on no node: deploy it first`);
  }
  return { nodeId, appId: id, placed: id, app: name };
}

/** Returns what the agent needs for a job with the data of an app. */
export function dataWork(store: Store, { appId, type, nodeId, payload }: CoreJob): CoreDataWork {
  const policy = appId === null ? undefined : policyOf(store, appId);
  return {
    mayCreate: type === "backup" && !repositoryUsed(store, appId, nodeId),
    retentionDays: policy?.retentionDays ?? UNLIMITED_DAYS,
    stop: policy?.stop ?? false,
    preHooks: policy?.preHooks ?? [],
    snapshot: type === "restore" ? String(payload.snapshot ?? "") : null,
    now: new Date(store.clock.now()).toISOString(),
  };
}

/**
 * Whether a backup was stored in the repository of an app before. A repository that then does not exist is a disk that is not mounted,
 * and must not be created there.
 */
function repositoryUsed(store: Store, appId: string | null, nodeId: string | null): boolean {
  const name = `${BACKUP_SECRET_PREFIX}RESTIC_REPOSITORY`;
  const repository = secretFor(store, name, appId, nodeId);
  return store.apps.list().some(({ id, backup }) => {
    const last = backup?.lastSuccess ?? null;
    const used = secretFor(store, name, id, store.apps.nodeOf(id) ?? null);
    return last !== null && used !== undefined && used.id === repository?.id && last >= used.valueChangedAt;
  });
}

/** Records the result of a backup in the state of its app. */
export function recordBackup(store: Store, appId: string, end: CoreJobEnd): void {
  const app = store.apps.find(appId);
  if (app === undefined) return;
  const before = app.backup ?? NO_BACKUP;
  const result = CoreBackupResult.safeParse(end.result).data;
  if (end.status === "completed" && result !== undefined) {
    const { sizeBytes, snapshots, excluded } = result;
    const lastSuccess = new Date(store.clock.now()).toISOString();
    store.apps.setBackup(appId, { ...before, lastSuccess, problem: null, sizeBytes, snapshots, excluded });
    return;
  }
  const problem = end.status === "completed" ? "the agent reported no snapshot" : (end.error ?? "unknown cause");
  store.apps.setBackup(appId, { ...before, problem: cutText(problem, MAX_PROBLEM) });
}
