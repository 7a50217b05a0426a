import { type Change, type ChangeCause, type ChangePhase, type ChangeStatus, isFinal } from "../../../api/change.js";
import type { InputKeys } from "../../../api/inputs.js";
import type { CustomResource } from "../../../api/meta.js";
import { isUnwritten } from "../../../plan/plan.js";

/** A Change as kept in memory: open ones in full, finished ones reduced to what the history needs. */
export type KnownChange = CustomResource<
  {
    readonly app: { readonly name: string };
    readonly cause?: ChangeCause;
    readonly inputs?: InputKeys | undefined;
    /** Of open ones only. */
    readonly rollbackTo?: { readonly change: string } | undefined;
  },
  { readonly phase?: ChangePhase | undefined } & Pick<
    ChangeStatus,
    | "gates"
    | "appGeneration"
    | "wave"
    | "stopped"
    | "hooks"
    | "plan"
    | "omitted"
    | "message"
    | "approvals"
    | "planHash"
    | "completionTime"
  >
>;

/**
 * Drops most fields of a finished Change: users read its plan and inputs from the API server, and an installation with 1,000
 * apps has 10,000 finished Changes.
 */
export function reduceChange(change: KnownChange): KnownChange {
  if (isOpen(change)) return change;
  const { apiVersion, kind, metadata, spec, status } = change;
  const { name, namespace, uid, resourceVersion, generation, creationTimestamp } = metadata;
  return {
    apiVersion,
    kind,
    metadata: {
      ...{ name, namespace, uid, resourceVersion, generation },
      ...(creationTimestamp === undefined ? {} : { creationTimestamp }),
    },
    spec: {
      app: { name: spec.app.name },
      ...(spec.cause === undefined ? {} : { cause: spec.cause }),
      ...(spec.inputs === undefined ? {} : { inputs: keysOf(spec.inputs) }),
    },
    ...(status?.phase === undefined ? {} : { status: reduceStatus(status) }),
  };
}

function keysOf({ key, sourceKey }: InputKeys): InputKeys {
  return { key, ...(sourceKey === undefined ? {} : { sourceKey }) };
}

/**
 * A rejected or stopped Change also says why, since its inputs are not tried again. A stopped one, and one that was superseded while it
 * waited for a wave, also say what they have not written.
 */
function reduceStatus(status: NonNullable<KnownChange["status"]>): NonNullable<KnownChange["status"]> {
  const reduced = reduceByPhase(status);
  const broken = status.approvals?.filter(({ decision }) => decision === "BreakGlass");
  return broken?.length ? { ...reduced, approvals: [...(reduced.approvals ?? []), ...broken] } : reduced;
}

function reduceByPhase(status: NonNullable<KnownChange["status"]>): NonNullable<KnownChange["status"]> {
  const {
    phase,
    gates,
    appGeneration,
    wave,
    stopped,
    hooks,
    plan,
    omitted,
    message,
    approvals,
    planHash,
    completionTime,
  } = status;
  const unwritten = plan?.filter(isUnwritten).map(({ verb, object, apiVersion }) => ({ verb, object, apiVersion }));
  if (stopped !== undefined) return { phase, appGeneration, stopped, hooks, plan: unwritten, omitted, message };
  if (phase === "Succeeded") return { phase, ...(completionTime === undefined ? {} : { completionTime }) };
  if (phase === "Superseded" && wave !== undefined) return { phase, wave, plan: unwritten, omitted };
  if (phase !== "Rejected") return { phase };
  const failed = gates?.filter(({ state }) => state === "Fail");
  const rejections = approvals?.filter(({ decision }) => decision === "Reject");
  return {
    phase,
    ...(failed ? { gates: failed } : {}),
    ...(appGeneration === undefined ? {} : { appGeneration }),
    ...(rejections?.length ? { approvals: rejections, planHash } : {}),
  };
}

/** Reports whether a Change is open. */
export function isOpen(change: KnownChange): change is Change {
  return !isFinal(change.status?.phase);
}

/** Returns the key of the app that a Change belongs to. */
export function appOfChange({ metadata, spec }: KnownChange): string {
  return `${metadata.namespace}/${spec.app.name}`;
}
