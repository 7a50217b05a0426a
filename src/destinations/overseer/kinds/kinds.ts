import { CORE_OBJECT_GROUP } from "../../../api/core/objects.js";
import type { GroupVersionKind } from "../../../manifest/object-id.js";
import { APP_KIND } from "./app-kind.js";
import { BACKUP_POLICY_KIND } from "./backup-policy-kind.js";
import type { CoreKind } from "./core-kind.js";
import { NODE_KIND } from "./node-kind.js";
import { ROUTE_KIND } from "./route-kind.js";
import { SECRET_KIND } from "./secret-kind.js";

/** The rules of all managed kinds. */
export const CORE_KINDS: readonly CoreKind[] = [NODE_KIND, APP_KIND, ROUTE_KIND, BACKUP_POLICY_KIND, SECRET_KIND];

const BY_NAME: ReadonlyMap<string, CoreKind> = new Map(CORE_KINDS.map((rules) => [rules.kind, rules]));

/** Returns the rules of a kind; undefined if a Core has no such kind. */
export function coreKindOf({ group, kind }: Pick<GroupVersionKind, "group" | "kind">): CoreKind | undefined {
  return group === CORE_OBJECT_GROUP ? BY_NAME.get(kind) : undefined;
}
