import { sha256 } from "../../../base/hash.js";

/**
 * Returns the name of the Compose project of an app on a node. It is the same for an app that is deleted and created again, so that the
 * app finds its volumes. The hash keeps the volumes of `a` and `a_b` apart, and two nodes on one Docker engine.
 */
export function projectName(node: string, app: string): string {
  return `${app.replaceAll(".", "_")}-${sha256(`${node}/${app}`, 8)}`;
}
