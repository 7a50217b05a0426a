import type { CoreApp } from "../../api/core/app.js";
import type { CoreDrainPlan, CoreDrainRequest } from "../../api/core/drain.js";
import type { CoreNode } from "../../api/core/node.js";
import { ProblemError } from "../../http/problem.js";
import { existing } from "../existing.js";
import type { Store } from "../store/store.js";
import { deploy, listed } from "./deploy.js";
import { dataOn } from "./local-data.js";
import { appCounts, fittestNode, isReady, unfitReason } from "./placement.js";

/**
 * Drains a node: it accepts no deployments any more, and apps that store nothing on it move to other nodes. An app is removed from the node
 * when it runs elsewhere. Apps with data stay. With `dryRun`, only returns what would happen.
 */
export function drain(store: Store, node: CoreNode, { dryRun, moves }: CoreDrainRequest): CoreDrainPlan {
  const plan = drainPlan(store, node);
  if (dryRun) return plan;
  const others = plan.moves.filter(({ app }) => moves !== undefined && !moves.includes(app)).map(({ app }) => app);
  if (others.length > 0) {
    throw new ProblemError("CONFLICT", `${listed(others)} would move, too: repeat the dry run, and confirm it`, {
      field: "moves",
    });
  }
  store.nodes.setDrained(node.id, true);
  for (const { app: name } of plan.moves) {
    const app = existing(store.apps.findByName(name), "app", name);
    deploy(store, app);
  }
  return plan;
}

function drainPlan(store: Store, node: CoreNode): CoreDrainPlan {
  const others = store.nodes.list().filter(({ id }) => id !== node.id);
  const counts = appCounts(store);
  const plan: CoreDrainPlan = { moves: [], stays: [] };
  for (const app of store.apps.list()) {
    if (app.assignedNodeId !== node.id && store.apps.nodeOf(app.id) !== node.id) continue;
    // It is on its way to another node already.
    if (app.assignedNodeId !== node.id && store.jobs.openOf(app.id).some(({ type }) => type !== "remove")) continue;
    // Until its deployment to this node succeeds, its data is on the node where it ran before.
    const place = store.apps.nodeOf(app.id) ?? node.id;
    const isBound = dataOn(store, app, place).length > 0;
    const reason = isBound ? dataReason(store.nodes.find(place)) : stayReason(store, app, node);
    const target = reason === undefined ? fittestNode(others.filter(isReady), app, counts) : undefined;
    if (target === undefined) {
      plan.stays.push({ app: app.name, data: dataOn(store, app, node.id), reason: reason ?? noTarget(others, app) });
      continue;
    }
    counts.set(target.id, (counts.get(target.id) ?? 0) + 1);
    plan.moves.push({ app: app.name, to: target.name });
  }
  return plan;
}

function dataReason(node: CoreNode | undefined): string {
  return `its data is on ${node?.name ?? "a node that was deleted"}: back it up, deploy it to another node with {"leaveData": true}, and restore the backup there`;
}

/** Returns why an app without data cannot be moved, and how to move it; undefined if it can. */
function stayReason(store: Store, app: CoreApp, node: CoreNode): string | undefined {
  if (app.nodeId !== null) return `it names the node ${node.name}: change that to another node, or to labels`;
  if (store.jobs.openOf(app.id, "data").length > 0) return "a backup or restore has not ended: drain again when it has";
  if (!isReady(node)) return undefined;
  if (store.jobs.openOf(app.id).some(({ status }) => status === "running")) {
    return "a deployment is running: drain again when it has ended";
  }
  // Nothing else may be deployed instead of what runs: on another node there is no version to fall back to.
  return store.apps.goodVersion(app.id, node.id)?.version === app.version
    ? undefined
    : `its version ${app.version} was not deployed with success: deploy one that works, then drain again`;
}

function noTarget(others: readonly CoreNode[], app: CoreApp): string {
  if (others.length === 0) return "there is no other node";
  const reasons = others.map((node) => unfitReason(node, app) ?? `the node ${node.name} is not ready`);
  return `no other node fits: ${listed(reasons)}`;
}
