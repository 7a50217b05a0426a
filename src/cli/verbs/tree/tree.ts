import { objectsOf } from "../../cluster/app-objects.js";
import { appTarget, type LiveApp, shownName } from "../../cluster/apps.js";
import { withCluster } from "../../cluster/with-cluster.js";
import { EXIT, type ExitCode } from "../../exit-codes.js";
import type { ClusterFlags, OutputFlags } from "../../flags.js";
import { formatValue } from "../../output/objects.js";
import { print, say } from "../../terminal.js";
import { buildTree, formatTree, type TreeNode } from "./build-tree.js";

/** Runs `overseer tree`. */
export function tree(name: string, flags: ClusterFlags & OutputFlags): Promise<ExitCode> {
  return withCluster(flags, async (cluster) => {
    const app = await cluster.get<LiveApp>(appTarget(name));
    const objects = await objectsOf(cluster, app);
    const nodes = buildTree(objects);
    const { output } = flags;
    if (output === "json" || output === "yaml")
      print(await formatValue({ app: shownName(app), objects: nodes, gaps: objects.gaps }, output));
    else if (output === "name") print(names(nodes).join(""));
    else print(formatTree(`OverseerApp ${shownName(app)}`, nodes));
    for (const gap of objects.gaps) say(`not shown: ${gap}`);
    return EXIT.done;
  });
}

function names(nodes: readonly TreeNode[]): string[] {
  return nodes.flatMap(({ kind, group, name, children }) => [
    `${kind.toLowerCase()}${group === "" ? "" : `.${group}`}/${name}\n`,
    ...names(children),
  ]);
}
