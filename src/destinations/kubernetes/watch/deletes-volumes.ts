import type { RawObject } from "../../../kube/object.js";
import type { GroupVersionKind } from "../../../manifest/object-id.js";

/** The part of a StatefulSet that decides about its volume claims. */
interface ClaimsOfSet {
  readonly persistentVolumeClaimRetentionPolicy?: { readonly whenDeleted?: string };
  readonly volumeClaimTemplates?: readonly unknown[];
}

/** Reports whether the deletion of an object deletes volume claims: a StatefulSet with `whenDeleted: Delete`. */
export function deletesVolumes(
  { spec }: RawObject,
  { group, kind }: Pick<GroupVersionKind, "group" | "kind">,
): boolean {
  if (group !== "apps" || kind !== "StatefulSet") return false;
  const { persistentVolumeClaimRetentionPolicy: policy, volumeClaimTemplates: templates } = (spec ?? {}) as ClaimsOfSet;
  return policy?.whenDeleted === "Delete" && (templates?.length ?? 0) > 0;
}
