import type { CoreApp } from "../../api/core/app.js";
import type { CoreNode, CoreNodeReport } from "../../api/core/node.js";
import type { Store } from "../store/store.js";
import { deploy } from "./deploy.js";
import { routesOf } from "./node-routes.js";

/**
 * Stores what the agent of a node reports about it and its apps, and deploys the apps that the agent wants to deploy again.
 * Apps that are deleted or placed on another node are ignored. Returns the names of the apps that are deployed again.
 */
export function recordReport(store: Store, node: CoreNode, { problem, apps, routes }: CoreNodeReport): string[] {
  const redeployed: string[] = [];
  store.database.transaction(() => {
    store.nodes.setProblem(node.id, problem);
    // The node that runs its app reports a route, not one that only keeps its place closed.
    const reported = routesOf(store, node.id).filter(({ app, closed }) => closed === undefined || app === "");
    const own = new Set(reported.map(({ id }) => id));
    for (const route of routes) if (own.has(route.id)) store.routes.setProblem(route.id, route.problem);
    for (const { app: name, observed, redeploy, volumes } of apps) {
      const app = store.apps.findByName(name);
      if (app === undefined || !store.apps.runsOn(app.id, node.id)) continue;
      store.apps.setObserved(app.id, observed);
      store.apps.setVolumes(app.id, volumes);
      // An agent requests each revert once; a node that accepts no deployments now gets it later.
      const due = redeploy || (store.apps.isRevertDue(app.id) && (observed?.drift.length ?? 0) > 0);
      store.apps.setRevertDue(app.id, due && !acceptsReverts(node));
      if (redeploy && revert(store, node, { ...app, observed })) redeployed.push(name);
    }
  });
  return redeployed;
}

/** Reverts the drift that a node has kept while it accepted no deployments. Returns the names of the apps that are deployed again. */
export function revertKept(store: Store, node: CoreNode): string[] {
  if (!acceptsReverts(node)) return [];
  const due = store.apps.list().filter(({ id }) => store.apps.runsOn(id, node.id) && store.apps.isRevertDue(id));
  return due.filter((app) => revert(store, node, app)).map(({ name }) => name);
}

/** Deploys the version of an app that runs again, unless something else is under way. Returns whether it does. */
function revert(store: Store, node: CoreNode, app: CoreApp): boolean {
  // Reverting drift never deploys a version that was not deployed or failed.
  if (app.status !== "running" || app.observed?.version !== app.version || !acceptsReverts(node)) return false;
  // A removal that waits for another node, which may be lost, hinders nothing here.
  if (store.jobs.openOf(app.id).some(({ type, nodeId }) => type !== "remove" || nodeId === node.id)) return false;
  deploy(store, app, { revert: true });
  return true;
}

function acceptsReverts({ config, drained }: CoreNode): boolean {
  return config.schedulable && !drained;
}
