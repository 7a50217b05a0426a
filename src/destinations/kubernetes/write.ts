import { OverseerError } from "../../base/errors.js";
import { applyObject } from "../../kube/apply.js";
import { PARTIAL_OBJECT } from "../../kube/client.js";
import { isStatus, KubeStatusError } from "../../kube/errors.js";
import { applyEntry, fieldsHash } from "../../kube/managed-fields.js";
import type { RawObject } from "../../kube/object.js";
import { objectPath, type ResourceInfo } from "../../kube/resource.js";
import type { Document } from "../../manifest/document.js";
import { displayId } from "../../manifest/object-id.js";
import type { HealAction, PreviewedWrite } from "../../plan/actions.js";
import type { LiveObject } from "../../plan/live.js";
import type { DeletePermit } from "../../plan/prune-guard.js";
import type { Outcome, Target } from "../destination.js";
import { takeOverPatch } from "./adoption.js";
import { type KubernetesContext, observeAnswer, recordedHash, writer } from "./context.js";
import { needsStatus } from "./health/rules.js";
import { fieldManager, formatApplied, stamped } from "./identity.js";
import type { ObservedObject } from "./observed-object.js";
import { dryRun, explainRefusal } from "./preview.js";

/** Makes one previewed write. A new object is made without force, so that nothing that appeared meanwhile is overrun. */
export async function writeDocument(
  context: KubernetesContext,
  target: Target,
  write: PreviewedWrite,
): Promise<Outcome> {
  const { document } = write.action;
  return attempt(async () => {
    const resource = await resourceOf(context, document);
    const legacy = context.tracker.get(document.key)?.legacy === true;
    if (write.verb === "Adopt" || write.action.live?.ownership === "Claimed" || legacy)
      await takeOver(context, target, resource, document);
    const force = write.verb !== "Create";
    const written = await applyStamped(context, { target, resource, document, fields: write.stamp, force });
    return { ok: true, wrote: true, notes: [...write.warnings, ...oddities(written, target, document)] };
  });
}

/** Applies a document again over a live object that drifted, or may have. Writes nothing if they are equal. */
export async function healDocument(context: KubernetesContext, target: Target, action: HealAction): Promise<Outcome> {
  const { document, live } = action;
  return attempt(async () => {
    const resource = await resourceOf(context, document);
    const known = context.tracker.get(document.key);
    if (known?.legacy) await takeOver(context, target, resource, document);
    const asRecorded = known?.applied?.document === recordedHash(context, document) ? known.applied.fields : undefined;
    const fields = asRecorded ?? entryHash(await dryRun(context, target, document, resource, true), target);
    const written = await applyStamped(context, { target, resource, document, fields, force: true });
    return { ok: true, wrote: hasWritten(known, written, live), notes: oddities(written, target, document) };
  });
}

/**
 * Whether an apply changed anything. The resourceVersion alone does not tell: another writer may have moved it meanwhile, so
 * for an object that was only in doubt our entry must have taken effect, too.
 */
function hasWritten(before: ObservedObject | undefined, after: ObservedObject, live: LiveObject): boolean {
  if (after.resourceVersion === live.resourceVersion) return false;
  return live.state === "Drifted" || before?.entryTime !== after.entryTime;
}

/** Deletes the object of a permit, bound to its uid and resourceVersion: what changed meanwhile is judged anew. */
export async function removeObject(context: KubernetesContext, target: Target, permit: DeletePermit): Promise<Outcome> {
  const { id, key, uid, resourceVersion } = permit.live;
  return attempt(async () => {
    const resource = await context.discovery.find(id);
    if (!resource) return { ok: true, wrote: false, notes: [`${displayId(id)} went with its kind`] };
    try {
      await context.client.request({
        method: "DELETE",
        path: objectPath(resource, id.namespace, id.name),
        body: {
          apiVersion: "v1",
          kind: "DeleteOptions",
          propagationPolicy: "Background",
          preconditions: { uid, resourceVersion },
        },
        impersonate: writer(target),
      });
    } catch (error) {
      if (!isStatus(error, 404)) throw error;
      context.tracker.gone(key, uid);
      return { ok: true, wrote: false, notes: [] };
    }
    context.tracker.deleting(key);
    return { ok: true, wrote: true, notes: [] };
  });
}

