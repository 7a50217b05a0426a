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
      // Only the version that runs is deployed again: reverting drift never deploys a version that was not deployed or failed.
      if (!redeploy || observed?.version !== app.version) continue;
      // A removal that waits for another node, which may be lost, hinders nothing here.
      if (store.jobs.openOf(app.id).some(({ type, nodeId }) => type !== "remove" || nodeId === node.id)) continue;
      if (app.status !== "running" || !node.config.schedulable || node.drained) continue;
      deploy(store, app, { revert: true });
      redeployed.push(name);
    }
  });
  return redeployed;
}
