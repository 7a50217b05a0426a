import { shortRevision } from "../api/short-revision.js";
import type { Gate } from "./gate.js";

/** Holds a Change of an app in `sync.mode: Manual` until a user requests the sync. */
export const manualGate: Gate = {
  name: "manual",
  waitReason: "Manual",
  judge: async ({ app, started, request }) => {
    if (started || app.spec.sync.mode !== "Manual") return { state: "Pass" };
    const doubt = await request?.doubt();
    if (request !== undefined && doubt === undefined) return { state: "Pass" };
    if (doubt !== undefined) return { state: "Wait", message: `the request does not count: ${doubt}` };
    const { applied } = app.status ?? {};
    const meanwhile = applied === undefined ? "nothing is applied" : `${shortRevision(applied.revision)} stays applied`;
    return {
      state: "Wait",
      message: `sync.mode is Manual: a user with the verb sync for OverseerApp ${app.metadata.name} has to create a Change of cause Sync; until then ${meanwhile}`,
    };
  },
};
