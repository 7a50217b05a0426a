import { type ApplyResult, applyObject } from "../../kube/apply.js";
import { isStatus } from "../../kube/errors.js";
import type { RawObject } from "../../kube/object.js";
import { objectPath, type ResourceInfo } from "../../kube/resource.js";
import type { Document } from "../../manifest/document.js";
import type { Target } from "../destination.js";
import { type KubernetesContext, writer } from "./context.js";
import { fieldManager, stamped } from "./identity.js";
import { overlay, type UnionConflict, unionConflict } from "./union-conflict.js";

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
    object: stamped(document, target.app, context.instance),
    manager: fieldManager(target.app),
    force,
    dryRun: true,
    impersonate: writer(target),
  });
}

/**
 * The same with force, for an object that exists. Where members of unions are in the way, which the write is going to take
 * away first, the answer is the one to the object without them.
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
    const found = await conflictOf(context, target, resource, document, error);
    if (!found) throw error;
    return dryRunWithout(context, target, document, resource, found);
  }
}

/** A live object, and what of it is in the way of its document. */
export interface FoundConflict {
  readonly live: RawObject;
  readonly conflict: UnionConflict;
}

/** Whether a refused apply is refused for members of unions alone. */
export async function conflictOf(
  context: KubernetesContext,
  target: Target,
  resource: ResourceInfo,
  document: Document,
  error: unknown,
): Promise<FoundConflict | undefined> {
  if (!isStatus(error, 422)) return undefined;
  const live = await readLive(context, target, resource, document);
  if (!live) return undefined;
  const conflict = unionConflict(error.status, live, document.object);
  return conflict.explained ? { live, conflict } : undefined;
}

async function dryRunWithout(
  context: KubernetesContext,
  target: Target,
  document: Document,
  resource: ResourceInfo,
  { live, conflict }: FoundConflict,
): Promise<ApplyResult> {
  const object = stamped(document, target.app, context.instance);
  const { labels, annotations } = object.metadata;
  const { metadata: _, apiVersion: __, kind: ___, ...fields } = overlay(live, object, conflict.members);
  const values = Object.keys(object).flatMap((field) =>
    field in fields ? [[`/${escaped(field)}`, fields[field]]] : [],
  );
  const response = await context.client.request<RawObject>({
    method: "PATCH",
    path: objectPath(resource, document.id.namespace, document.id.name),
    query: { fieldManager: fieldManager(target.app), dryRun: "All", fieldValidation: "Strict" },
    contentType: "application/json-patch+json",
    impersonate: writer(target),
    body: [
      { op: "test", path: "/metadata/uid", value: live.metadata.uid },
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
    return (await context.client.request<RawObject>({ method: "GET", path, impersonate: writer(target) })).body;
  } catch (error) {
    if (isStatus(error, 404)) return undefined;
    throw error;
  }
}

/** Escapes a step of a JSON pointer. */
function escaped(step: string): string {
  return step.replaceAll("~", "~0").replaceAll("/", "~1");
}
