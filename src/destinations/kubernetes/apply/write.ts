import { OverseerError } from "../../../base/errors.js";
import { isDocumentRefusal, isStatus } from "../../../kube/errors.js";
import { applyEntry, fieldsHash } from "../../../kube/fields/managed-fields.js";
import type { RawObject } from "../../../kube/object.js";
import { objectPath, type ResourceInfo } from "../../../kube/resource.js";
import type { Document } from "../../../manifest/document.js";
import { displayId } from "../../../manifest/object-id.js";
import type { HealAction, PreviewedWrite } from "../../../plan/actions.js";
import type { LiveObject } from "../../../plan/live.js";
import type { DeletePermit } from "../../../plan/prune-guard.js";
import type { Outcome, Target } from "../../destination.js";
import { causeOf } from "../companions/cause.js";
import { type KubernetesContext, noteForbidden, recordedHash, writer } from "../kubernetes-context.js";
import { foreignFields } from "../ownership/authoritative-kinds.js";
import { changeOwnership } from "../ownership/change-ownership.js";
import { fieldManager } from "../ownership/identity.js";
import { adoptedManagedFields } from "../ownership/managed-fields-transfer.js";
import { explainRefusal } from "../refusals/explain.js";
import type { ObservedObject } from "../watch/observed-object.js";
import { admissionNotes, divergentPaths } from "./admission-changes.js";
import { applyWithRepair } from "./apply-with-repair.js";
import { forcedDryRun, readLive } from "./dry-run.js";
import { applyOwned, type OwnedWrite, type Written } from "./owned-write.js";

/** Makes one previewed write. A new object is made without force, so that nothing that appeared meanwhile is overrun. */
export async function writeDocument(
  context: KubernetesContext,
  target: Target,
  write: PreviewedWrite,
): Promise<Outcome> {
  const { document } = write.action;
  return attempt(context, target, document.object, async () => {
    const resource = await resourceOf(context, document);
    const known = context.tracker.get(document.key);
    const first = write.verb === "Adopt" || write.action.live?.ownership === "Claimed";
    if (first || known?.legacy || known?.extras || known?.shared) await takeOver(context, target, resource, document);
    const force = write.verb !== "Create";
    const stamp = { target, resource, document, fields: write.stamp, force, whole: false };
    const apply = (): Promise<Written> => applyOwned(context, stamp);
    const once = force ? await applyWithRepair(context, target, resource, document, apply) : await apply();
    const { observed: written } = await withoutLegacy(context, stamp, once);
    if (first && written.shared) await takeOver(context, target, resource, document);
    return { ok: true, wrote: true, notes: [...write.warnings, ...oddities(written, target, document)] };
  });
}

/** Applies a document again over a live object that drifted, or may have. Writes nothing if they are equal. */
export async function healDocument(context: KubernetesContext, target: Target, action: HealAction): Promise<Outcome> {
  const { document, live } = action;
  return attempt(context, target, document.object, async () => {
    const resource = await resourceOf(context, document);
    const known = context.tracker.get(document.key);
    try {
      const { observed, object } = await applyAgain(context, target, document, resource, known);
      const notes = [...oddities(observed, target, document), ...admissionNotes(document, object)];
      return { ok: true, wrote: hasWritten(known, observed, live), notes };
    } catch (error) {
      const refused = isDocumentRefusal(error) || causeOf(error)?.type === "Unreachable";
      if (live.state !== "Unverified" || !refused) throw error;
      return await verifyByReading(context, target, resource, document, error);
    }
  });
}

async function applyAgain(
  context: KubernetesContext,
  target: Target,
  document: Document,
  resource: ResourceInfo,
  known: ObservedObject | undefined,
): Promise<Written> {
  if (known?.legacy || known?.extras) await takeOver(context, target, resource, document);
  const asRecorded = known?.applied?.document === recordedHash(context, document) ? known.applied.fields : undefined;
  const fields = asRecorded ?? entryHash(await forcedDryRun(context, target, document, resource), target);
  const stamp = { target, resource, document, fields, force: true, whole: true };
  const once = await applyWithRepair(context, target, resource, document, () => applyOwned(context, stamp));
  return withoutLegacy(context, stamp, once);
}

/**
 * Where our entry was gone, the API server books all that it finds to `before-first-apply`, and what Git does not have would
 * stay: that becomes ours, and goes with one more apply.
 */
async function withoutLegacy(context: KubernetesContext, write: OwnedWrite, written: Written): Promise<Written> {
  const { legacy, entryHash } = written.observed;
  if (!legacy || !write.force) return written;
  await takeOver(context, write.target, write.resource, write.document);
  return applyOwned(context, { ...write, fields: entryHash ?? write.fields });
}

/** An object that nobody is known to have changed is as Git says, if it reads so, although nothing may be applied to it now. */
async function verifyByReading(
  context: KubernetesContext,
  target: Target,
  resource: ResourceInfo,
  document: Document,
  refusal: unknown,
): Promise<Outcome> {
  const live = await readLive(context, target, resource, document);
  if (!live) throw refusal;
  const paths = divergentPaths(document.object, live);
  const why = explainRefusal(refusal, document.object);
  const retryable = !isDocumentRefusal(refusal);
  if (paths.length > 0) return { ok: false, retryable, message: `${why} (not as in Git: ${paths.join(", ")})` };
  context.tracker.settle(document.key, live.metadata.resourceVersion, "none");
  const note = `${displayId(document.id)} is as Git says, but the API server would refuse to apply it now: ${why}`;
  return { ok: true, wrote: false, notes: [note] };
}

/**
 * Whether an apply changed anything. The resourceVersion alone does not tell: another writer may have moved it meanwhile, so
 * for an object that was only in doubt our entry must have taken effect, too.
 */
function hasWritten(before: ObservedObject | undefined, after: ObservedObject, live: LiveObject): boolean {
  if (after.resourceVersion === live.resourceVersion) return false;
  return live.state === "Drifted" || after.entryTime === undefined || before?.entryTime !== after.entryTime;
}

/** Deletes the object of a permit, bound to its uid and resourceVersion: what changed meanwhile is judged anew. */
export async function removeObject(context: KubernetesContext, target: Target, permit: DeletePermit): Promise<Outcome> {
  const { id, key, uid, resourceVersion } = permit.live;
  return attempt(context, target, undefined, async () => {
    const resource = await context.discovery.findAny(id);
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
        impersonate: writer(context, target),
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

/** Makes fields ours that the apply that follows is to remove, or that are to go when they leave Git. */
async function takeOver(
  context: KubernetesContext,
  target: Target,
  resource: ResourceInfo,
  document: Document,
): Promise<void> {
  const tools = target.adopt === "Always";
  await changeOwnership(context, target, resource, document, (metadata, ours) => {
    // At first contact all that others have is an addition, but for rules that an aggregation fills in.
    const none = { fieldsV1: "aggregationRule" in document.object ? { "f:aggregationRule": {} } : {} };
    const mine = applyEntry(metadata, ours.manager) ?? none;
    const extras = foreignFields(document.id, mine, metadata.managedFields ?? []);
    return adoptedManagedFields(metadata, ours, { tools, extras });
  });
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

async function attempt(
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
