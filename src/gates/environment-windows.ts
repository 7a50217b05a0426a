import type { Environment } from "../api/environment.js";
import { environmentsOf } from "./environments.js";
import type { Gate, GateVerdict } from "./gate.js";
import { judgeWindows } from "./windows.js";

/** Whether an Environment permits syncs at a time. */
export type EnvironmentWindow =
  | { readonly open: true }
  /** `until` is the time (epoch ms) to judge again; undefined if only an edit opens it. */
  | { readonly open: false; readonly reason: string; readonly until: number | undefined };

/** Judges freeze and windows of an Environment at a time (epoch ms). Windows that cannot be read permit no sync. */
export function environmentWindow({ spec }: Environment, now: number): EnvironmentWindow {
  const { freeze, windows = [] } = spec;
  const end = freeze?.until === undefined ? undefined : Date.parse(freeze.until);
  if (freeze !== undefined && !(end !== undefined && now >= end)) {
    const until = freeze.until === undefined ? "until spec.freeze is removed" : `until ${freeze.until}`;
    return { open: false, reason: `frozen ${until}: ${freeze.reason}`, until: end };
  }
  const state = judgeWindows(windows, now, "spec.windows");
  if (state.state === "Open") return { open: true };
  return { open: false, reason: state.message, until: state.state === "Closed" ? state.until : undefined };
}

/**
 * Holds a Change before its first write while a freeze or the windows of its Environments permit no sync. Rollbacks pass: these inputs
 * were let through before.
 */
export const environmentWindowsGate: Gate = {
  name: "environmentWindows",
  waitReason: "EnvironmentWindow",
  judgesDeletions: true,
  watches: [{ kind: "Environment", concerns: () => true }],
  judge: ({ app, started, cause, now, approvals, lister }): GateVerdict => {
    if (started || cause === "Rollback") return { state: "Pass" };
    const closed = environmentsOf(app.metadata.namespace, lister.list("Environment")).flatMap((environment) => {
      const window = environmentWindow(environment, now);
      return window.open ? [] : [{ name: environment.metadata.name, ...window }];
    });
    if (closed.length === 0) return { state: "Pass" };
    const message = closed.map(({ name, reason }) => `Environment ${name}: ${reason}`).join("; ");
    if (approvals?.brokenBy !== undefined)
      return { state: "Pass", message: `${message}; opened by ${approvals.brokenBy} by break-glass` };
    const times = closed.map(({ until }) => until).filter((until) => until !== undefined);
    return {
      state: "Wait",
      message,
      opens: "time, or administrators by editing the Environment; in an emergency users with the verb break-glass",
      ...(times.length === 0 ? {} : { until: Math.min(...times) }),
    };
  },
};
