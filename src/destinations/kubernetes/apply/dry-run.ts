import { isStatus, type KubeStatus, removedVersion } from "../../../kube/errors.js";
import { type FieldSteps, pick } from "../../../kube/fields/field-sets.js";
import { applyEntry } from "../../../kube/fields/managed-fields.js";
import type { LiveMetadata, ManagedFieldsEntry, RawObject } from "../../../kube/object.js";
import { objectPath, type ResourceInfo } from "../../../kube/resource.js";
import { type ApplyResult, applyObject } from "../../../kube/server-side-apply.js";
import type { Document } from "../../../manifest/document.js";
import { apiVersionOf, parseApiVersion } from "../../../manifest/object-id.js";
import type { Target } from "../../destination.js";
import { type KubernetesContext, writer } from "../kubernetes-context.js";
import { isMain } from "../ownership/field-managers.js";
import { fieldManager, withOwnership } from "../ownership/identity.js";
import { type OwnManager, ownedManagedFields } from "../ownership/managed-fields-transfer.js";
import { migratedManagedFields, missingSteps } from "../ownership/removed-versions.js";
import { overlay, unionConflict, without } from "../ownership/union-conflict.js";

/** The answer of the API server to the document, as if it were written. */
export function dryRun(
  context: KubernetesContext,
  target: Target,
  document: Document,
  resource: ResourceInfo,
  force: boolean,
): Promise<ApplyResult> {
  return applyObject(context.client, {
    resource,
    object: withOwnership(document, target.app, context),
    manager: fieldManager(target.app),
    force,
    dryRun: true,
    impersonate: writer(context, target),
  });
}

/**
 * The same with force, for an object that exists. Where something is in the way that the write is going to take away first,
 * the answer is the one to the object without it.
 */
export async function forcedDryRun(
  context: KubernetesContext,
  target: Target,
  document: Document,
  resource: ResourceInfo,
): Promise<ApplyResult> {
  try {
    return await dryRun(context, target, document, resource, true);
  } catch (error) {
    let obstacle = await applyBlockerOf(context, target, resource, document, error);
    if (!obstacle) throw error;
    for (let found = 1; ; found++) {
      try {
        return await dryRunWithout(context, target, document, resource, obstacle);
      } catch (next) {
        // What the API server looks at only when the first thing is out of its way.
        const further: ApplyBlocker | undefined = found < MOST ? furtherBlocker(obstacle, document, next) : undefined;
        if (!further) throw next;
        obstacle = further;
      }
    }
  }
}

/** Things that may be in the way of one write, one behind the other. */
const MOST = 3;

/** What is in the way of an apply, and goes when the books of the live object are rewritten before it. */
export interface ApplyBlocker {
  readonly live: RawObject;
  /** What of the live object goes with the apply that follows, and that this apply could not name. */
  readonly removed: readonly FieldSteps[];
  /** The books as they have to be. */
  readonly rewrite: (metadata: LiveMetadata, ours: OwnManager) => readonly ManagedFieldsEntry[];
  /** Whether the API server takes no write, and no dry run of one, without the new books. */
  readonly rewriteFirst: boolean;
}

/** Why an apply was refused, if that can be mended: members of unions alone, or books at a version that is gone. */
export async function applyBlockerOf(
  context: KubernetesContext,
  target: Target,
  resource: ResourceInfo,
  document: Document,
  error: unknown,
): Promise<ApplyBlocker | undefined> {
  const version = removedVersion(error);
  if (version === undefined && !isStatus(error, 422)) return undefined;
  const live = await readLive(context, target, resource, document);
  if (!live) return undefined;
  if (version !== undefined) {
    const isRemoved = await findRemovedVersions(context, document, version);
    const held = applyEntry(live.metadata, fieldManager(target.app))?.fieldsV1 ?? {};
    const rewrite: ApplyBlocker["rewrite"] = (metadata, { apiVersion }) =>
      migratedManagedFields(metadata, isRemoved, apiVersion);
    return { live, removed: missingSteps(held, document.object), rewrite, rewriteFirst: true };
  }
  if (!isStatus(error, 422)) return undefined;
  return unionBlocker(live, error.status, document, removedByUs(live, document, fieldManager(target.app)));
}

