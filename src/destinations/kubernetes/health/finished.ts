import type { RawObject } from "../../../kube/object.js";
import { isBuiltinGroup } from "../../../manifest/builtin-groups.js";
import type { GroupVersionKind } from "../../../manifest/object-id.js";
import { isRecord } from "../../../manifest/shape.js";
import type { Finished } from "../../../plan/live.js";
import { condition, specOf, statusOf } from "./conditions.js";

/** Conditions and phases by which run-to-completion kinds report their result. */
const SUCCEEDED = {
  conditions: ["Complete", "Completed", "Succeeded"],
  phases: ["Succeeded", "Completed", "Complete"],
};
const FAILED = { conditions: ["Failed"], phases: ["Failed", "Error"] };
/** Spec fields with the time to live of a finished custom resource. */
const TTL_FIELD = /^(ttl|timeToLive)/i;
/** Search depth for such fields. */
const MAX_DEPTH = 3;

/**
 * Returns the result of a finished object with a time to live, which may be absent later without being drift. Undefined if it
 * has not finished or has no time to live.
 */
export function finishedOf(object: RawObject, kind: GroupVersionKind): Finished | undefined {
  if (kind.group === "batch" && kind.kind === "Job") return finishedJob(object);
  return isBuiltinGroup(kind.group) ? undefined : finishedCustomResource(object);
}

function finishedJob(object: RawObject): Finished | undefined {
  const { ttlSecondsAfterFinished: ttl } = specOf<{ ttlSecondsAfterFinished?: unknown }>(object);
  if (typeof ttl !== "number") return undefined;
  const status = statusOf<{ completionTime?: string }>(object);
  for (const [type, result] of [
    ["Complete", "Succeeded"],
    ["Failed", "Failed"],
  ] as const) {
    const found = condition(status, type);
    if (found?.status !== "True") continue;
    const ended = Date.parse(found.lastTransitionTime ?? status.completionTime ?? "");
    return Number.isNaN(ended) ? { result } : { result, expires: new Date(ended + ttl * 1000).toISOString() };
  }
  return undefined;
}

function finishedCustomResource(object: RawObject): Finished | undefined {
  const status = statusOf<{ phase?: unknown }>(object);
  const reports = ({ conditions, phases }: typeof FAILED): boolean =>
    phases.some((phase) => phase === status.phase) ||
    conditions.some((type) => condition(status, type)?.status === "True");
  const failed = reports(FAILED) || condition(status, "Succeeded")?.status === "False";
  if ((!failed && !reports(SUCCEEDED)) || !hasTimeToLive(object.spec, MAX_DEPTH)) return undefined;
  return { result: failed ? "Failed" : "Succeeded" };
}

function hasTimeToLive(value: unknown, depth: number): boolean {
  if (!isRecord(value) || depth === 0) return false;
  return Object.entries(value).some(
    ([field, child]) =>
      (TTL_FIELD.test(field) && child !== null && child !== undefined) || hasTimeToLive(child, depth - 1),
  );
}
