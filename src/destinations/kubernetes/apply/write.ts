import { isDocumentRefusal } from "../../../kube/errors.js";
import { isEmpty } from "../../../kube/fields/field-sets.js";
import { applyEntry, fieldsHash, union } from "../../../kube/fields/managed-fields.js";
import type { LiveMetadata, RawObject } from "../../../kube/object.js";
import type { ResourceInfo } from "../../../kube/resource.js";
import type { Document } from "../../../manifest/document.js";
import { displayId } from "../../../manifest/object-id.js";
import type { HealAction, PreviewedWrite } from "../../../plan/actions.js";
import type { LiveObject } from "../../../plan/live.js";
import type { DeletePermit } from "../../../plan/prune-guard.js";
import type { Outcome, Target } from "../../destination.js";
import { causeOf } from "../companions/cause.js";
import { additionsPolicy, type KubernetesContext, recordedHash } from "../kubernetes-context.js";
import { addedFields, missingIn, revertedOf, takesFrom, unionOf } from "../ownership/added-fields.js";
import { foreignFields } from "../ownership/authoritative-kinds.js";
import { changeOwnership } from "../ownership/change-ownership.js";
import { fieldManager } from "../ownership/identity.js";
import { adoptedManagedFields } from "../ownership/managed-fields-transfer.js";
import { releasedManagedFields } from "../ownership/release-ignored.js";
import { explainRefusal } from "../refusals/explain.js";
import type { ObservedObject } from "../watch/observed-object.js";
import { admissionNotes, divergentPaths } from "./admission-changes.js";
import { applyWithRepair } from "./apply-with-repair.js";
import { attempt, resourceOf } from "./attempt.js";
import { forcedDryRun, readLive } from "./dry-run.js";
import { withIgnoredValues } from "./ignored-values.js";
import { applyOwned, type OwnedWrite, type Written } from "./owned-write.js";
import { removeObject } from "./remove.js";
import { writeShared } from "./shared-object.js";

/** Makes one previewed write. New objects are applied without force, so an object created since the preview is not overwritten. */
export async function writeDocument(
  context: KubernetesContext,
  target: Target,
  write: PreviewedWrite,
): Promise<Outcome> {
  const { document } = write.action;
  if (document.shared) return writeShared(context, target, write);
  if (write.permit !== undefined) return recreateDocument(context, target, write, write.permit);
  return attempt(context, target, document.object, async () => {
    const resource = await resourceOf(context, document);
    const known = context.tracker.get(document.key);
    const first = write.verb === "Adopt" || write.action.live?.ownership === "Claimed";
    if (first || known?.legacy || known?.shared || hasRemovable(context, target, known, document))
      await takeOwnership(context, target, resource, document);
    const force = write.verb !== "Create";
    const sent = force ? await withoutIgnored(context, target, resource, document) : document;
    const stamp = { target, resource, document: sent, fields: write.stamp, force, whole: false };
    const apply = (): Promise<Written> => applyOwned(context, stamp);
    const once = force ? await applyWithRepair(context, target, resource, sent, apply) : await apply();
    const { observed: written } = await withoutLegacy(context, stamp, once, known);
    if (!force && document.ignored) await releaseCreated(context, stamp);
    if (first && written.shared) await takeOwnership(context, target, resource, document);
    return { ok: true, wrote: true, notes: [...write.warnings, ...trackingNotes(written, target, document)] };
  });
}

