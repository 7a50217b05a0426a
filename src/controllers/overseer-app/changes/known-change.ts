import { type Change, type ChangePhase, type ChangeStatus, isFinal } from "../../../api/change.js";
import type { CustomResource } from "../../../api/meta.js";

/** A Change as kept in memory: open ones in full, finished ones reduced to what the history needs. */
export type KnownChange = CustomResource<
  { readonly app: { readonly name: string }; readonly inputs: { readonly key: string } },
  { readonly phase?: ChangePhase | undefined } & Pick<ChangeStatus, "gates" | "appGeneration">
>;

/**
 * Drops most fields of a finished Change: users read its plan and inputs from the API server, and an installation with 1,000
 * apps has 10,000 finished Changes.
 */
export function reduceChange(change: KnownChange): KnownChange {
  if (isOpen(change)) return change;
  const { apiVersion, kind, metadata, spec, status } = change;
  const { name, namespace, uid, resourceVersion, generation } = metadata;
  return {
    apiVersion,
    kind,
    metadata: { name, namespace, uid, resourceVersion, generation },
    spec: { app: { name: spec.app.name }, inputs: { key: spec.inputs.key } },
    ...(status?.phase === undefined ? {} : { status: reduceStatus(status) }),
  };
}

/** A rejected Change also says why, since its inputs are not tried again. */
function reduceStatus({
  phase,
  gates,
  appGeneration,
}: NonNullable<KnownChange["status"]>): NonNullable<KnownChange["status"]> {
  if (phase !== "Rejected") return { phase };
  const failed = gates?.filter(({ state }) => state === "Fail");
  return { phase, ...(failed ? { gates: failed } : {}), ...(appGeneration === undefined ? {} : { appGeneration }) };
}

/** Reports whether a Change is open. */
export function isOpen(change: KnownChange): change is Change {
  return !isFinal(change.status?.phase);
}

/** Returns the key of the app that a Change belongs to. */
export function appOfChange({ metadata, spec }: KnownChange): string {
  return `${metadata.namespace}/${spec.app.name}`;
}
