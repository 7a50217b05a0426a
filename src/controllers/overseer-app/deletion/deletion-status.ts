import type { HookPhase } from "../../../api/hook.js";
import type { OverseerAppStatus } from "../../../api/overseer-app.js";
import type { Hook } from "../../../manifest/hook.js";

/** Phases of hooks that run when an app is deleted. */
export type DeletionPhase = Extract<HookPhase, "PreDelete" | "PostDelete">;

const PHASES: readonly DeletionPhase[] = ["PreDelete", "PostDelete"];
/**
 * Returns what the status of an app has to say about its hooks for the deletion, so that an app without any is deleted without its
 * source. Unchanged while the hooks are not known.
 */
export function deletionStatus(
  status: OverseerAppStatus,
  rendered: { readonly hooks?: readonly Hook[] | undefined } | undefined,
): Pick<OverseerAppStatus, "deletion"> {
  if (rendered === undefined) return status.deletion === undefined ? {} : { deletion: status.deletion };
  const phases = PHASES.filter((phase) => rendered.hooks?.some(({ spec }) => spec.phases.includes(phase)));
  return phases.length === 0 ? {} : { deletion: { phases } };
}