/** Members of unions that are in the way, beside what goes anyway. */
function unionBlocker(
  live: RawObject,
  status: KubeStatus,
  document: Document,
  removed: readonly FieldSteps[],
): ApplyBlocker | undefined {
  const { members, explained } = unionConflict(status, live, document.object);
  const rewrite: ApplyBlocker["rewrite"] = (metadata, ours) => ownedManagedFields(metadata, ours, members);
  return explained ? { live, removed: [...removed, ...members], rewrite, rewriteFirst: false } : undefined;
}

/** What stands in the way of the object that an obstacle leaves. */
function furtherBlocker(
  { live, removed, rewrite, rewriteFirst }: ApplyBlocker,
  document: Document,
  error: unknown,
): ApplyBlocker | undefined {
  if (!isStatus(error, 422)) return undefined;
  const further = unionBlocker(without(live, removed), error.status, document, removed);
  if (!further) return undefined;
  const both: ApplyBlocker["rewrite"] = (metadata, ours) =>
    further.rewrite({ ...metadata, managedFields: [...rewrite(metadata, ours)] }, ours);
  return { ...further, live, rewrite: both, rewriteFirst };
}

/**
 * What the apply takes away by itself: fields of ours that the document does not have any more, and that nobody else has. An
 * answer to the object with them would tell of a conflict that the write does not have.
 */
function removedByUs(live: RawObject, document: Document, manager: string): readonly FieldSteps[] {
  const mine = applyEntry(live.metadata, manager);
  const others = (live.metadata.managedFields ?? []).filter((entry) => entry !== mine && isMain(entry));
  return missingSteps(mine?.fieldsV1 ?? {}, document.object).filter(
    (steps) => !others.some(({ fieldsV1 }) => pick(fieldsV1, steps) !== undefined),
  );
}

/** Tells versions of a document's kind that are gone: `named` by the API server, and others that it does not serve now. */
async function findRemovedVersions(
  { discovery }: KubernetesContext,
  { id }: Document,
  named: string,
): Promise<(apiVersion: string) => boolean> {
  discovery.invalidate();
  await discovery.find(id);
  return (apiVersion) => {
    const { group, version } = parseApiVersion(apiVersion);
    return apiVersion === named || (group === id.group && discovery.peek({ ...id, version }) === undefined);
  };
}

async function dryRunWithout(
  context: KubernetesContext,
  target: Target,
  document: Document,
  resource: ResourceInfo,
  { live, removed, rewrite, rewriteFirst }: ApplyBlocker,
): Promise<ApplyResult> {
  const object = withOwnership(document, target.app, context);
  const manager = fieldManager(target.app);
  const { labels, annotations } = object.metadata;
  const { metadata: _, apiVersion: __, kind: ___, ...fields } = overlay(live, object, removed);
  const values = Object.keys(object).flatMap((field) =>
    field in fields ? [[`/${escaped(field)}`, fields[field]]] : [],
  );
  const ours = { manager, apiVersion: apiVersionOf(document.id), now: context.clock.now() };
  const response = await context.client.request<RawObject>({
    method: "PATCH",
    path: objectPath(resource, document.id.namespace, document.id.name),
    query: { fieldManager: manager, dryRun: "All", fieldValidation: "Strict" },
    contentType: "application/json-patch+json",
    impersonate: writer(context, target),
    body: [
      { op: "test", path: "/metadata/uid", value: live.metadata.uid },
      ...(rewriteFirst ? [{ op: "add", path: "/metadata/managedFields", value: rewrite(live.metadata, ours) }] : []),
      { op: "add", path: "/metadata/labels", value: { ...live.metadata.labels, ...labels } },
      { op: "add", path: "/metadata/annotations", value: { ...live.metadata.annotations, ...annotations } },
      ...values.map(([path, value]) => ({ op: "add", path, value })),
    ],
  });
  return { created: false, object: response.body, warnings: response.warnings };
}

/** The live object whole, read with the app's rights, as it is written; undefined if there is none. */
export async function readLive(
  context: KubernetesContext,
  target: Target,
  resource: ResourceInfo,
  document: Document,
): Promise<RawObject | undefined> {
  try {
    const path = objectPath(resource, document.id.namespace, document.id.name);
    return (await context.client.request<RawObject>({ method: "GET", path, impersonate: writer(context, target) }))
      .body;
  } catch (error) {
    if (isStatus(error, 404)) return undefined;
    throw error;
  }
}

/** Escapes a step of a JSON pointer. */
function escaped(step: string): string {
  return step.replaceAll("~", "~0").replaceAll("/", "~1");
}
