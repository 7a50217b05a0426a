import { sha256 } from "../../../base/hash.js";
import { KubeStatusError } from "../../../kube/errors.js";
import type { RawObject } from "../../../kube/object.js";
import type { ResourceInfo } from "../../../kube/resource.js";
import { applyObject } from "../../../kube/server-side-apply.js";
import type { Document } from "../../../manifest/document.js";
import type { Target } from "../../destination.js";
import { type KubernetesContext, writer } from "../kubernetes-context.js";
import { fieldManager } from "../ownership/identity.js";

/**
 * Dry-runs the creation of a document under another name: what it would be with nothing but the defaults of the API server. Undefined if
 * the API server rejects that, for example because the name is bound to other fields.
 */
export async function freshDryRun(
  context: KubernetesContext,
  target: Target,
  document: Document,
  resource: ResourceInfo,
): Promise<RawObject | undefined> {
  const { object, key } = document;
  const name = `overseer-dry-run-${sha256(key, 12)}`;
  try {
    const { object: fresh, created } = await applyObject(context.client, {
      resource,
      object: { ...object, metadata: { ...object.metadata, name } },
      manager: fieldManager(target.app),
      force: true,
      dryRun: true,
      impersonate: writer(context, target),
      confidential: document.confidential,
    });
    return created ? fresh : undefined;
  } catch (error) {
    if (error instanceof KubeStatusError) return undefined;
    throw error;
  }
}
