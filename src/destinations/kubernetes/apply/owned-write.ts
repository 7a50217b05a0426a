import type { RawObject } from "../../../kube/object.js";
import type { ResourceInfo } from "../../../kube/resource.js";
import { applyObject } from "../../../kube/server-side-apply.js";
import type { Document } from "../../../manifest/document.js";
import { keepAnnotations } from "../../../manifest/keep-annotations.js";
import type { Target } from "../../destination.js";
import { needsStatus } from "../health/rules.js";
import { type KubernetesContext, observeResponse, recordedHash, writer } from "../kubernetes-context.js";
import { fieldManager, formatApplied, withOwnership } from "../ownership/identity.js";
import type { ObservedObject } from "../watch/observed-object.js";

/** A document to apply with ownership metadata. */
export interface OwnedWrite {
  readonly target: Target;
  readonly resource: ResourceInfo;
  readonly document: Document;
  /** Hash of the app's managedFields entry, as predicted by a dry run. */
  readonly fields: string;
  readonly force: boolean;
  /** Whether the response must contain the whole object, not only its metadata. */
  readonly whole: boolean;
}

/** Result of a write. */
export interface Written {
  readonly observed: ObservedObject;
  /** The response body; metadata only unless the whole object was requested. */
  readonly object: RawObject;
}

/**
 * Applies a document with the annotation that makes drift detectable. If the managed fields differ from those of the dry run,
 * a second apply corrects the annotation.
 */
export async function applyOwned(context: KubernetesContext, write: OwnedWrite): Promise<Written> {
  const written = await applyOnce(context, write);
  const { entryHash } = written.observed;
  if (entryHash === undefined || entryHash === write.fields) return written;
  return applyOnce(context, { ...write, fields: entryHash, force: true });
}

async function applyOnce(context: KubernetesContext, write: OwnedWrite): Promise<Written> {
  const { target, resource, document, fields, force, whole } = write;
  context.tracker.writeStarted(document.key);
  let observed: ObservedObject | undefined;
  try {
    const applied = formatApplied(recordedHash(context, document), fields, keepAnnotations(document.object.metadata));
    const { object } = await applyObject(context.client, {
      resource,
      object: withOwnership(document, target.app, context, applied),
      manager: fieldManager(target.app),
      force,
      impersonate: writer(context, target),
      confidential: document.confidential,
      metadataOnly: !whole && !needsStatus(document.id),
    });
    observed = observeResponse(context, resource, object);
    return { observed, object };
  } finally {
    context.tracker.writeFinished(document.key, observed, true);
  }
}
