import { PARTIAL_OBJECT } from "../../../kube/client/kube-client.js";
import { isStatus } from "../../../kube/errors.js";
import type { LiveMetadata, ManagedFieldsEntry, RawObject } from "../../../kube/object.js";
import { objectPath, type ResourceInfo } from "../../../kube/resource.js";
import type { Document } from "../../../manifest/document.js";
import { apiVersionOf } from "../../../manifest/object-id.js";
import type { Target } from "../../destination.js";
import { type KubernetesContext, observeResponse, wasConfidential, writer } from "../kubernetes-context.js";
import { fieldManager } from "./identity.js";
import type { OwnManager } from "./managed-fields-transfer.js";

/** Attempts if another client writes at the same time. */
const MAX_ATTEMPTS = 4;

/**
 * Rewrites the managedFields of an object, but no value. `change` returns the new entries, or undefined if no change is needed.
 * Returns whether anything was written.
 */
export async function changeOwnership(
  context: KubernetesContext,
  target: Target,
  resource: ResourceInfo,
  document: Document,
  change: (metadata: LiveMetadata, ours: OwnManager) => readonly ManagedFieldsEntry[] | undefined,
): Promise<boolean> {
  const path = objectPath(resource, document.id.namespace, document.id.name);
  const manager = fieldManager(target.app);
  for (let attempt = 1; ; attempt++) {
    const { body: live } = await context.client.request<RawObject>({
      method: "GET",
      path,
      accept: PARTIAL_OBJECT,
      impersonate: writer(context, target),
    });
    const ours = { manager, apiVersion: apiVersionOf(document.id), now: context.clock.now() };
    const entries = change(live.metadata, ours);
    if (!entries) return false;
    try {
      await patchEntries(context, target, resource, document, live.metadata, entries);
      return true;
    } catch (error) {
      if (!isStatus(error, 409) || attempt >= MAX_ATTEMPTS) throw error;
    }
  }
}

async function patchEntries(
  context: KubernetesContext,
  target: Target,
  resource: ResourceInfo,
  document: Document,
  { uid, resourceVersion, annotations }: LiveMetadata,
  entries: readonly ManagedFieldsEntry[],
): Promise<void> {
  context.tracker.writeStarted(document.key);
  let after: RawObject | undefined;
  try {
    const { body } = await context.client.request<RawObject>({
      method: "PATCH",
      path: objectPath(resource, document.id.namespace, document.id.name),
      query: { fieldManager: fieldManager(target.app) },
      contentType: "application/json-patch+json",
      impersonate: writer(context, target),
      confidential: document.confidential || wasConfidential(annotations),
      body: [
        { op: "test", path: "/metadata/uid", value: uid },
        { op: "replace", path: "/metadata/managedFields", value: entries },
        { op: "replace", path: "/metadata/resourceVersion", value: resourceVersion },
      ],
    });
    after = body;
  } finally {
    context.tracker.writeFinished(document.key, after ? observeResponse(context, resource, after) : undefined, false);
  }
}
