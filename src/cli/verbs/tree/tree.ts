import { appTarget, shownName } from "../../connection/apps.js";
import type { TreeNode } from "../../connection/connection.js";
import type { LiveApp } from "../../connection/live.js";
import { withConnection } from "../../connection/with-connection.js";
import { EXIT, type ExitCode } from "../../exit-codes.js";
import type { ClusterFlags, OutputFlags } from "../../flags.js";
import { formatValue } from "../../output/objects.js";
import { print, say } from "../../terminal.js";
import { formatTree } from "./format-tree.js";

/** Runs `overseer tree`. */
export function tree(name: string, flags: ClusterFlags & OutputFlags): Promise<ExitCode> {
  return withConnection(flags, async (connection) => {
    const app = await connection.get<LiveApp>(appTarget(name));
    const { nodes, gaps } = await connection.treeOf(app);
    const { output } = flags;
    if (output === "json" || output === "yaml")
      print(await formatValue({ app: shownName(app), objects: nodes, gaps }, output));
    else if (output === "name") print(names(nodes).join(""));
    else print(formatTree(`OverseerApp ${shownName(app)}`, nodes));
    for (const gap of gaps) say(`not shown: ${gap}`);
    return EXIT.done;
  });
}

function names(nodes: readonly TreeNode[]): string[] {
  return nodes.flatMap(({ kind, group, name, children }) => [
    `${kind.toLowerCase()}${group === "" ? "" : `.${group}`}/${name}\n`,
    ...names(children),
  ]);
}
