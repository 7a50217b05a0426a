import type { CoreNode } from "../../api/core/node.js";
import { ProblemError } from "../../http/problem.js";
import type { Store } from "../store/store.js";
import { recordBackup } from "./data-jobs.js";
import { listed } from "./deploy.js";

/** Deletes a node that nothing refers to. Its unfinished jobs fail, and their apps get the status error. */
export function deleteNode(store: Store, node: CoreNode): void {
  const users = [
    ...store.apps.list().flatMap(({ name, nodeId }) => (nodeId === node.id ? [`app ${name}`] : [])),
    ...store.secrets.ofScope("node", node.id).map(({ name }) => `secret ${name}`),
  ];
  if (users.length > 0)
    throw new ProblemError("IN_USE", `the node ${node.name} is used by ${listed(users)}: change or delete these first`);
  for (;;) {
    const job = store.jobs.nextOf(node.id, "deploy") ?? store.jobs.nextOf(node.id, "data");
    if (job === undefined) break;
    const end = { status: "failed", error: `the node ${node.name} was deleted before the job ended` } as const;
    store.jobs.end(job.id, end);
    if (job.type === "backup" && job.appId !== null) recordBackup(store, job.appId, end);
    if (job.type === "backup" || job.type === "restore") continue;
    const open = job.appId === null ? [] : store.jobs.openOf(job.appId);
    if (job.appId !== null && job.type !== "remove" && open.every(({ type }) => type === "remove")) {
      store.apps.setStatus(job.appId, "error");
    }
  }
  store.nodes.delete(node.id);
}
