import type { Count, Family, Instruments, Level, Timing } from "./instruments.js";

/** Metrics of controllers. */
export interface ReconcileSeries {
  /** `result`: success, error, requeue, requeue_after. */
  readonly total: Family<"controller" | "result", Count>;
  readonly seconds: Family<"controller", Timing>;
  readonly activeWorkers: Family<"controller", Level>;
}

/** Metrics of work queues. */
export interface QueueSeries {
  readonly depth: Family<"name", Level>;
  readonly adds: Family<"name", Count>;
  readonly retries: Family<"name", Count>;
  readonly waitSeconds: Family<"name", Timing>;
  readonly workSeconds: Family<"name", Timing>;
  readonly longestRunningSeconds: Family<"name", Level>;
}

/** Creates the metrics of controllers. */
export function reconcileSeries(make: Instruments): ReconcileSeries {
  return {
    total: make.counts({
      name: "controller_reconcile_total",
      help: "Total number of reconciliations, by controller and result.",
      labels: ["controller", "result"],
    }),
    seconds: make.timings({
      name: "controller_reconcile_time_seconds",
      help: "Duration of reconciliations in seconds, by controller.",
      labels: ["controller"],
    }),
    activeWorkers: make.levels({
      name: "controller_active_workers",
      help: "Number of reconciliations in progress, by controller.",
      labels: ["controller"],
    }),
  };
}

/** Creates the metrics of work queues. */
export function queueSeries(make: Instruments): QueueSeries {
  return {
    depth: make.levels({ name: "workqueue_depth", help: "Number of keys waiting in the queue.", labels: ["name"] }),
    adds: make.counts({
      name: "workqueue_adds_total",
      help: "Total number of keys added to the queue.",
      labels: ["name"],
    }),
    retries: make.counts({
      name: "workqueue_retries_total",
      help: "Total number of keys added again after a failure.",
      labels: ["name"],
    }),
    waitSeconds: make.timings({
      name: "workqueue_queue_duration_seconds",
      help: "Time in seconds that a key waits in the queue.",
      labels: ["name"],
    }),
    workSeconds: make.timings({
      name: "workqueue_work_duration_seconds",
      help: "Time in seconds to process a key.",
      labels: ["name"],
    }),
    longestRunningSeconds: make.levels({
      name: "workqueue_longest_running_processor_seconds",
      help: "Running time in seconds of the longest-running worker.",
      labels: ["name"],
    }),
  };
}
