import type { CoreApp } from "../../api/core/app.js";
import type { CoreJob } from "../../api/core/job.js";
import type { CoreNode } from "../../api/core/node.js";
import { existing, Fault } from "../fault.js";
import type { Store } from "../store/store.js";

/** Asks a node to run the present version of an app. A job for that version which has not ended is given as it is. */
export function deploy(store: Store, app: CoreApp, type: "deploy" | "rollback" = "deploy"): CoreJob {
  const node = chooseNode(store, app);
  const open = store.jobs.openOf(app.id);
  const newest = open.find((job) => job.type !== "remove");
  if (newest?.payload.version === app.version && newest.nodeId === node.id) return mustFind(store, newest.id);
  const others = store.placements.nodesOf(app.id).filter((id) => id !== node.id);
  for (const other of others) remove(store, app, other, null);
  const job = store.jobs.create({
    type,
    nodeId: node.id,
    appId: app.id,
    placed: app.id,
    app: app.name,
    version: app.version,
  });
  supersede(store, open, (old) => old.type !== "remove" || old.nodeId === node.id, job.id);
  store.apps.setStatus(app.id, "deploying");
  return job;
}

/** Makes an earlier version the newest one, and deploys it. */
export function rollback(store: Store, app: CoreApp, version: number): { app: CoreApp; job: CoreJob } {
  if (version === app.version) {
    const message = `version ${version} is the present one: deploy the app instead, or name an earlier version`;
    throw new Fault("CONFLICT", message, { field: "version" });
  }
  const old = store.apps.version(app.id, version);
  if (old === undefined) {
    const kept = store.apps.versions(app.id).map((one) => one.version);
    const message = `${app.name} has no version ${version}: there are ${kept.at(-1) ?? 1} to ${kept[0] ?? 1}`;
    throw new Fault("NOT_FOUND", message, { field: "version" });
  }
  const { compose, domain, nodeId } = old;
  const { description, metadata } = app;
  if (nodeId !== null && store.nodes.find(nodeId) === undefined) {
    throw new Fault(
      "CONFLICT",
      `version ${version} ran on a node that is gone: write the app with another nodeId instead`,
    );
  }
  const next = store.apps.update(app, { description, metadata, compose, domain, nodeId });
  const job = deploy(store, next, "rollback");
  return { app: existing(store.apps.find(app.id), "app", app.id), job };
}

/** Deletes an app, and asks every node that may have something of it to remove that. */
export function deleteApp(store: Store, app: CoreApp): void {
  const users = [
    ...store.routes.ofApp(app.id).map(({ hostname, path }) => `route ${hostname}${path}`),
    ...store.policies.ofApp(app.id).map(({ name }) => `backup policy ${name}`),
    ...store.secrets.ofScope("app", app.id).map(({ name }) => `secret ${name}`),
  ];
  if (users.length > 0) {
    throw new Fault("IN_USE", `${app.name} is named by ${listed(users)}: delete these first`);
  }
  const open = store.jobs.openOf(app.id);
  const removals = store.placements.nodesOf(app.id).map((nodeId) => remove(store, app, nodeId, app.id));
  supersede(store, open, (job) => job.type !== "remove", removals[0] ?? "none, since the app was deleted");
  store.apps.delete(app.id);
}

/** Lets a job that failed wait for its agent again. */
export function retry(store: Store, job: CoreJob): CoreJob {
  if (job.status !== "failed") {
    throw new Fault("CONFLICT", `the job is ${job.status}: only a job that failed can be tried again`);
  }
  const later = store.jobs.overtakenBy(job);
  if (later !== undefined) {
    throw new Fault(
      "CONFLICT",
      `the later job ${later.id} (${later.type}) has taken its place: deploy the app instead`,
    );
  }
  if (job.nodeId === null || store.nodes.find(job.nodeId) === undefined) {
    throw new Fault("CONFLICT", "its node is gone: deploy the app to another one instead");
  }
  if (job.appId !== null && job.type !== "remove") store.apps.setStatus(job.appId, "deploying");
  return store.jobs.open(job.id, "pending");
}

/** Items for a message, the first ten by name. */
export function listed(items: readonly string[]): string {
  const shown = items.slice(0, 10).join(", ");
  return items.length > 10 ? `${shown} and ${items.length - 10} more` : shown;
}

/** Gives the id of the job that removes an app from a node, made if there was none. */
function remove(store: Store, app: CoreApp, nodeId: string, appId: string | null): string {
  const open = store.jobs.openOf(app.id).find((job) => job.type === "remove" && job.nodeId === nodeId);
  return (open ?? store.jobs.create({ type: "remove", nodeId, appId, placed: app.id, app: app.name, version: null }))
    .id;
}

/** Ends jobs that wait and that a later one makes needless. */
function supersede(store: Store, jobs: readonly CoreJob[], needless: (job: CoreJob) => boolean, by: string): void {
  for (const job of jobs) {
    if (job.status !== "pending" || !needless(job)) continue;
    store.jobs.end(job.id, { status: "failed", error: `nothing was done: superseded by job ${by}` });
  }
}

function chooseNode(store: Store, app: CoreApp): CoreNode {
  const nodes = store.nodes.list();
  const node = app.nodeId === null ? onlyNode(nodes) : store.nodes.find(app.nodeId);
  if (node === undefined) throw new Fault("CONFLICT", `the node of ${app.name} is gone: write another nodeId`);
  if (!node.config.schedulable) {
    throw new Fault("CONFLICT", `the node ${node.name} takes no new deployments (schedulable: false)`);
  }
  return node;
}

function onlyNode(nodes: readonly CoreNode[]): CoreNode {
  const [node, other] = nodes;
  if (node === undefined) {
    throw new Fault("CONFLICT", "no node is registered: start an agent (overseer-agent) with a token of role agent");
  }
  if (other === undefined) return node;
  const names = listed(nodes.map(({ name }) => name));
  throw new Fault("CONFLICT", `there are ${nodes.length} nodes (${names}): say which one by nodeId`, {
    field: "nodeId",
  });
}

function mustFind(store: Store, id: string): CoreJob {
  return existing(store.jobs.find(id), "job", id);
}
