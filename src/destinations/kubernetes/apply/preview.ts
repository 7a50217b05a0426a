import type { FieldChange } from "../../../api/change.js";
import { LABEL_APP, LABEL_APP_NAMESPACE } from "../../../api/group.js";
import { mapLimit } from "../../../base/semaphore.js";
import { isStatus, removedVersion } from "../../../kube/errors.js";
import { applyEntry, fieldsHash } from "../../../kube/fields/managed-fields.js";
import type { LiveMetadata, ManagedFieldsEntry, RawObject } from "../../../kube/object.js";
import type { ResourceInfo } from "../../../kube/resource.js";
import type { ApplyResult } from "../../../kube/server-side-apply.js";
import type { Document } from "../../../manifest/document.js";
import { apiVersionOf, displayId } from "../../../manifest/object-id.js";
import type { Preview, PreviewedWrite, WriteAction } from "../../../plan/actions.js";
import { DiffBudget } from "../../../plan/diff-budget.js";
import type { Target } from "../../destination.js";
import { deferrable, type Refused } from "../companions/defer.js";
import { provides } from "../companions/provides.js";
import {
  additionsPolicy,
  fairnessKeyOf,
  type KubernetesContext,
  noteForbidden,
  WRITES_PER_APP,
  writer,
} from "../kubernetes-context.js";
import { withoutOwner } from "../ownership/absent-owners.js";
import { judgeAdoption } from "../ownership/adoption.js";
import { adoptionRemoves } from "../ownership/adoption-diff.js";
import { fieldManager } from "../ownership/identity.js";
import { withoutIgnoredFields } from "../ownership/release-ignored.js";
import { isTooLarge, KIND_NOT_SERVED, Refusal, TOO_LARGE } from "../refusals/refusal.js";
import { refusedWrite } from "../refusals/refused-write.js";
import { describeUnavailable, describeUnknownKind } from "../refusals/unknown-kind.js";
import { admissionNotes, divergentPaths } from "./admission-changes.js";
import { dryRun, forcedDryRun, readLive } from "./dry-run.js";
import { freshDryRun } from "./fresh-dry-run.js";
import { withIgnoredValues } from "./ignored-values.js";
import { liveAndDryRun } from "./live-and-dry-run.js";
import { liveDiff, withoutValues } from "./live-diff.js";
import { judgeSize } from "./object-size.js";
import { judgeRecreate, type Recreation } from "./recreate.js";
import { judgeShared } from "./shared-object.js";
import { removalNotes } from "./update-notes.js";

/** Limit of fields per object in a plan. */
const MAX_DIFF = 10_001;

/** `accepted` is undefined if nothing has to be written. */
type Judged = { readonly accepted: PreviewedWrite | undefined } | Refused;

/** Context of a preview beside the writes that it judges. */
export interface PreviewScope {
  /** All documents of the app. */
  readonly all: readonly Document[];
  /** Other accepted writes of the same Change that are still pending. */
  readonly others: readonly WriteAction[];
}

/**
 * Dry-runs all writes, even after a refusal, so that all errors are reported at once. A write that is refused only because it
 * needs something that the same Change creates is deferred: see docs/adr/0017-apply-order-and-deferral.md.
 */
export async function preview(
  context: KubernetesContext,
  target: Target,
  writes: readonly WriteAction[],
  { all, others }: PreviewScope,
  signal: AbortSignal,
): Promise<Preview> {
  context.denied.forget(writer(context, target));
  const isUnserved = (write: WriteAction): boolean =>
    context.discovery.peek(write.document.id) === undefined && all.some((one) => provides(one, write.document.id));
  // Decided once: a kind that becomes served meanwhile must not drop its write from both groups.
  const unserved = writes.filter(isUnserved);
  const served = writes.filter((write) => !unserved.includes(write));
  const budget = new DiffBudget();
  const judged = await judgeAll(context, target, served, budget, signal);
  const accepted = judged
    .flatMap((one) => ("accepted" in one ? (one.accepted ?? []) : []))
    .map((write) => ({ ...write, diff: budget.cut(write.diff) }));
  const refused = judged.flatMap((one) => ("refused" in one ? [one] : []));
  const coming = [...accepted.map(({ action }) => action), ...others, ...unserved];
  const sorted = await deferrable(context, target, all, refused, coming);
  const kinds = unserved.map((action) => ({
    action,
    message: `the cluster does not serve ${action.document.id.kind} in ${apiVersionOf(action.document.id)} yet`,
    liftedBy: [...writes, ...others]
      .filter(({ document }) => provides(document, action.document.id))
      .map(({ document }) => document.key),
  }));
  return { accepted, refused: sorted.refused, deferred: [...sorted.deferred, ...kinds], missing: [] };
}

