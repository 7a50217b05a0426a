import type { ApprovalRule } from "../api/environment-gates.js";
import type { SyncWindow } from "../api/sync-policy.js";
import { rfc3339 } from "../base/clock.js";
import { parseDuration } from "../base/duration.js";
import { timeAfterOpen } from "./windows.js";

const ACCOUNT_PREFIX = "system:serviceaccount:";

/** A user who approves a plan, with the groups that were proven at that time. */
export interface Approver {
  readonly name: string;
  readonly groups: readonly string[];
  /** The person to whom the user name belongs, if known. One person counts once. */
  readonly person?: string | undefined;
  /** Time of the approval in epoch milliseconds. */
  readonly time: number;
}

/** Returns the time (epoch ms) at which an approval expires. Time outside of the windows of the Environment does not count. */
export function expiryOf({ time }: Approver, { expires }: ApprovalRule, windows: readonly SyncWindow[] = []): number {
  return timeAfterOpen(windows, time, parseDuration(expires) ?? 0);
}

/** Returns why the approval of a user does not count for a rule at a time (epoch ms); undefined if it does. */
export function whyIneligible(
  approver: Approver,
  rule: ApprovalRule,
  now: number,
  windows: readonly SyncWindow[] = [],
): string | undefined {
  const excluded = whyExcluded(approver, rule);
  if (excluded !== undefined) return excluded;
  const expiry = expiryOf(approver, rule, windows);
  return now < expiry ? undefined : `it expired at ${rfc3339(expiry)} (gates.approval.expires: ${rule.expires})`;
}

/** Returns why the approval of a user can never count for a rule; undefined if it can. */
function whyExcluded({ name }: Approver, { userPrefix, serviceAccounts = [] }: ApprovalRule): string | undefined {
  if (name.startsWith(ACCOUNT_PREFIX)) {
    const account = name.slice(ACCOUNT_PREFIX.length).replace(":", "/");
    return serviceAccounts.includes(account)
      ? undefined
      : `ServiceAccount ${account} is not listed in gates.approval.serviceAccounts`;
  }
  if (userPrefix !== undefined && !name.startsWith(userPrefix))
    return `the user name does not begin with ${userPrefix} (gates.approval.userPrefix)`;
  return undefined;
}

/** Returns what a rule still lacks, for example `1 of 2 approvals (alice), none of group sre`; undefined if it is met. */
export function whatLacks(rule: ApprovalRule, approvers: readonly Approver[]): string | undefined {
  const distinct = onePerPerson(approvers);
  const groups = rule.groups ?? [];
  const required = Math.max(rule.required, groups.length);
  const uncovered = groups.filter((group) => !distinct.some((one) => one.groups.includes(group)));
  const names = distinct.length === 0 ? "" : ` (${distinct.map(({ name }) => name).join(", ")})`;
  const parts = [
    ...(distinct.length < required ? [`${distinct.length} of ${required} approvals${names}`] : []),
    ...uncovered.map((group) => `none of group ${group}`),
  ];
  if (parts.length > 0) return parts.join(", ");
  return isCovered(groups, distinct) ? undefined : `the groups ${groups.join(", ")} each need another user${names}`;
}

/**
 * Returns what a rule still lacks if any one approver may be the author: it must be met without each of them. `unrecorded` says why, for
 * example `an edit of the app`.
 */
export function whatLacksWithoutAny(
  rule: ApprovalRule,
  approvers: readonly Approver[],
  unrecorded: string,
): string | undefined {
  const lack = whatLacks(rule, approvers);
  if (lack !== undefined) return lack;
  const distinct = onePerPerson(approvers);
  const isMet = distinct.every(
    (one) =>
      whatLacks(
        rule,
        distinct.filter((other) => other !== one),
      ) === undefined,
  );
  if (isMet) return undefined;
  const names = distinct.map(({ name }) => name).join(", ");
  return `one more approval (${names}): the Change comes from ${unrecorded} as well, whose author Kubernetes does not record, so that it may be one of them (gates.approval.forbidAuthor)`;
}

/** The user name that a person approves with first stands for the person, with the groups of all. */
function onePerPerson(approvers: readonly Approver[]): Approver[] {
  const persons = new Map<string, Approver>();
  for (const one of approvers) {
    const key = one.person ?? one.name;
    const first = persons.get(key);
    const groups = [...new Set([...(first?.groups ?? []), ...one.groups])];
    persons.set(key, { ...(first ?? one), groups });
  }
  return [...persons.values()];
}

/** Reports whether each group can be given a user of its own. At most 10 groups: tried by depth-first search with augmenting paths. */
function isCovered(groups: readonly string[], approvers: readonly Approver[]): boolean {
  const takenBy = new Map<string, string>();
  const assign = (group: string, visited: Set<string>): boolean => {
    for (const { name, groups: own } of approvers) {
      if (!own.includes(group) || visited.has(name)) continue;
      visited.add(name);
      const other = takenBy.get(name);
      if (other === undefined || assign(other, visited)) {
        takenBy.set(name, group);
        return true;
      }
    }
    return false;
  };
  return groups.every((group) => assign(group, new Set()));
}
