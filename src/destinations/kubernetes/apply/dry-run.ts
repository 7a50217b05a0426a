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

/** Dry-runs the apply of a document. */
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
    confidential: document.confidential,
  });
}

/**
 * Dry-runs a forced apply to an existing object. If it is blocked by something that the write removes first, the dry run is
 * repeated on the object without that.
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
    let blocker = await applyBlockerOf(context, target, resource, document, error);
    if (!blocker) throw error;
    for (let found = 1; ; found++) {
      try {
        return await dryRunWithout(context, target, document, resource, blocker);
      } catch (next) {
        // The API server reports some conflicts only once the first one is gone.
        const further: ApplyBlocker | undefined =
          found < MAX_BLOCKERS ? furtherBlocker(blocker, document, next) : undefined;
        if (!further) throw next;
        blocker = further;
      }
    }
  }
}

/** Blockers that can follow each other in one write. */
const MAX_BLOCKERS = 3;

/** A conflict that makes an apply fail until the managedFields of the live object are rewritten. */
export interface ApplyBlocker {
  readonly live: RawObject;
  /** Fields of the live object that the apply removes once managedFields are rewritten. */
  readonly removed: readonly FieldSteps[];
  /** Returns the managedFields that let the apply succeed. */
  readonly rewrite: (metadata: LiveMetadata, ours: OwnManager) => readonly ManagedFieldsEntry[];
  /** Whether the API server refuses even dry runs until managedFields are rewritten. */
  readonly rewriteFirst: boolean;
}

/** Returns why an apply was refused, if it can be repaired: union members only, or managedFields at a removed API version. */
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

/** Returns the union members that block the apply; `removed` are fields that it removes anyway. */
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

/** Returns what blocks the apply after the given blocker is resolved. */
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
 * Returns the fields that the apply removes without help: owned only by the app's field manager and no longer in the document.
 * A dry run with them would report conflicts that the write does not have.
 */
function removedByUs(live: RawObject, document: Document, manager: string): readonly FieldSteps[] {
  const mine = applyEntry(live.metadata, manager);
  const others = (live.metadata.managedFields ?? []).filter((entry) => entry !== mine && isMain(entry));
  return missingSteps(mine?.fieldsV1 ?? {}, document.object).filter(
    (steps) => !others.some(({ fieldsV1 }) => pick(fieldsV1, steps) !== undefined),
  );
}

/** Returns a predicate for removed API versions of a document's group: `named` by the API server, or no longer served. */
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
    confidential: document.confidential,
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

/** Reads the full live object with the app's permissions; undefined if it does not exist. */
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

/** Escapes a JSON pointer segment. */
function escaped(step: string): string {
  return step.replaceAll("~", "~0").replaceAll("/", "~1");
}