async function resourceOf(context: KubernetesContext, document: Document): Promise<ResourceInfo> {
  const resource = await context.discovery.find(document.id);
  if (resource) return resource;
  throw new OverseerError(`the cluster has no kind ${document.id.kind} any more`, {
    code: "KIND_GONE",
    reason: "KindNotFound",
    class: "retryable",
  });
}

/** A document on its way to the API server. */
interface StampedWrite {
  readonly target: Target;
  readonly resource: ResourceInfo;
  readonly document: Document;
  /** Hash of the fields that the API server is going to book to us, as a dry run told. */
  readonly fields: string;
  readonly force: boolean;
}

/**
 * Applies with the annotation that tells later whether anybody touched the object. Should the API server book other fields in
 * the end than in the dry run, the annotation is put right by one more apply.
 */
async function applyStamped(context: KubernetesContext, write: StampedWrite): Promise<ObservedObject> {
  const written = await applyOnce(context, write);
  if (written.entryHash === undefined || written.entryHash === write.fields) return written;
  return applyOnce(context, { ...write, fields: written.entryHash, force: true });
}

async function applyOnce(context: KubernetesContext, write: StampedWrite): Promise<ObservedObject> {
  const { target, resource, document, fields, force } = write;
  context.tracker.sending(document.key);
  let observed: ObservedObject | undefined;
  try {
    const applied = formatApplied(recordedHash(context, document), fields);
    const { object } = await applyObject(context.client, {
      resource,
      object: stamped(document, target.app, context.instance, applied),
      manager: fieldManager(target.app),
      force,
      impersonate: writer(target),
      metadataOnly: !needsStatus(document.id),
    });
    observed = observeAnswer(resource, object);
    return observed;
  } finally {
    context.tracker.landed(document.key, observed, true);
  }
}

/** Makes the fields of former ways of writing ours, before the apply that drops what Git does not have. */
async function takeOver(
  context: KubernetesContext,
  target: Target,
  resource: ResourceInfo,
  document: Document,
): Promise<void> {
  const path = objectPath(resource, document.id.namespace, document.id.name);
  const { body: live } = await context.client.request<RawObject>({ method: "GET", path, accept: PARTIAL_OBJECT });
  const manager = fieldManager(target.app);
  const patch = takeOverPatch(live.metadata, manager, target.adopt === "Always", context.clock.now());
  if (!patch) return;
  context.tracker.sending(document.key);
  try {
    await context.client.request({
      method: "PATCH",
      path,
      query: { fieldManager: manager },
      body: patch,
      contentType: "application/json-patch+json",
      impersonate: writer(target),
    });
  } finally {
    context.tracker.landed(document.key, undefined, false);
  }
}

function entryHash(result: { object: RawObject }, target: Target): string {
  const entry = applyEntry(result.object.metadata, fieldManager(target.app));
  return entry ? fieldsHash(entry) : "";
}

/** What the API server made of our marks: without them drift and ownership cannot be read from the object. */
function oddities(written: ObservedObject, target: Target, document: Document): string[] {
  const name = displayId(document.id);
  if (written.app.name !== target.app.name || written.app.namespace !== target.app.namespace) {
    return [`${name}: an admission policy or webhook removed our labels; its drift cannot be seen`];
  }
  return written.entryHash === undefined
    ? [`${name}: the API server keeps no managed fields for it; its drift cannot be seen`]
    : [];
}

async function attempt(work: () => Promise<Outcome>): Promise<Outcome> {
  try {
    return await work();
  } catch (error) {
    const passing =
      !(error instanceof KubeStatusError) ||
      error.statusCode === 409 ||
      error.statusCode === 429 ||
      error.statusCode >= 500;
    const retryAfterMs = error instanceof OverseerError ? error.retryAfterMs : undefined;
    return {
      ok: false,
      message: explainRefusal(error),
      retryable: passing,
      ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    };
  }
}
