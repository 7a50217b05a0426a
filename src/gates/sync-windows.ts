import type { Gate } from "./gate.js";
import { judgeWindows } from "./windows.js";

/** Holds a Change before its first write while `spec.sync.windows` permits no sync. A Change that has begun to write ends. */
export const syncWindowsGate: Gate = {
  name: "syncWindows",
  waitReason: "SyncWindow",
  failReason: "InvalidSyncWindow",
  judge: ({ app, started, cause, now, approvals }) => {
    // Inputs that were applied before may return at any time.
    if (started || cause === "Rollback" || approvals?.brokenBy !== undefined) return { state: "Pass" };
    const windows = judgeWindows(app.spec.sync.windows ?? [], now);
    if (windows.state === "Open") return { state: "Pass" };
    if (windows.state === "Invalid") return { state: "Fail", message: windows.message };
    const opens =
      "time, or users who may edit spec.sync.windows of the app; in an emergency users with the verb break-glass";
    return { state: "Wait", message: windows.message, opens, until: windows.until };
  },
};
