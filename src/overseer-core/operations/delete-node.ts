import type { CoreApp } from "../../api/core/app.js";
import type { CoreNode } from "../../api/core/node.js";
import { ProblemError } from "../../http/problem.js";
import type { Store } from "../store/store.js";
import { endDeployment } from "./agent-jobs.js";
import { recordBackup } from "./data-jobs.js";
import { listed } from "./deploy.js";
import { dataOn } from "./local-data.js";

/**
 * Deletes a node that nothing refers to, and that no app is on unless `leaveApps` is set. Its unfinished jobs fail, and their apps get the
 * status error, or stay where they ran before a move.
 */
export function deleteNode(store: Store, node: CoreNode, leaveApps: boolean): void {
  const users = [
    ...store.apps.list().flatMap(({ name, nodeId }) => (nodeId === node.id ? [`app ${name}`] : [])),
    ...store.secrets.ofScope("node", node.id).map(({ name }) => `secret ${name}`),
  ];
  if (users.length > 0)
    throw new ProblemError("IN_USE", `the node ${node.name} is used by ${listed(users)}: change or delete these first`);
  if (!leaveApps) checkEmpty(store, node);
  for (;;) {
    const job = store.jobs.nextOf(node.id, "deploy") ?? store.jobs.nextOf(node.id, "data");
    if (job === undefined) break;
    const end = { status: "failed", error: `the node ${node.name} was deleted before the job ended` } as const;
    store.jobs.end(job.id, end);
    if (job.type === "backup" && job.appId !== null) recordBackup(store, job.appId, end);
    if (job.type === "deploy" || job.type === "rollback") endDeployment(store, job, "failed");
  }
  store.nodes.delete(node.id);
}

/** Throws IN_USE with the apps on a node and what would be lost with it. */
function checkEmpty(store: Store, node: CoreNode): void {
  const isOn = ({ id, assignedNodeId }: CoreApp): boolean =>
    [assignedNodeId, store.apps.nodeOf(id), ...store.placements.nodesOf(id)].includes(node.id);
  const texts = store.apps
    .list()
    .filter(isOn)
    .map((app) => {
      const data = dataOn(store, app, node.id);
      if (data.length > 0) return `${app.name} with ${listed(data)}`;
      const isElsewhere = app.assignedNodeId !== node.id && !store.apps.runsOn(app.id, node.id);
      return isElsewhere ? `${app.name} until its removal there has succeeded` : app.name;
    });
  if (texts.length === 0) return;
  throw new ProblemError(
    "IN_USE",
    `the node ${node.name} runs ${listed(texts)}: drain it first, and move the data that stays by backup and restore. If the machine is lost, so is that data: then repeat with ?leaveApps=true`,
  );
}