function judgeAll(
  context: KubernetesContext,
  target: Target,
  writes: readonly WriteAction[],
  budget: DiffBudget,
  signal: AbortSignal,
): Promise<Judged[]> {
  return mapLimit(writes, WRITES_PER_APP, (write) =>
    context.requests.run(async () => {
      signal.throwIfAborted();
      const judged = await judge(context, target, write);
      if (!("accepted" in judged) || judged.accepted === undefined) return judged;
      return { accepted: { ...judged.accepted, diff: budget.add(judged.accepted.diff) } };
    }, fairnessKeyOf(target)),
  );
}

async function judge(context: KubernetesContext, target: Target, action: WriteAction): Promise<Judged> {
  try {
    const resource = await usableResource(context, action.document);
    if (action.document.shared) return { accepted: await judgeShared(context, target, action, resource) };
    const doomed = await withoutOwner(context, target, resource, action.document);
    if (doomed !== undefined) throw new Refusal(doomed, true);
    if (action.live?.ownership !== "Owned")
      return { accepted: await judgeFirstContact(context, target, action, resource) };
    const update = (): Promise<PreviewedWrite> => judgeUpdate(context, target, action, resource);
    // What cannot be adopted may still be changed or created again.
    const isOfTool = action.live.tool === true;
    return {
      accepted: isOfTool ? await judgeFirstContact(context, target, action, resource).catch(update) : await update(),
    };
  } catch (error) {
    noteForbidden(context, target, error);
    const state = isTooLarge(error) ? await readState(context, target, action) : "";
    const owner = error instanceof Refusal ? error.owner : undefined;
    return { refused: { ...(await refusedWrite(context, target, action, error, state)), owner }, error };
  }
}

/** Returns the served resource. Throws if it cannot be applied, watched and deleted. */
async function usableResource(context: KubernetesContext, document: Document): Promise<ResourceInfo> {
  const { id } = document;
  const resource = await context.discovery.find(id);
  if (!resource) {
    const service = context.discovery.unavailableService(id);
    if (service !== undefined) throw new Refusal(describeUnavailable(id, service), true, KIND_NOT_SERVED);
    throw new Refusal(describeUnknownKind(id, await context.discovery.all()), true, KIND_NOT_SERVED);
  }
  for (const verb of ["patch", "watch", "delete"]) {
    if (!resource.verbs.has(verb))
      throw new Refusal(`${id.kind} cannot be managed from Git: the API server does not support ${verb} for it`, false);
  }
  return resource;
}

async function judgeUpdate(
  context: KubernetesContext,
  target: Target,
  action: WriteAction,
  resource: ResourceInfo,
): Promise<PreviewedWrite> {
  const judged = await liveAndDryRun(context, target, action.document, resource).catch(async (error: unknown) => {
    const found = await judgeRecreate(context, target, action, resource, error);
    if (found === undefined) throw error;
    return found;
  });
  if ("permit" in judged) return recreated(context, target, action, resource, judged);
  const [live, dry, sent] = judged;
  if (!live) return accepted(target, action, "Update", dry, [], undefined);
  const { document } = action;
  const diff = liveDiff(live, dry.object, sent);
  const notes = removalNotes(document, fieldManager(target.app), live.metadata, dry.object.metadata, diff);
  return accepted(target, action, "Update", { ...dry, warnings: [...dry.warnings, ...notes] }, diff, undefined);
}

/** Previews an object that is deleted and created again. */
async function recreated(
  context: KubernetesContext,
  target: Target,
  action: WriteAction,
  resource: ResourceInfo,
  { dry, permit, reason }: Recreation,
): Promise<PreviewedWrite> {
  const live = await readLive(context, target, resource, action.document);
  const diff = live ? liveDiff(live, dry.object, action.document) : [];
  return { ...accepted(target, action, "Recreate", dry, diff, reason), permit };
}

