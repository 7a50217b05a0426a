import type { Environment } from "../../api/environment.js";
import type { LedgerEntry } from "../../api/ledger.js";
import { MESSAGE_DIGITS } from "../../api/short-revision.js";
import type { Proof } from "./eligibility.js";

/** Identifies an app. */
export interface AppKey {
  readonly namespace: string;
  readonly name: string;
}

/** Another app of a group, by name. It need not exist. */
export interface Mate extends AppKey {
  /** Name of the group. */
  readonly group: string;
}

/** Returns the other apps of the groups that an app is in, each once per group. Names without a namespace are of the namespace of the app. */
export function matesOf(app: AppKey, { spec }: Environment): Mate[] {
  const own = (spec.namespaces ?? []).some(({ name }) => name === app.namespace);
  if (!own) return [];
  return (spec.promotion?.groups ?? []).flatMap(({ name: group, apps }) => {
    const members = apps.map(({ name, namespace = app.namespace }) => ({ group, namespace, name }));
    const isOwn = (one: AppKey): boolean => one.namespace === app.namespace && one.name === app.name;
    return members.some(isOwn) ? members.filter((one) => !isOwn(one)) : [];
  });
}

/** Returns whether a commit has neither failed nor been rolled back for another app of a group, by the ledger of that app. */
export function notFailedFor(
  { group, key }: { readonly group: string; readonly key: string },
  ledger: readonly LedgerEntry[],
  commit: string,
): Proof {
  const entry = ledger.findLast((one) => one.commit === commit || one.through === commit);
  if (entry === undefined) return { proven: true };
  const hasFailed = entry.ended === undefined ? entry.failed && !entry.firstHealthy : entry.how === "Failed";
  if (!hasFailed && entry.how !== "RolledBack") return { proven: true };
  const what = hasFailed ? "has failed" : "was rolled back";
  return {
    proven: false,
    why: `group ${group}: commit ${commit.slice(0, MESSAGE_DIGITS)} ${what} here for OverseerApp ${key}: push a commit that fixes it, or promote it by a Change of cause Promotion`,
  };
}
