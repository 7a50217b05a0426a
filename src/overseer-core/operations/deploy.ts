import type { CoreApp } from "../../api/core/app.js";
import type { CoreJob } from "../../api/core/job.js";
import type { CoreNode } from "../../api/core/node.js";
import { ProblemError } from "../../http/problem.js";
import { existing } from "../existing.js";
import type { Store } from "../store/store.js";
import { checkDataStays } from "./local-data.js";
import { chooseNode, closedReason } from "./placement.js";

/** Options of a deployment. */
export interface DeployOptions {
  readonly type?: "deploy" | "rollback";
  /** Whether the app may leave data on another node. */
  readonly leaveData?: boolean;
  /** Whether the deployment reverts drift, and so starts the images that were deployed. */
  readonly revert?: boolean;
}

/**
 * Creates a job that deploys the current version of an app. An unfinished job for that version is returned instead, unless it only
 * reverts drift. Throws CONFLICT if the app would leave data on another node.
 */
export function deploy(
  store: Store,
  app: CoreApp,
  { type = "deploy", leaveData = false, revert = false }: DeployOptions = {},
): CoreJob {
  // What runs is put right where it is, whatever the labels of nodes say now.
  const node = revert ? presentNode(store, app) : chooseNode(store, app, leaveData);
  const open = store.jobs.openOf(app.id);
  const newest = open.find((job) => job.type !== "remove");
  if (newest?.payload.version === app.version && newest.nodeId === node.id && (revert || !newest.payload.revert)) {
    return mustFind(store, newest.id);
  }
  if (!leaveData) checkDataStays(store, app, node);
  const former = leaveData ? undefined : formerNode(store, app, node);
  if (former === undefined) removeElsewhere(store, app, node.id);
  const job = store.jobs.create({
    type,
    nodeId: node.id,
    appId: app.id,
    placed: app.id,
    app: app.name,
    version: app.version,
    revert,
    ...(former === undefined ? {} : { movedFrom: former.name }),
  });
  supersede(store, open, (old) => old.type !== "remove" || old.nodeId === node.id, job.id);
  store.apps.assign(app.id, node.id);
  store.apps.setStatus(app.id, "deploying");
  store.apps.setRevertDue(app.id, false);
  return job;
}

/**
 * Returns the node that an app runs on until it runs on another one; undefined if it does not move, or if a person has named the other node,
 * which then takes its place at once.
 */
function formerNode(store: Store, app: CoreApp, node: CoreNode): CoreNode | undefined {
  const id = store.apps.nodeOf(app.id);
  return app.nodeId !== null || id === undefined || id === node.id ? undefined : store.nodes.find(id);
}

function presentNode(store: Store, app: CoreApp): CoreNode {
  const id = store.apps.nodeOf(app.id) ?? "";
  return existing(store.nodes.find(id), "node", id);
}

/** Creates a new version from an earlier one, and deploys it. */
export function rollback(store: Store, app: CoreApp, version: number): { app: CoreApp; job: CoreJob } {
  if (version === app.version) {
    const message = `version ${version} is the current one: deploy the app instead, or set an earlier version`;
    throw new ProblemError("CONFLICT", message, { field: "version" });
  }
  const old = store.apps.version(app.id, version);
  if (old === undefined) {
    const stored = store.apps.versions(app.id).map((one) => one.version);
    const message = `${app.name} has no version ${version}: available are ${stored.at(-1) ?? 1} to ${stored[0] ?? 1}`;
    throw new ProblemError("NOT_FOUND", message, { field: "version" });
  }
  const { compose, domain, nodeId, nodeLabels } = old;
  const { description, metadata } = app;
  if (nodeId !== null && store.nodes.find(nodeId) === undefined) {
    throw new ProblemError(
      "CONFLICT",
      `the node of version ${version} no longer exists: update the app with another nodeId instead`,
    );
  }
  const next = store.apps.update(app, { description, metadata, compose, domain, nodeId, nodeLabels });
  const job = deploy(store, next, { type: "rollback" });
  return { app: existing(store.apps.find(app.id), "app", app.id), job };
}

