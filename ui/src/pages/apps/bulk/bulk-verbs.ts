import type { AppRow, AppVerb } from "../../../api/types.js";

/** What can be done with several apps at once. */
export const BULK_VERBS = ["sync", "refresh", "suspend", "resume"] as const;
export type BulkVerb = (typeof BULK_VERBS)[number];

/** The permission that each verb needs, as RBAC names it. */
const NEEDS: Readonly<Record<BulkVerb, AppVerb>> = {
  sync: "sync",
  refresh: "update",
  suspend: "update",
  resume: "update",
};

/** What the user may do, by namespace, as far as it is known. */
export type Rights = Readonly<Record<string, readonly AppVerb[]>>;

/** Returns why an app is left out; undefined if the verb can be tried. The API decides again. */
export function skipReason(
  verb: BulkVerb,
  { namespace, sync }: Pick<AppRow, "namespace" | "sync">,
  rights: Rights,
): string | undefined {
  if (rights[namespace]?.includes(NEEDS[verb]) === false) return `you may not ${verb} apps of ${namespace}`;
  if (sync === "Deleting") return "is being deleted";
  if (verb === "resume" && sync !== "Suspended") return "is not suspended";
  if (verb === "suspend" && sync === "Suspended") return "is suspended already";
  if (verb === "sync" && sync === "Suspended") return "is suspended: resume it first";
  return undefined;
}

/** Returns what a button does: `Sync 3 apps`. */
export function titleOf(verb: BulkVerb, count: number): string {
  return `${verb.charAt(0).toUpperCase()}${verb.slice(1)} ${countOf(count)}`;
}

/** Returns a number of apps in words. */
export function countOf(count: number): string {
  return `${count} ${count === 1 ? "app" : "apps"}`;
}
