import type { CoreNode } from "../../api/core/node.js";
import { Fault } from "../fault.js";
import type { Store } from "../store/store.js";
import { listed } from "./deploy.js";

/** Deletes a node that nothing names. The jobs that it has not ended fail, and the apps of these are in error. */
export function deleteNode(store: Store, node: CoreNode): void {
  const users = [
    ...store.apps.list().flatMap(({ name, nodeId }) => (nodeId === node.id ? [`app ${name}`] : [])),
    ...store.secrets.ofScope("node", node.id).map(({ name }) => `secret ${name}`),
  ];
  if (users.length > 0)
    throw new Fault("IN_USE", `${node.name} is named by ${listed(users)}: change or delete these first`);
  for (;;) {
    const job = store.jobs.nextOf(node.id);
    if (job === undefined) break;
    store.jobs.end(job.id, { status: "failed", error: `the node ${node.name} was deleted before it ended the job` });
    const open = job.appId === null ? [] : store.jobs.openOf(job.appId);
    if (job.appId !== null && job.type !== "remove" && open.every(({ type }) => type === "remove")) {
      store.apps.setStatus(job.appId, "error");
    }
  }
  store.nodes.delete(node.id);
}
