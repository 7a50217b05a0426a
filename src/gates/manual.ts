import { shortRevision } from "../api/short-revision.js";
import { known } from "./context.js";
import type { Gate } from "./gate.js";

/**
 * Holds a Change of an app in `sync.mode: Manual` until a user requests the sync or approves the plan, and in every mode a Change whose
 * request is not proven.
 */
export const manualGate: Gate = {
  name: "manual",
  waitReason: "Manual",
  judge: async ({ app, started, cause, request, approvals }) => {
    if (started || (app.spec.sync.mode !== "Manual" && request === undefined)) return { state: "Pass" };
    // An automatic rollback is what the app asks for, to inputs that have passed this gate before.
    if (cause === "Rollback" && request === undefined) return { state: "Pass" };
    const { approvedBy, brokenBy, uncounted } = known(approvals, "what users have decided");
    if (approvedBy !== undefined || brokenBy !== undefined) return { state: "Pass" };
    const doubt = await request?.doubt();
    if (request !== undefined && doubt === undefined) return { state: "Pass" };
    if (doubt !== undefined) return { state: "Wait", message: `the request does not count: ${doubt}` };
    const { applied } = app.status ?? {};
    const meanwhile = applied === undefined ? "nothing is applied" : `${shortRevision(applied.revision)} stays applied`;
    const { name } = app.metadata;
    const remark = uncounted === undefined ? "" : `; ${uncounted}`;
    return {
      state: "Wait",
      message: `sync.mode is Manual: a user with the verb sync for OverseerApp ${name} has to create a Change of cause Sync, or one with the verb approve an Approval; until then ${meanwhile}${remark}`,
    };
  },
};
