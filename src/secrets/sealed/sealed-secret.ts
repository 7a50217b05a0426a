import { isRecord } from "../../manifest/shape.js";
import type { SealScope } from "./sealed-value.js";

/** Group of SealedSecrets. */
export const SEALED_GROUP = "bitnami.com";
/** `apiVersion` of SealedSecrets. */
export const SEALED_API_VERSION = `${SEALED_GROUP}/v1alpha1`;
const SCOPE_ANNOTATION = "sealedsecrets.bitnami.com/";

/** Returns the scope of a SealedSecret, which its annotations name. */
export function scopeOfSealed(annotations: unknown): SealScope {
  if (!isRecord(annotations)) return "strict";
  if (annotations[`${SCOPE_ANNOTATION}cluster-wide`] === "true") return "cluster-wide";
  return annotations[`${SCOPE_ANNOTATION}namespace-wide`] === "true" ? "namespace-wide" : "strict";
}

/** Returns the annotations that name a scope. */
export function scopeAnnotations(scope: SealScope): Readonly<Record<string, string>> {
  return scope === "strict" ? {} : { [`${SCOPE_ANNOTATION}${scope}`]: "true" };
}