/** Dry-runs an object that is not known to be the app's alone without force first, so that field conflicts are reported. */
async function judgeFirstContact(
  context: KubernetesContext,
  target: Target,
  action: WriteAction,
  resource: ResourceInfo,
): Promise<PreviewedWrite> {
  const { document } = action;
  let refusal: unknown;
  try {
    const dry = await dryRun(context, target, document, resource, false);
    if (dry.created) return accepted(target, action, "Create", dry, [], undefined);
  } catch (error) {
    // Union members of another manager look like an invalid document, and managedFields at a removed version like a server error.
    if (!isStatus(error, 409) && !isStatus(error, 422) && removedVersion(error) === undefined) throw error;
    refusal = error;
  }
  const live = await readLive(context, target, resource, document);
  if (!live)
    throw isStatus(refusal, 422)
      ? refusal
      : new Refusal("another client created and deleted the object during the preview", true);
  const verdict = judgeAdoption({
    id: document.id,
    annotations: document.object.metadata.annotations,
    metadata: live.metadata,
    app: target.app,
    instance: context.instance,
    policy: target.adopt,
    appExists: context.appExists,
  });
  if (!verdict.allowed) throw new Refusal(verdict.reason, true, undefined, verdict.owner);
  const sent = withIgnoredValues(document, live, "live values");
  const dry = await forcedDryRun(context, target, sent, resource);
  const policy = additionsPolicy(context, target);
  const removes = (fresh?: RawObject): FieldChange[] =>
    adoptionRemoves(live, document, dry.object, fieldManager(target.app), policy, fresh);
  // Most fields of tools that are not in Git are defaults, which return at once.
  const removed = removes().length === 0 ? [] : removes(await freshDryRun(context, target, sent, resource));
  const changes = liveDiff(live, dry.object, document);
  const diff = [...changes, ...(document.confidential ? withoutValues(removed) : removed)].slice(0, MAX_DIFF);
  return accepted(target, action, "Adopt", dry, diff, `${verdict.reason}${takenFrom(refusal)}`);
}

/** Names the fields, and their managers, that the first apply overwrites according to the conflict. */
function takenFrom(refusal: unknown): string {
  if (!isStatus(refusal, 409)) return "";
  const causes = refusal.status.details?.causes ?? [];
  const fields = causes.flatMap(({ message = "", field = "" }) => {
    const manager = /^conflict with "([^"]*)"/.exec(message)?.[1];
    return manager === undefined ? [] : [`${field} from ${manager}`];
  });
  return fields.length === 0 ? "" : `; takes ownership of ${fields.slice(0, 5).join(", ")}`;
}

function accepted(
  target: Target,
  action: WriteAction,
  verb: PreviewedWrite["verb"],
  dry: ApplyResult,
  diff: readonly FieldChange[],
  reason: string | undefined,
): PreviewedWrite {
  const { document } = action;
  const { metadata } = dry.object;
  if (metadata.labels?.[LABEL_APP] !== target.app.name || metadata.labels[LABEL_APP_NAMESPACE] !== target.app.namespace)
    throw new Refusal(
      `an admission webhook or policy removes the labels ${LABEL_APP} and ${LABEL_APP_NAMESPACE}, by which the operator tracks the object: configure it to keep them`,
      true,
    );
  const entry = entryAfter(metadata, fieldManager(target.app), verb, document);
  const size = judgeSize(document, dry.object);
  if (size.refusal !== undefined) throw new Refusal(size.refusal, false, TOO_LARGE);
  const large = size.warning === undefined ? [] : [`${displayId(document.id)}: ${size.warning}`];
  const asSent = withIgnoredValues(document, dry.object, "live values");
  const warnings = [...dry.warnings, ...admissionNotes(asSent, dry.object), ...large];
  const adopts = verb === "Adopt" ? { adopts: metadata.uid } : {};
  return { action, verb, stamp: entry ? fieldsHash(entry) : "", ...adopts, reason, diff, warnings };
}

/** Returns the app's entry after the write, which does not own ignored fields of an object that exists. */
function entryAfter(
  metadata: LiveMetadata,
  manager: string,
  verb: PreviewedWrite["verb"],
  document: Document,
): ManagedFieldsEntry | undefined {
  const entry = applyEntry(metadata, manager);
  return entry && verb !== "Create" && verb !== "Recreate"
    ? withoutIgnoredFields(entry, metadata.managedFields ?? [], document)
    : entry;
}

/**
 * Compares a live object that is too large to be applied with its document, by reading it: it has lost its managed fields. See
 * docs/adr/0014-oversized-objects.md.
 */
async function readState(context: KubernetesContext, target: Target, { document, live }: WriteAction): Promise<string> {
  const resource = live && (await context.discovery.find(document.id));
  const object = resource && (await readLive(context, target, resource, document).catch(() => undefined));
  if (!object) return "";
  const paths = divergentPaths(document.object, object);
  return paths.length === 0
    ? "; the live object matches Git, but drift is not reverted until the object is smaller"
    : `; the live object differs from Git: ${paths.join(", ")}`;
}
