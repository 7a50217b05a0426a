import { cutText } from "../../../base/cut-text.js";
import type { RawObject } from "../../../kube/object.js";
import type { ObjectHealth } from "../../../plan/live.js";

/** A status condition. */
export interface StatusCondition {
  readonly type?: string;
  readonly status?: string;
  readonly reason?: string;
  readonly message?: string;
  /** The generation that the condition refers to; many controllers set it here and not in the status. */
  readonly observedGeneration?: number;
  readonly lastTransitionTime?: string;
}

/** Status fields that many kinds have in common. */
export interface CommonStatus {
  readonly observedGeneration?: number;
  readonly conditions?: readonly StatusCondition[];
}

/** Returns the status of an object; empty if it has none. */
export function statusOf<T = CommonStatus>(object: RawObject): T & CommonStatus {
  return (object.status ?? {}) as T & CommonStatus;
}

/** Returns the spec of an object; empty if it has none. */
export function specOf<T>(object: RawObject): T {
  return (object.spec ?? {}) as T;
}

/** Returns the condition of a type. A custom resource may have anything else in `conditions`, which counts as none. */
export function condition(status: CommonStatus, type: string): StatusCondition | undefined {
  const conditions: readonly (StatusCondition | null)[] = Array.isArray(status.conditions) ? status.conditions : [];
  return conditions.find((candidate) => candidate?.type === type) ?? undefined;
}

/** Longest stored message per object. */
const MAX_MESSAGE = 1024;

/** Health of an object that is still progressing. */
export function progressing(message: string): ObjectHealth {
  return { status: "Progressing", message: cutText(message, MAX_MESSAGE) };
}

/** Health of an object that a user has suspended. */
export function suspended(message = "is suspended"): ObjectHealth {
  return { status: "Suspended", message: cutText(message, MAX_MESSAGE) };
}

/** Health of a broken object. */
export function degraded(message: string): ObjectHealth {
  return { status: "Degraded", message: cutText(message, MAX_MESSAGE) };
}

/** Health of an object that Kubernetes has given up on: waiting does not help. */
export function failedForGood(message: string): ObjectHealth {
  return { ...degraded(message), final: true };
}

/** Progressing while the controller has not observed the latest generation; otherwise undefined. */
export function unobserved(object: RawObject): ObjectHealth | undefined {
  const { observedGeneration } = statusOf(object);
  // A custom resource may have any value there.
  if (typeof observedGeneration !== "number" || object.metadata.generation === undefined) return undefined;
  return observedGeneration < object.metadata.generation
    ? progressing("is waiting for its controller to observe the latest generation")
    : undefined;
}

/**
 * Progressing while Ready refers to an older generation, since such a condition says nothing about the latest spec. Without an
 * observedGeneration on Ready, Stalled and Reconciling decide; otherwise they do not, as not every controller updates them.
 */
function outdated(object: RawObject): ObjectHealth | undefined {
  const { generation } = object.metadata;
  if (generation === undefined) return undefined;
  const status = statusOf(object);
  const observed = ["Ready", "Stalled", "Reconciling"].flatMap((type) => {
    const of = condition(status, type)?.observedGeneration;
    return typeof of === "number" ? [{ type, of }] : [];
  });
  const deciding = observed[0]?.type === "Ready" ? observed.slice(0, 1) : observed;
  const old = deciding.find(({ of }) => of < generation);
  return old && progressing(`has a condition ${old.type} of an older generation`);
}

/** Reasons for Ready=False that rarely resolve by waiting. */
const BROKEN =
  /(?:Failed|Failure|Error|Invalid|Denied|Rejected|Forbidden|Unauthorized|Misconfigured|NotFound|Unsupported|Expired|Timeout)$|^(?:Err[A-Z]|Error|Failed|Invalid)/;

/** Conditions that show, if True, that a controller is still working towards Ready. */
const AT_WORK = ["Reconciling", "Progressing", "Issuing"];

/**
 * Computes health like kstatus: observedGeneration, then Stalled, Reconciling and Ready. Without conditions an object is healthy.
 * Unlike kstatus, Ready=False with a reason that names a failure is Degraded, unless a condition shows work in progress.
 */
export function conditionHealth(object: RawObject): ObjectHealth {
  const behind = unobserved(object) ?? outdated(object);
  if (behind) return behind;
  const status = statusOf(object);
  const stalled = condition(status, "Stalled");
  if (stalled?.status === "True") return degraded(text(stalled));
  const reconciling = condition(status, "Reconciling");
  if (reconciling?.status === "True") return progressing(text(reconciling));
  const ready = condition(status, "Ready");
  if (ready === undefined || ready.status === "True") return { status: "Healthy" };
  const atWork = AT_WORK.some((type) => condition(status, type)?.status === "True");
  const isBroken = ready.status === "False" && !atWork && BROKEN.test(String(ready.reason ?? ""));
  return isBroken ? degraded(text(ready)) : progressing(text(ready));
}

/** Returns `Reason: message` of a condition, or `Ready is False` if it has neither. */
export function text(of: StatusCondition): string {
  const parts = [of.reason, of.message].filter((part) => typeof part === "string" && part !== "");
  if (parts.length > 0) return parts.join(": ");
  const word = (value: unknown, otherwise: string): string => (typeof value === "string" ? value : otherwise);
  return `${word(of.type, "a condition")} is ${word(of.status, "unknown")}`;
}
