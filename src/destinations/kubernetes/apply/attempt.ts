import { OverseerError } from "../../../base/errors.js";
import { isDocumentRefusal, isStatus } from "../../../kube/errors.js";
import type { ResourceInfo } from "../../../kube/resource.js";
import type { Document } from "../../../manifest/document.js";
import type { Outcome, Target } from "../../destination.js";
import { type KubernetesContext, noteForbidden } from "../kubernetes-context.js";
import { explainRefusal } from "../refusals/explain.js";

/** Returns how the kind of a document is served. Throws a retryable OverseerError if it is not served any more. */
export async function resourceOf(context: KubernetesContext, document: Document): Promise<ResourceInfo> {
  const resource = await context.discovery.find(document.id);
  if (resource) return resource;
  throw new OverseerError(`the cluster no longer serves kind ${document.id.kind}`, {
    code: "KIND_GONE",
    reason: "KindNotFound",
    class: "retryable",
  });
}

/** Runs a write, and returns its outcome; errors are explained in the outcome. `object`: the document, for the explanation. */
export async function attempt(
  context: KubernetesContext,
  target: Target,
  object: object | undefined,
  work: () => Promise<Outcome>,
): Promise<Outcome> {
  try {
    return await work();
  } catch (error) {
    noteForbidden(context, target, error);
    const retryable = isStatus(error, 409) || !isDocumentRefusal(error);
    const retryAfterMs = error instanceof OverseerError ? error.retryAfterMs : undefined;
    const message = explainRefusal(error, object);
    return { ok: false, message, retryable, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) };
  }
}
