import type { AppRecord, NodeRecord } from "../../../destinations/overseer/state/core-records.js";
import { EXIT, type ExitCode } from "../../exit-codes.js";
import { age } from "../../output/age.js";
import { jsonOutput } from "../../output/objects.js";
import { formatTable } from "../../output/table.js";
import { hint, print } from "../../terminal.js";
import type { ListFlags } from "./backups.js";
import { formatBytes } from "./backups.js";
import { type CoreFlags, withCore } from "./connect-core.js";
import { appsOf, nodesOf } from "./core-resources.js";

/** Lists the nodes of a Core. */
export function listNodes(flags: CoreFlags & ListFlags): Promise<ExitCode> {
  return withCore(flags, async (core) => {
    const [nodes, apps] = [await nodesOf(core), await appsOf({ ...core, owner: undefined })];
    if (flags.output === "json") print(jsonOutput(nodes));
    else if (nodes.length === 0) hint(flags, "the Core has no nodes: start an agent");
    else
      print(
        formatTable(
          ["name", "status", "apps", "free memory", "free disk", "labels", "heartbeat"],
          nodes.map((node) => [
            node.name,
            nodeStatus(node),
            apps.filter(({ nodeId, assignedNodeId }) => (assignedNodeId ?? nodeId) === node.id).length,
            freeText(node.usage?.memoryAvailable, node.usage?.memory),
            freeText(node.usage?.diskAvailable, node.usage?.disk),
            labelText(node.config?.labels),
            age(node.lastHeartbeat ?? undefined),
          ]),
        ),
      );
    return EXIT.done;
  });
}

/** Lists the apps of a Core. */
export function listApps(flags: CoreFlags & ListFlags): Promise<ExitCode> {
  return withCore(flags, async (core) => {
    const [nodes, apps] = [await nodesOf(core), await appsOf(core)];
    // Compose documents may contain secrets as plain values.
    if (flags.output === "json") print(jsonOutput(apps.map(({ compose: _, ...app }) => app)));
    else if (apps.length === 0) hint(flags, "there are no apps");
    else
      print(
        formatTable(
          ["name", "status", "node", "version", "backup"],
          apps.map((app) => [
            app.name,
            appStatus(app, nodes),
            nodes.find(({ id }) => id === (app.assignedNodeId ?? app.nodeId))?.name,
            app.version,
            age(app.backup?.lastSuccess ?? undefined),
          ]),
        ),
      );
    return EXIT.done;
  });
}

function freeText(free: number | undefined, all: number | undefined): string | undefined {
  return free === undefined || all === undefined ? undefined : `${formatBytes(free)} of ${formatBytes(all)}`;
}

function nodeStatus({ status, drained, problem, config }: NodeRecord): string {
  const more = [
    ...(drained === true ? ["drained"] : config?.schedulable === false ? ["not schedulable"] : []),
    ...(problem === null ? [] : [problem]),
  ];
  return [status, ...more].join(", ");
}

/** What runs on a node that is offline is not known. */
function appStatus({ status, assignedNodeId }: AppRecord, nodes: readonly NodeRecord[]): string {
  const node = nodes.find(({ id }) => id === assignedNodeId);
  if (assignedNodeId === null) return status;
  if (node === undefined) return "unknown (its node was deleted)";
  return node.status === "offline" ? `unknown (${node.name} is offline)` : status;
}

function labelText(labels: Readonly<Record<string, string>> = {}): string | undefined {
  const text = Object.entries(labels).map(([key, value]) => `${key}=${value}`);
  return text.length === 0 ? undefined : text.sort().join(",");
}