/** Re-applies a document to a live object that has drifted or may have. Changes nothing if they are equal. */
export async function healDocument(context: KubernetesContext, target: Target, action: HealAction): Promise<Outcome> {
  const { document, live } = action;
  return attempt(context, target, document.object, async () => {
    const resource = await resourceOf(context, document);
    const known = context.tracker.get(document.key);
    try {
      const { observed, object } = await applyAgain(context, target, document, resource, known);
      const asSent = withIgnoredValues(document, object, "live values");
      const notes = [...trackingNotes(observed, target, document), ...admissionNotes(asSent, object)];
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
  const isOfTool = takesFrom(known?.tools, document.id, additionsPolicy(context, target));
  if (known?.legacy || isOfTool || hasRemovable(context, target, known, document))
    await takeOwnership(context, target, resource, document);
  const sent = await withoutIgnored(context, target, resource, document);
  const asRecorded = known?.applied?.document === recordedHash(context, document) ? known.applied.fields : undefined;
  const fields = asRecorded ?? entryHash(await forcedDryRun(context, target, sent, resource), target);
  const stamp = { target, resource, document: sent, fields, force: true, whole: true };
  const once = await applyWithRepair(context, target, resource, sent, () => applyOwned(context, stamp));
  return withoutLegacy(context, stamp, once, known);
}

/** Releases the ownership of a document's ignored fields, and returns the document without them. */
async function withoutIgnored(
  context: KubernetesContext,
  target: Target,
  resource: ResourceInfo,
  document: Document,
): Promise<Document> {
  if (document.ignored === undefined) return document;
  const live = await readLive(context, target, resource, document);
  if (!live) return document;
  const released = (metadata: LiveMetadata) => releasedManagedFields(metadata, fieldManager(target.app), document);
  if (released(live.metadata)) await changeOwnership(context, target, resource, document, released);
  return withIgnoredValues(document, live, "omitted");
}

/** Releases ignored fields of a created object at once, so that others can set them without being noticed. */
async function releaseCreated(context: KubernetesContext, write: OwnedWrite): Promise<void> {
  const { target, resource, document } = write;
  const sent = await withoutIgnored(context, target, resource, document);
  const fields = context.tracker.get(document.key)?.entryHash ?? write.fields;
  await applyOwned(context, { ...write, document: sent, fields, force: true });
}

/** Whether others added fields that the write has to remove. The write takes those that the document sets without help. */
function hasRemovable(
  context: KubernetesContext,
  target: Target,
  known: ObservedObject | undefined,
  { id, object }: Document,
): boolean {
  const added = revertedOf(known?.added, id, additionsPolicy(context, target));
  return known?.extras === true || !isEmpty(missingIn(unionOf(added), object));
}

/** Whether people's fields stay on objects that the app owns already. */
function keepsAdditions({ additions }: Target): boolean {
  return additions === "Report" || additions === "Keep";
}

/**
 * If the app's entry was missing, the API server assigns existing fields to `before-first-apply`, so fields that are not in Git
 * would stay. Takes ownership of them and applies again, which removes them.
 */
async function withoutLegacy(
  context: KubernetesContext,
  write: OwnedWrite,
  written: Written,
  before: ObservedObject | undefined,
): Promise<Written> {
  const { legacy, entryHash } = written.observed;
  if (!legacy || !write.force) return written;
  if (keepsAdditions(write.target) && before?.entryHash !== undefined) return written;
  await takeOwnership(context, write.target, write.resource, write.document);
  return applyOwned(context, { ...write, fields: entryHash ?? write.fields });
}

/** Compares the live object with the document by reading it, because it cannot be applied now and no change is known. */
async function verifyByReading(
  context: KubernetesContext,
  target: Target,
  resource: ResourceInfo,
  document: Document,
  refusal: unknown,
): Promise<Outcome> {
  const live = await readLive(context, target, resource, document);
  if (!live) throw refusal;
  const paths = divergentPaths(withIgnoredValues(document, live, "live values").object, live);
  const why = explainRefusal(refusal, document.object);
  const retryable = !isDocumentRefusal(refusal);
  if (paths.length > 0) return { ok: false, retryable, message: `${why} (differs from Git: ${paths.join(", ")})` };
  context.tracker.settle(document.key, live.metadata.resourceVersion, "none");
  const note = `${displayId(document.id)} matches Git, but the API server would refuse to apply it now: ${why}`;
  return { ok: true, wrote: false, notes: [note] };
}

/**
 * Whether an apply changed anything. The resourceVersion alone does not prove it, because another client may have changed the
 * object meanwhile: for an unverified object, the time of the app's managedFields entry must have moved as well.
 */
function hasWritten(before: ObservedObject | undefined, after: ObservedObject, live: LiveObject): boolean {
  if (after.resourceVersion === live.resourceVersion) return false;
  return live.state === "Drifted" || after.entryTime === undefined || before?.entryTime !== after.entryTime;
}

/** Takes ownership of fields that the next apply must remove, or that must go when they are removed from Git. */
async function takeOwnership(
  context: KubernetesContext,
  target: Target,
  resource: ResourceInfo,
  document: Document,
): Promise<void> {
  const tools = target.adopt === "Always";
  await changeOwnership(context, target, resource, document, (metadata, ours) => {
    // At first contact all fields of other managers are foreign, except rules that an aggregation fills in.
    const none = { fieldsV1: "aggregationRule" in document.object ? { "f:aggregationRule": {} } : {} };
    const owned = applyEntry(metadata, ours.manager);
    const mine = owned ?? none;
    const entries = metadata.managedFields ?? [];
    const added = revertedOf(addedFields(document.id, mine, entries), document.id, additionsPolicy(context, target));
    const extras = union(foreignFields(document.id, mine, entries), unionOf(added));
    return adoptedManagedFields(metadata, ours, {
      tools,
      extras,
      keepsApplied: owned !== undefined && keepsAdditions(target),
    });
  });
}

function entryHash(result: { object: RawObject }, target: Target): string {
  const entry = applyEntry(result.object.metadata, fieldManager(target.app));
  return entry ? fieldsHash(entry) : "";
}

/** Warns if the API server dropped the labels or managed fields by which drift and ownership are detected. */
function trackingNotes(written: ObservedObject, target: Target, document: Document): string[] {
  const name = displayId(document.id);
  if (written.app.name !== target.app.name || written.app.namespace !== target.app.namespace) {
    return [`${name}: an admission policy or webhook removed the operator's labels; drift cannot be detected`];
  }
  return written.entryHash === undefined
    ? [`${name}: the API server keeps no managed fields for it; drift cannot be detected`]
    : [];
}

/**
 * Deletes an object that cannot be changed, and creates it again. While finalizers or a grace period keep the old one, the rest is
 * pending: the next plan finds the object missing.
 */
async function recreateDocument(
  context: KubernetesContext,
  target: Target,
  write: PreviewedWrite,
  permit: DeletePermit,
): Promise<Outcome> {
  const removed = await removeObject(context, target, permit, true);
  if (!removed.ok) return removed;
  const { document } = write.action;
  return attempt(context, target, document.object, async () => {
    const resource = await resourceOf(context, document);
    const left = await readLive(context, target, resource, document);
    if (left) {
      const { finalizers = [] } = left.metadata;
      const by = finalizers.length === 0 ? "" : `; held by ${finalizers.join(", ")}`;
      return {
        ok: true,
        wrote: true,
        notes: [],
        pending: `${displayId(document.id)} is being deleted, to be re-created${by}`,
      };
    }
    await applyOwned(context, { target, resource, document, fields: write.stamp, force: false, whole: false });
    if (document.ignored)
      await releaseCreated(context, { target, resource, document, fields: write.stamp, force: false, whole: false });
    return { ok: true, wrote: true, notes: write.warnings };
  });
}
