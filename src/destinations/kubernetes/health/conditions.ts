import { cutText } from "../../../base/cut-text.js";
import type { RawObject } from "../../../kube/object.js";
import type { ObjectHealth } from "../../../plan/live.js";

/** A condition as objects of all kinds carry it. */
export interface StatusCondition {
  readonly type?: string;
  readonly status?: string;
  readonly reason?: string;
  readonly message?: string;
  /** The generation that it tells of; many controllers write it here and not into the status. */
  readonly observedGeneration?: number;
  readonly lastTransitionTime?: string;
}

/** The parts of a status that many kinds share. */
export interface CommonStatus {
  readonly observedGeneration?: number;
  readonly conditions?: readonly StatusCondition[];
}

/** The status of an object, as far as it has one. */
export function statusOf<T = CommonStatus>(object: RawObject): T & CommonStatus {
  return (object.status ?? {}) as T & CommonStatus;
}

/** The spec of an object. */
export function specOf<T>(object: RawObject): T {
  return (object.spec ?? {}) as T;
}

/** The condition of a type. A custom resource may hold anything where conditions should be: then it has none. */
export function condition(status: CommonStatus, type: string): StatusCondition | undefined {
  const conditions: readonly (StatusCondition | null)[] = Array.isArray(status.conditions) ? status.conditions : [];
  return conditions.find((candidate) => candidate?.type === type) ?? undefined;
}

/** Longest message that is kept of an object. */
const MAX_MESSAGE = 1024;

/** Still under way, and why. */
export function progressing(message: string): ObjectHealth {
  return { status: "Progressing", message: cutText(message, MAX_MESSAGE) };
}

/** Broken, and why. */
export function degraded(message: string): ObjectHealth {
  return { status: "Degraded", message: cutText(message, MAX_MESSAGE) };
}

/** Broken, and waiting does not make it better: Kubernetes itself has given up. */
export function failedForGood(message: string): ObjectHealth {
  return { ...degraded(message), final: true };
}

/** Progressing while the controller of the kind has not seen the newest spec; otherwise undefined. */
export function unobserved(object: RawObject): ObjectHealth | undefined {
  const { observedGeneration } = statusOf(object);
  // A custom resource may hold anything there.
  if (typeof observedGeneration !== "number" || object.metadata.generation === undefined) return undefined;
  return observedGeneration < object.metadata.generation
    ? progressing("its controller has not seen the newest version yet")
    : undefined;
}

/**
 * Progressing while Ready, or where it does not tell, Stalled or Reconciling, is about an older generation: such a condition
 * says nothing of the newest spec. A current Ready is believed: not every controller writes the others anew each time.
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
  return old && progressing(`its condition ${old.type} is about an older version of it`);
}

/** Reasons for Ready=False that waiting alone hardly ever mends. */
const BROKEN =
  /(?:Failed|Failure|Error|Invalid|Denied|Rejected|Forbidden|Unauthorized|Misconfigured|NotFound|Unsupported|Expired|Timeout)$|^(?:Err[A-Z]|Error|Failed|Invalid)/;

/** Conditions of which True says that a controller is at work on what Ready complains of. */
const AT_WORK = ["Reconciling", "Progressing", "Issuing"];

/**
 * The kstatus default: observedGeneration, then Stalled, Reconciling and Ready. No conditions mean healthy. Beyond kstatus,
 * Ready=False for a reason that names a failure is Degraded, unless a condition says that work is under way.
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

/** `Reason: message` of a condition, as far as it has them; else what it says at all, like `Ready is False`. */
export function text(of: StatusCondition): string {
  const parts = [of.reason, of.message].filter((part) => typeof part === "string" && part !== "");
  if (parts.length > 0) return parts.join(": ");
  const word = (value: unknown, otherwise: string): string => (typeof value === "string" ? value : otherwise);
  return `${word(of.type, "a condition")} is ${word(of.status, "unknown")}`;
}
