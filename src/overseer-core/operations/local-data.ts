import type { CoreApp } from "../../api/core/app.js";
import type { CoreNode } from "../../api/core/node.js";
import { ProblemError } from "../../http/problem.js";
import type { Store } from "../store/store.js";
import { isMapping, readCompose } from "./compose.js";

/** Items in a message. */
const SHOWN = 5;

/**
 * Throws CONFLICT if an app would leave data behind on another node: it would start empty, as if its data were lost. That of a node
 * that is offline or deleted counts as well.
 */
export function checkDataStays(store: Store, app: CoreApp, node: CoreNode): void {
  const from = store.apps.nodeOf(app.id);
  if (from === undefined || from === node.id) return;
  const data = localData(store.apps.goodVersion(app.id, from)?.compose ?? "");
  if (data.length === 0) return;
  const name = store.nodes.find(from)?.name;
  const where = name === undefined ? "on a node that was deleted" : `on the node ${name}`;
  const more = data.length > SHOWN ? ` and ${data.length - SHOWN} more` : "";
  throw new ProblemError(
    "CONFLICT",
    `${app.name} has data ${where} that does not move to ${node.name}: ${data.slice(0, SHOWN).join(", ")}${more}. To move the app, back it up, deploy it with {"leaveData": true}, and restore the backup; otherwise set its node back`,
    { field: "nodeId" },
  );
}

/** Returns what a Compose document stores on its node, sorted: named volumes, and paths in the directory of the app. */
export function localData(compose: string): string[] {
  let document: ReturnType<typeof readCompose>;
  try {
    document = readCompose(compose);
  } catch {
    return [];
  }
  const declared = isMapping(document.volumes) ? document.volumes : {};
  const found = new Set<string>();
  for (const [name, volume] of Object.entries(declared)) {
    // Data on a network share is the same on every node.
    const shared = isMapping(volume) && (isMapping(volume.driver_opts) || typeof volume.driver === "string");
    if (!shared) found.add(`volume ${name}`);
  }
  for (const service of Object.values(document.services)) {
    const mounts = isMapping(service) && Array.isArray(service.volumes) ? service.volumes : [];
    for (const mount of mounts) {
      const source = isMapping(mount) ? mount.source : String(mount).split(":")[0];
      if (typeof source === "string" && source.startsWith(".")) found.add(source);
    }
  }
  return [...found].sort();
}
