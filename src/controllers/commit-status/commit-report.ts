import type { CommitState, ReportedCommitStatus } from "../../api/git-provider.js";
import { type HealthStatus, isSettled } from "../../api/overseer-app.js";

/** What to report about an app and the commit that it applies. */
export interface CommitReport extends ReportedCommitStatus {
  /** Explanation for people at the Git host. Contains no secret value. */
  readonly message: string;
}

/** What a reconcile has come to, as far as a commit status is about it. */
export interface ReportFacts {
  /** Newest commit of the source, and the key of its inputs; undefined if the source could not be read. */
  readonly commit: string | undefined;
  readonly key: string | undefined;
  /** Key of the applied inputs. */
  readonly appliedKey: string | undefined;
  readonly problem: { readonly stage: string; readonly reason: string; readonly message: string } | undefined;
  readonly progress:
    | { readonly state: "done" | "failed" }
    | { readonly state: "pending"; readonly message: string }
    | { readonly state: "waiting"; readonly reason: string; readonly message: string };
  /** Health of the objects of the applied inputs; undefined if it is not known. */
  readonly health: { readonly status: HealthStatus; readonly objects: number; readonly message: string } | undefined;
  /** Whether the objects did not become healthy in time. */
  readonly timedOut: boolean;
}

/** Reason of a commit that is being applied, or whose objects are becoming healthy. */
const PROGRESSING = "Progressing";
/** Reason of a commit that a newer one has replaced before it was applied. */
const SUPERSEDED = "Superseded";

/**
 * Returns what to report: success when the commit is applied and healthy, failure with its reason, and pending otherwise. Undefined if
 * no commit is concerned. A destination that is not available is not the fault of the commit.
 */
export function commitReport(facts: ReportFacts): CommitReport | undefined {
  const { commit, key, problem, progress, health } = facts;
  if (commit === undefined || key === undefined) return undefined;
  const report = (state: CommitState, reason: string, message: string): CommitReport => ({
    ...{ commit, key, state, reason, message },
  });
  if (problem?.stage === "Destination") return report("Pending", problem.reason, problem.message);
  if (problem) return report("Failure", problem.reason, problem.message);
  if (progress.state === "waiting") return report("Pending", progress.reason, progress.message);
  if (progress.state === "pending") return report("Pending", PROGRESSING, progress.message);
  if (progress.state === "failed") return report("Failure", "Failed", "the commit could not be applied");
  if (facts.appliedKey !== key || health === undefined) return report("Pending", PROGRESSING, "waiting to be applied");
  if (isSettled(health.status)) return report("Success", "Synced", `applied, ${count(health.objects)} healthy`);
  if (health.status === "Degraded") return report("Failure", "Degraded", health.message);
  if (facts.timedOut) return report("Failure", "HealthTimeout", health.message);
  return report("Pending", PROGRESSING, `applied, waiting for healthy objects: ${health.message}`);
}

function count(objects: number): string {
  return objects === 1 ? "1 object is" : `all ${objects} objects are`;
}

/**
 * Returns the reports to send after `last`, in order: none unless something has changed, so that each transition is reported once.
 * A commit that does not change the app (equal keys) is not reported. Success is final: what happens to the objects later is not about
 * the commit. A commit that is still pending when a newer one takes over is reported as canceled.
 */
export function nextReports(last: ReportedCommitStatus | undefined, next: CommitReport): readonly CommitReport[] {
  if (last === undefined) return [next];
  if (last.key === next.key) {
    if (last.state === "Success" || (last.state === next.state && last.reason === next.reason)) return [];
    const isRetrying = last.state === "Failure" && next.state === "Pending" && next.reason === PROGRESSING;
    return isRetrying ? [] : [{ ...next, commit: last.commit }];
  }
  if (last.state !== "Pending" || last.commit === next.commit) return [next];
  const message = `replaced by commit ${next.commit.slice(0, 12)} before it was applied`;
  return [{ commit: last.commit, key: last.key, state: "Canceled", reason: SUPERSEDED, message }, next];
}
