import type { Change } from "../../../api/change.js";
import { displayId } from "../../../manifest/object-id.js";
import type { WriteAction } from "../../../plan/actions.js";
import type { Plan } from "../../../plan/plan.js";
import { stageChange } from "../changes/change-record.js";
import type { SyncResult } from "../outcome.js";
import type { Rendered } from "../rendered.js";
import type { AppRun } from "../run.js";
import { backOffAfterFailure } from "./retry.js";

/** Returns the write of the namespace that an app creates, if it does. `before`: only if one of these writes is in it. */
export function namespaceWrite(
  { namespace }: Pick<Rendered, "namespace">,
  before?: readonly WriteAction[],
): readonly WriteAction[] {
  if (namespace === undefined) return [];
  if (before?.every(({ document }) => document.id.namespace !== namespace.id.name)) return [];
  return [{ verb: "Create", document: namespace, live: undefined }];
}

/** Creates the namespace before PreSync hooks, which run before all other writes. Returns the failure, if it fails. */
export async function createNamespaceForHooks(
  run: AppRun,
  desired: Rendered,
  plan: Plan,
  change: Change,
): Promise<SyncResult | undefined> {
  const write = plan.writes.find(({ action }) => action.document.shared);
  if (write === undefined || !desired.hooks?.some(({ spec }) => spec.phases.includes("PreSync"))) return undefined;
  const outcome = await run.destination.write(run.target, write);
  if (outcome.ok) return undefined;
  const message = `${displayId(write.action.document.id)}: ${outcome.message}`;
  stageChange(run, change, { phase: "Applying", message });
  return backOffAfterFailure(run, desired, "ApplyFailed", `${desired.inputs.revision}: ${message}`, 0);
}

/** Sets the labels and annotations of the namespace, as far as possible now. */
export async function setNamespace(run: AppRun, rendered: Rendered): Promise<void> {
  const { accepted } = await run.destination.preview(run.target, namespaceWrite(rendered), [], run.signal);
  for (const write of accepted) await run.destination.write(run.target, write);
}
