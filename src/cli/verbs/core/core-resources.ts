import { z } from "zod";
import { nearest } from "../../../config/nearest.js";
import { ownershipOf } from "../../../destinations/overseer/ownership-record.js";
import { type AppRecord, CORE_RECORDS, type NodeRecord } from "../../../destinations/overseer/state/core-records.js";
import { CommandError, EXIT } from "../../exit-codes.js";
import type { Core } from "./connect-core.js";

/** Returns the nodes of a Core, sorted by name. */
export async function nodesOf({ client }: Core): Promise<readonly NodeRecord[]> {
  const { body } = await client.request({ method: "GET", path: "/api/nodes" });
  return sorted(z.object({ nodes: z.array(CORE_RECORDS.node) }).parse(body).nodes);
}

/** Returns the apps of a Core, or those of the OverseerApp in `--app`, sorted by name. */
export async function appsOf({ client, owner }: Core): Promise<readonly AppRecord[]> {
  const { body } = await client.request({ method: "GET", path: "/api/apps" });
  const { apps } = z.object({ apps: z.array(CORE_RECORDS.app) }).parse(body);
  return sorted(owner === undefined ? apps : apps.filter(({ metadata }) => ownershipOf(metadata)?.app === owner));
}

/** Returns the resource with a name. Throws CommandError with the nearest name if there is none. */
export function named<T extends { readonly name: string }>(what: string, name: string, all: readonly T[]): T {
  const found = all.find((one) => one.name === name);
  if (found !== undefined) return found;
  const names = all.map((one) => one.name);
  const close = nearest(name, names);
  const hint =
    close !== undefined
      ? `did you mean ${JSON.stringify(close)}?`
      : `${names.length === 0 ? "there are none" : names.slice(0, 20).join(", ")}`;
  throw new CommandError(`the Core has no ${what} ${JSON.stringify(name)}: ${hint}`, EXIT.notAllowed);
}

function sorted<T extends { readonly name: string }>(items: readonly T[]): T[] {
  return [...items].sort((a, b) => (a.name < b.name ? -1 : 1));
}
