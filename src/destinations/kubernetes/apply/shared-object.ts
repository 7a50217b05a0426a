import { isStatus } from "../../../kube/errors.js";
import { applyEntry } from "../../../kube/fields/managed-fields.js";
import type { RawObject } from "../../../kube/object.js";
import type { ResourceInfo } from "../../../kube/resource.js";
import { type ApplyResult, applyObject } from "../../../kube/server-side-apply.js";
import { type Document, formatOrigin } from "../../../manifest/document.js";
import type { PreviewedWrite, WriteAction } from "../../../plan/actions.js";
import type { Outcome, Target } from "../../destination.js";
import { type KubernetesContext, writer } from "../kubernetes-context.js";
import { fieldManager } from "../ownership/identity.js";
import { Refusal } from "../refusals/refusal.js";
import { attempt, resourceOf } from "./attempt.js";
import { readLive } from "./dry-run.js";
import { liveDiff } from "./live-diff.js";

const METADATA = ["labels", "annotations"] as const;

/**
 * Previews a namespace that the app shares with others: `document.shared`. Undefined if it has what the document says. Values that
 * another client has set are a refusal, never overwritten.
 */
export async function judgeShared(
  context: KubernetesContext,
  target: Target,
  action: WriteAction,
  resource: ResourceInfo,
): Promise<PreviewedWrite | undefined> {
  const { document } = action;
  const live = await readLive(context, target, resource, document);
  if (live?.metadata.deletionTimestamp !== undefined)
    throw new Refusal("is being deleted: it is created again when it is gone", true);
  if (live && hasMetadata(live, document, fieldManager(target.app))) return undefined;
  const dry = await applyShared(context, target, document, resource, true);
  // Another app has created it since it was read.
  if (live === undefined && !dry.created) return judgeShared(context, target, action, resource);
  const diff = live ? liveDiff(live, dry.object, document) : [];
  if (live && diff.length === 0) return undefined;
  const reason = dry.created ? "does not exist; it does not belong to the app, and is never deleted" : undefined;
  const verb = dry.created ? "Create" : "Update";
  return { action, verb, stamp: "", reason, diff, warnings: dry.warnings };
}

/** Writes a shared object. */
export function writeShared(context: KubernetesContext, target: Target, { action }: PreviewedWrite): Promise<Outcome> {
  const { document } = action;
  return attempt(context, target, document.object, async () => {
    const resource = await resourceOf(context, document);
    const { warnings } = await applyShared(context, target, document, resource, false);
    return { ok: true, wrote: true, notes: warnings };
  });
}

async function applyShared(
  context: KubernetesContext,
  target: Target,
  document: Document,
  resource: ResourceInfo,
  dryRun: boolean,
): Promise<ApplyResult> {
  const manager = fieldManager(target.app);
  const impersonate = writer(context, target);
  try {
    return await applyObject(context.client, {
      ...{ resource, object: document.object, manager, force: false, dryRun, impersonate },
      metadataOnly: !dryRun,
    });
  } catch (error) {
    const conflicts = isStatus(error, 409) ? (error.status.details?.causes ?? []) : [];
    const fields = conflicts.flatMap(({ field = "", message = "" }) => {
      const by = /^conflict with "([^"]*)"/.exec(message)?.[1];
      return by === undefined ? [] : [`${field} (by ${by})`];
    });
    if (fields.length === 0) throw error;
    throw new Refusal(
      `others have set different values: ${fields.join(", ")}: remove these keys from ${formatOrigin(document.origin)} of the app, or set the same values`,
      true,
    );
  }
}

/** Whether a live object has the labels and annotations of a document, and the app owns no others of it. */
function hasMetadata(live: RawObject, { object }: Document, manager: string): boolean {
  const owned = applyEntry(live.metadata, manager)?.fieldsV1?.["f:metadata"] ?? {};
  return METADATA.every((field) => {
    const wanted = object.metadata[field] ?? {};
    const keys = Object.keys(owned[`f:${field}`] ?? {}).flatMap((step) => (step === "." ? [] : [step.slice(2)]));
    return (
      Object.entries(wanted).every(([key, value]) => live.metadata[field]?.[key] === value) &&
      keys.every((key) => key in wanted)
    );
  });
}
