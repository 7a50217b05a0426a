import type { CoreApp } from "../../api/core/app.js";
import type { CoreNode } from "../../api/core/node.js";
import { ProblemError } from "../../http/problem.js";
import type { Store } from "../store/store.js";
import { isMapping, type Mapping, readCompose } from "./compose.js";

/** File systems on other machines, which the driver `local` mounts. */
const SHARED_TYPES: ReadonlySet<string> = new Set(["nfs", "nfs4", "cifs", "smb3"]);

/** What each machine has of its own: sockets, devices, time zone, certificates. */
const OF_THE_SYSTEM =
  /^\/(?:dev|proc|sys|run|var\/run|lib\/modules|etc\/(?:localtime|timezone|ssl|machine-id))(?:\/|$)/;

/** Items in a message. */
const SHOWN = 5;

/**
 * Throws CONFLICT if an app would leave data behind on another node: it would start empty, as if its data were lost. That of a node
 * that is offline or deleted counts as well.
 */
export function checkDataStays(store: Store, app: CoreApp, node: CoreNode): void {
  const from = store.apps.nodeOf(app.id);
  if (from === undefined || from === node.id) return;
  const data = dataOn(store, app, from);
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

/**
 * Returns what an app stores on a node, also in volumes that its images declare; empty if it does not run there. What is not known may be
 * data.
 */
export function dataOn(store: Store, app: CoreApp, nodeId: string): string[] {
  if (!store.apps.runsOn(app.id, nodeId)) return [];
  const compose = store.apps.goodVersion(app.id, nodeId)?.compose;
  const declared =
    compose === undefined ? ["what a version stores whose document is no longer known"] : localData(compose);
  return [...new Set([...declared, ...store.apps.volumes(app.id)])].sort();
}

/** Returns what a Compose document stores on its node, sorted: named and anonymous volumes, and mounted paths, except those of the system. */
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
    if (!isShared(volume)) found.add(`volume ${name}`);
  }
  for (const [name, service] of Object.entries(document.services)) {
    const mounts = isMapping(service) && Array.isArray(service.volumes) ? service.volumes : [];
    for (const mount of mounts) {
      const data = isMapping(mount) ? longForm(mount, name) : shortForm(String(mount), name);
      if (data !== undefined) found.add(data);
    }
  }
  return [...found].sort();
}

/** Whether the data of a volume is the same on every node. The driver `local` stores it on the node, also with `type: none`. */
function isShared(volume: unknown): boolean {
  if (!isMapping(volume)) return false;
  if (typeof volume.driver === "string" && volume.driver !== "" && volume.driver !== "local") return true;
  const { type } = isMapping(volume.driver_opts) ? volume.driver_opts : {};
  return typeof type === "string" && (SHARED_TYPES.has(type.toLowerCase()) || type === "tmpfs");
}

function longForm({ type, source, target }: Mapping, service: string): string | undefined {
  // The source of a bind mount is a path, also without ./ before it.
  if (type === "bind") return typeof source === "string" && !OF_THE_SYSTEM.test(source) ? source : undefined;
  if (type !== "volume" && type !== undefined) return undefined;
  return source === undefined ? `anonymous volume ${String(target)} of ${service}` : pathOf(source);
}

function shortForm(mount: string, service: string): string | undefined {
  // What a variable stands for is known on the node only, and its default can contain colons.
  if (/(?<!\$)(?:\$\$)*\$(?!\$)/.test(mount)) return mount;
  const [source, target] = mount.split(":");
  return target === undefined ? `anonymous volume ${mount} of ${service}` : pathOf(source);
}

/** Returns a path on the node; undefined for the name of a volume. */
function pathOf(source: unknown): string | undefined {
  return typeof source === "string" && /^[./~]/.test(source) && !OF_THE_SYSTEM.test(source) ? source : undefined;
}
