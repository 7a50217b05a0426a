import { ANNOTATION_RECREATE } from "../api/group.js";
import type { Metadata } from "./keep-annotations.js";

/** Annotations by which a document permits its re-creation: ours, those of Flux and of Argo CD. */
const PERMISSIONS: readonly (readonly [key: string, value: string])[] = [
  [ANNOTATION_RECREATE, "allowed"],
  ["kustomize.toolkit.fluxcd.io/force", "enabled"],
  ["argocd.argoproj.io/sync-options", "force=true"],
];

/** Keys of all annotations that permit a re-creation. */
export const RECREATE_KEYS: readonly string[] = PERMISSIONS.map(([key]) => key);

/**
 * Returns the annotation by which a document permits that its object is deleted and created again when a field cannot be changed, as
 * `key: value`; undefined if it has none.
 */
export function recreatePermission({ annotations = {} }: Metadata): string | undefined {
  for (const [key, value] of PERMISSIONS) {
    const options = (annotations[key] ?? "").split(",").map((option) => option.trim().toLowerCase());
    if (options.includes(value)) return `${key}: ${value === "force=true" ? "Force=true" : value}`;
  }
  return undefined;
}
