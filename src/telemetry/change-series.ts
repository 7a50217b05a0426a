import type { Count, Family, Instruments, Timing } from "./instruments.js";

/** Metrics of Changes that are not kept per app. */
export interface ChangeSeries {
  /** Time from the commit to the successful end of its Change. */
  readonly leadSeconds: Timing;
  /** How long each gate has held a Change; `gate`: its name. */
  readonly waitSeconds: Family<"gate", Timing>;
  /** Planned actions of one Change; `verb`: create, update, delete. */
  readonly actions: Family<"verb", Timing>;
  /** Audit records that could not be stored. */
  readonly auditFailures: Count;
  /** `decision`: Approve, Reject, Withdraw. */
  readonly approvals: Family<"decision", Count>;
}

/** Histogram buckets from seconds to a day, for lead times. */
const LEAD_BUCKETS = [1, 5, 15, 60, 300, 900, 1_800, 3_600, 14_400, 43_200, 86_400];
/** Histogram buckets from seconds to a week, for what waits for people. */
const WAIT_BUCKETS = [1, 10, 60, 300, 900, 3_600, 14_400, 43_200, 86_400, 259_200, 604_800];
/** Histogram buckets for numbers of objects. */
const ACTION_BUCKETS = [0, 1, 2, 5, 10, 25, 50, 100, 500, 1_000];

/** Creates the metrics of Changes. */
export function changeSeries(make: Instruments): ChangeSeries {
  return {
    leadSeconds: make.timing(
      "overseer_change_lead_time_seconds",
      "Time in seconds from a commit to the successful end of the Change that applies it.",
      LEAD_BUCKETS,
    ),
    waitSeconds: make.timings(
      {
        name: "overseer_change_wait_seconds",
        help: "Time in seconds for which a gate has held a Change, by gate, observed when the gate opens or the Change ends.",
        labels: ["gate"],
      },
      WAIT_BUCKETS,
    ),
    actions: make.timings(
      {
        name: "overseer_plan_actions",
        help: "Number of planned actions of a Change that has ended, by verb.",
        labels: ["verb"],
      },
      ACTION_BUCKETS,
    ),
    auditFailures: make.count(
      "overseer_audit_failures_total",
      "Total number of audit records that could not be stored.",
    ),
    approvals: make.counts({
      name: "overseer_approvals_total",
      help: "Total number of decisions of users about Changes that count, by decision.",
      labels: ["decision"],
    }),
  };
}
