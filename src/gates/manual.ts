import { shortRevision } from "../api/short-revision.js";
import { type GateContext, known } from "./context.js";
import { environmentsOf } from "./environments.js";
import type { Gate } from "./gate.js";

/**
 * Holds a Change of an app in `sync.mode: Manual` until a user requests the sync or approves the plan, and in every mode a Change whose
 * request is not proven. In an Environment, the first Change after an edit of the mode is still held.
 */
export const manualGate: Gate = {
  name: "manual",
  waitReason: "Manual",
  judge: async (context) => {
    const { app, started, cause, request, approvals } = context;
    const isManual = app.spec.sync.mode === "Manual";
    if (started || (!isManual && !wasManual(context) && request === undefined)) return { state: "Pass" };
    // An automatic rollback is what the app asks for, to inputs that have passed this gate before.
    if (cause === "Rollback" && request === undefined) return { state: "Pass" };
    const { approvedBy, brokenBy, uncounted } = known(approvals, "what users have decided");
    if (approvedBy !== undefined || brokenBy !== undefined) return { state: "Pass" };
    const doubt = await request?.doubt();
    if (request !== undefined && doubt === undefined) return { state: "Pass" };
    const { name } = app.metadata;
    const approvers = `users with the verb approve for OverseerApp ${name}, by an Approval`;
    if (doubt !== undefined)
      return {
        state: "Wait",
        message: `the request does not count: ${doubt}`,
        opens: `administrators; then ${approvers}`,
      };
    const { applied } = app.status ?? {};
    const meanwhile = applied === undefined ? "nothing is applied" : `${shortRevision(applied.revision)} stays applied`;
    const remark = uncounted === undefined ? "" : `; ${uncounted}`;
    return {
      state: "Wait",
      message: `${isManual ? "sync.mode is Manual" : "sync.mode was Manual when the last Change passed its gates, and stays so for this one"}: a user with the verb sync for OverseerApp ${name} has to create a Change of cause Sync, or one with the verb approve an Approval; until then ${meanwhile}${remark}`,
      opens: `users with the verb sync for OverseerApp ${name}, by a Change of cause Sync, or ${approvers}`,
    };
  },
};

function wasManual({ app, lister }: GateContext): boolean {
  if (app.status?.settings?.mode !== "Manual") return false;
  return environmentsOf(app.metadata.namespace, lister.list("Environment")).length > 0;
}
