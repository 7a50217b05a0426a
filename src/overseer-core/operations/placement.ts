import type { CoreApp } from "../../api/core/app.js";
import type { CoreNode } from "../../api/core/node.js";
import { ProblemError } from "../../http/problem.js";
import type { Store } from "../store/store.js";
import { dataOn } from "./local-data.js";

/**
 * Returns the node that an app is deployed to: the one that it names; otherwise the one that it is on, as long as that fits; otherwise
 * the fitting one with the fewest apps. Nodes that are online come first. Throws CONFLICT if none fits, or if the node that the app has data
 * on does not fit any more, unless it may leave the data there.
 */
export function chooseNode(store: Store, app: CoreApp, leaveData = false): CoreNode {
  const nodes = store.nodes.list();
  if (nodes.length === 0) {
    throw conflict("no node is registered: start an agent (overseer-agent) with a token of role agent");
  }
  if (app.nodeId !== null) return namedNode(store, app, app.nodeId);
  const present = nodes.find(({ id }) => id === app.assignedNodeId);
  const why = present && unfitReason(present, app);
  if (present !== undefined && why === undefined && (isReady(present) || isPlaced(store, app, present))) return present;
  if (present !== undefined && why !== undefined && !leaveData) {
    const data = dataOn(store, app, present.id);
    if (data.length > 0) {
      throw conflict(`${app.name} stays on the node ${present.name}, where its data is (${shown(data)}), and ${why}`);
    }
  }
  const chosen = fittestNode(nodes, app, appCounts(store));
  if (chosen !== undefined) return chosen;
  throw conflict(`no node fits ${app.name}: ${nodes.map((node) => unfitReason(node, app) ?? node.name).join("; ")}`);
}

/** Returns the fitting node with the fewest apps, preferably one that is online; undefined if none fits. */
export function fittestNode(
  nodes: readonly CoreNode[],
  app: CoreApp,
  counts: ReadonlyMap<string, number>,
): CoreNode | undefined {
  const fitting = nodes.filter((node) => unfitReason(node, app) === undefined);
  const rank = (node: CoreNode): number => (isReady(node) ? 0 : 1e9) + (counts.get(node.id) ?? 0);
  return fitting.sort((a, b) => rank(a) - rank(b) || (a.name < b.name ? -1 : 1))[0];
}

/** Returns the number of apps on each node, by the ID of the node. */
export function appCounts(store: Store): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { assignedNodeId: id } of store.apps.list()) {
    if (id !== null) counts.set(id, (counts.get(id) ?? 0) + 1);
  }
  return counts;
}

/** Returns why an app cannot be deployed to a node; undefined if it can. A node that is offline fits: its agent may come back. */
export function unfitReason(node: CoreNode, app: CoreApp): string | undefined {
  const missing = Object.entries(app.nodeLabels).filter(([key, value]) => node.config.labels[key] !== value);
  if (missing.length === 0) return closedReason(node);
  const labels = missing.map(([key, value]) => `${key}=${value}`).join(", ");
  return `the node ${node.name} does not have the ${missing.length === 1 ? "label" : "labels"} ${labels}`;
}

/** Returns why a node accepts no deployments; undefined if it does. */
export function closedReason({ name, id, config, drained }: CoreNode): string | undefined {
  if (drained) return `the node ${name} is drained: end that with DELETE /api/nodes/${id}/drain`;
  return config.schedulable ? undefined : `the node ${name} accepts no deployments (schedulable: false)`;
}

/** Whether a node can run jobs now. */
export function isReady({ status, problem }: CoreNode): boolean {
  return status === "online" && problem === null;
}

/** Joins the first items for a message. */
function shown(items: readonly string[]): string {
  return items.length > 5 ? `${items.slice(0, 5).join(", ")} and ${items.length - 5} more` : items.join(", ");
}

/** Whether the agent of a node has had a job of an app, so that it may run there. */
function isPlaced(store: Store, app: CoreApp, node: CoreNode): boolean {
  return store.placements.nodesOf(app.id).includes(node.id);
}

function namedNode(store: Store, app: CoreApp, id: string): CoreNode {
  const node = store.nodes.find(id);
  if (node === undefined) throw conflict(`the node of ${app.name} no longer exists: set another nodeId`);
  const why = unfitReason(node, app);
  if (why !== undefined) throw conflict(why);
  return node;
}

function conflict(message: string): ProblemError {
  return new ProblemError("CONFLICT", message, { field: "nodeId" });
}
