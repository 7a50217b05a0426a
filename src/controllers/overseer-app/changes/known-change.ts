import { type Change, type ChangePhase, isFinal } from "../../../api/change.js";
import type { CustomResource } from "../../../api/meta.js";

/** A Change as it is kept in memory: an open one whole, a finished one only as far as history needs it. */
export type KnownChange = CustomResource<
  { readonly app: { readonly name: string }; readonly inputs: { readonly key: string } },
  { readonly phase?: ChangePhase | undefined }
>;

/**
 * Leaves nearly nothing of a finished Change: its plan and inputs are for people, who read them from the API server. An estate
 * of 1,000 apps has 10,000 of them.
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
    ...(status?.phase === undefined ? {} : { status: { phase: status.phase } }),
  };
}

/** Whether a Change has not reached its end. */
export function isOpen(change: KnownChange): change is Change {
  return !isFinal(change.status?.phase);
}

/** Key of the app that a Change belongs to. */
export function appOfChange({ metadata, spec }: KnownChange): string {
  return `${metadata.namespace}/${spec.app.name}`;
}