/** Deletes an app, and creates removal jobs for every node that may run it. */
export function deleteApp(store: Store, app: CoreApp): void {
  const users = [
    ...store.routes.ofApp(app.id).map(({ hostname, path }) => `route ${hostname}${path}`),
    ...store.policies.ofApp(app.id).map(({ name }) => `backup policy ${name}`),
    ...store.secrets.ofScope("app", app.id).map(({ name }) => `secret ${name}`),
  ];
  if (users.length > 0) {
    throw new ProblemError("IN_USE", `the app ${app.name} is used by ${listed(users)}: delete these first`);
  }
  const open = store.jobs.openOf(app.id);
  const removals = store.placements.nodesOf(app.id).map((nodeId) => remove(store, app, nodeId, app.id));
  supersede(store, open, (job) => job.type !== "remove", removals[0] ?? "none, since the app was deleted");
  supersede(store, store.jobs.openOf(app.id, "data"), () => true, "none, since the app was deleted");
  store.apps.delete(app.id);
  store.jobs.forgetDeleted();
}

/** Makes a failed job pending again. */
export function retry(store: Store, job: CoreJob): CoreJob {
  if (job.status !== "failed") {
    throw new ProblemError("CONFLICT", `the job is ${job.status}: only a failed job can be retried`);
  }
  if (job.type === "backup" || job.type === "restore") {
    throw new ProblemError("CONFLICT", `a ${job.type} is not retried: start a new one`);
  }
  const later = store.jobs.supersededBy(job);
  if (later !== undefined) {
    throw new ProblemError(
      "CONFLICT",
      `superseded by the later job ${later.id} (${later.type}): deploy the app instead`,
    );
  }
  const node = job.nodeId === null ? undefined : store.nodes.find(job.nodeId);
  if (node === undefined) {
    throw new ProblemError("CONFLICT", "the node of the job no longer exists: deploy the app to another node instead");
  }
  const closed = job.type === "remove" ? undefined : closedReason(node);
  if (closed !== undefined)
    throw new ProblemError(
      "CONFLICT",
      `${closed}. Or deploy the app, which chooses another node unless it names this one`,
    );
  if (job.appId !== null && job.type !== "remove") store.apps.setStatus(job.appId, "deploying");
  return store.jobs.open(job.id, "pending");
}

/** Joins items for a message: the first ten, and the number of the others. */
export function listed(items: readonly string[]): string {
  const shown = items.slice(0, 10).join(", ");
  return items.length > 10 ? `${shown} and ${items.length - 10} more` : shown;
}

/** Removes an app from all nodes except one, which runs it. */
export function removeElsewhere(store: Store, app: CoreApp, nodeId: string): void {
  for (const other of store.placements.nodesOf(app.id)) if (other !== nodeId) remove(store, app, other, null);
}

/** Returns the id of the unfinished job that removes an app from a node; creates one if needed. */
function remove(store: Store, app: CoreApp, nodeId: string, appId: string | null): string {
  const open = store.jobs.openOf(app.id).find((job) => job.type === "remove" && job.nodeId === nodeId);
  return (open ?? store.jobs.create({ type: "remove", nodeId, appId, placed: app.id, app: app.name, version: null }))
    .id;
}

/** Fails pending jobs that a later one supersedes. */
function supersede(store: Store, jobs: readonly CoreJob[], superseded: (job: CoreJob) => boolean, by: string): void {
  for (const job of jobs) {
    if (job.status !== "pending" || !superseded(job)) continue;
    store.jobs.end(job.id, { status: "failed", error: `not run: superseded by job ${by}` });
  }
}

function mustFind(store: Store, id: string): CoreJob {
  return existing(store.jobs.find(id), "job", id);
}
