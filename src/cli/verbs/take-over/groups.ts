import { ANNOTATION_IMPORTED_FROM, ANNOTATION_IMPORTED_POLICY } from "../../../api/group.js";
import { isRecord } from "../../../manifest/shape.js";
import { describeOwner, type OwnerRef, parseOwner } from "../../../migration/take-over/owner.js";
import type { Cluster } from "../../cluster/cluster.js";
import { shownName } from "../../connection/apps.js";
import type { LiveApp } from "../../connection/live.js";
import { CommandError, EXIT } from "../../exit-codes.js";
import { KINDS } from "../../kinds.js";
import type { Target } from "../../target.js";

/** Apps that replace one object of another tool together. */
export interface Group {
  readonly owner: OwnerRef;
  /** By namespace and name. */
  readonly apps: readonly LiveApp[];
}

/**
 * Returns the groups that apps belong to, each once and with all of its apps. A group never leaves the namespace of its apps: any user
 * who may write apps in another one could otherwise join it by an annotation, and read or write its state.
 *
 * @throws CommandError for an app that was not imported, and for apps of two namespaces that replace the same object.
 */
export async function groupsOf(cluster: Cluster, targets: readonly Target[]): Promise<readonly Group[]> {
  const found: LiveApp[] = [];
  for (const target of targets) found.push(await cluster.get<LiveApp>(target));
  const namespaces = new Set(found.map(({ metadata }) => metadata.namespace ?? ""));
  const all: LiveApp[] = [];
  for (const namespace of namespaces) all.push(...(await cluster.list<LiveApp>(KINDS.app, { namespace })).items);
  return groupApps(found, all);
}

/**
 * Groups apps with those of `all` that replace the same object, in the same namespace.
 *
 * @throws CommandError as `groupsOf`
 */
export function groupApps(targets: readonly LiveApp[], all: readonly LiveApp[]): readonly Group[] {
  const groups = new Map<string, Group>();
  for (const app of targets) {
    const from = app.metadata.annotations?.[ANNOTATION_IMPORTED_FROM];
    const owner = parseOwner(from ?? "");
    if (from === undefined || owner === undefined)
      throw new CommandError(
        `${shownName(app)} has no valid annotation ${ANNOTATION_IMPORTED_FROM}: only apps that "overseer import" has made can take over`,
        EXIT.failed,
      );
    const { namespace } = app.metadata;
    const other = groups.get(from)?.apps[0];
    if (other !== undefined && other.metadata.namespace !== namespace)
      throw new CommandError(
        `${shownName(other)} and ${shownName(app)} both replace ${describeOwner(owner)}, and are in different namespaces: name only the one that "overseer import" has made, and check who has annotated the other one`,
        EXIT.failed,
      );
    const apps = all.filter(
      ({ metadata }) => metadata.namespace === namespace && metadata.annotations?.[ANNOTATION_IMPORTED_FROM] === from,
    );
    groups.set(from, { owner, apps: apps.sort((a, b) => shownName(a).localeCompare(shownName(b))) });
  }
  return [...groups.values()];
}

/** `shop/web, shop/web-2`. */
export function describeGroup({ apps }: Group): string {
  return apps.map(shownName).join(", ");
}

const MODES: readonly unknown[] = ["Automatic", "Manual"];
const POLICIES: readonly unknown[] = ["Delete", "DeleteAll", "Orphan"];

/**
 * Returns the part of a spec that an app gets at the end.
 *
 * @throws CommandError if the annotation is missing or wrong.
 */
export function finalSpec(app: LiveApp, { owner }: Group): { sync: Record<string, unknown>; deletionPolicy: string } {
  const text = app.metadata.annotations?.[ANNOTATION_IMPORTED_POLICY] ?? "";
  let policy: unknown;
  try {
    policy = JSON.parse(text);
  } catch {
    policy = undefined;
  }
  if (
    !isRecord(policy) ||
    !MODES.includes(policy.mode) ||
    typeof policy.prune !== "boolean" ||
    typeof policy.selfHeal !== "boolean" ||
    !POLICIES.includes(policy.deletionPolicy)
  )
    throw new CommandError(
      `${shownName(app)} has no valid annotation ${ANNOTATION_IMPORTED_POLICY}: import ${describeOwner(owner)} again, and apply the manifest`,
      EXIT.failed,
    );
  const { mode, prune, selfHeal, deletionPolicy } = policy;
  return { sync: { mode, prune, selfHeal, adopt: "Unowned" }, deletionPolicy: String(deletionPolicy) };
}
