import { type GitSeries, gitSeries } from "./git-series.js";
import type { Count, Family, Instruments, Level, Timing } from "./instruments.js";

/** Metrics of the operator, by subject. Their names are documented and used in dashboards and alerts. */
export interface Series {
  readonly reconcile: {
    /** `result`: success, error, requeue, requeue_after. */
    readonly total: Family<"controller" | "result", Count>;
    readonly seconds: Family<"controller", Timing>;
    readonly activeWorkers: Family<"controller", Level>;
  };
  readonly queue: {
    readonly depth: Family<"name", Level>;
    readonly adds: Family<"name", Count>;
    readonly retries: Family<"name", Count>;
    readonly waitSeconds: Family<"name", Timing>;
    readonly workSeconds: Family<"name", Timing>;
    readonly longestRunningSeconds: Family<"name", Level>;
  };
  readonly requests: {
    /** `code`: the HTTP status, or `error` if there was no response. */
    readonly total: Family<"code" | "method", Count>;
    readonly seconds: Family<"method", Timing>;
  };
  readonly election: {
    /** 1 while this process is the leader; the name is the one of client-go. */
    readonly master: Family<"name", Level>;
    /** `result`: success, error. */
    readonly renewals: Family<"result", Count>;
  };
  readonly core: {
    /** Requests to Overseer Cores; `code`: the HTTP status, or `error` if there was no response. */
    readonly requests: Family<"code" | "method", Count>;
  };
  readonly reflector: {
    readonly lists: Family<"kind", Count>;
    readonly watches: Family<"kind", Count>;
    readonly restarts: Family<"kind", Count>;
    readonly objects: Family<"kind", Level>;
  };
  readonly git: GitSeries;
  readonly render: {
    /** `result`: hit (memory cache), disk (disk cache), miss, error. */
    readonly total: Family<"renderer" | "result", Count>;
    readonly seconds: Family<"renderer", Timing>;
  };
  readonly sync: {
    readonly seconds: Timing;
    /** `verb`: create, update, delete; `result`: success, error. */
    readonly applies: Family<"result" | "verb", Count>;
  };
  readonly drift: {
    readonly detected: Count;
    readonly healed: Count;
    readonly healSeconds: Timing;
    /** `cause`: periodic, definitions. */
    readonly resyncObjects: Family<"cause", Count>;
    readonly contestedObjects: Level;
  };
  readonly prune: {
    readonly pruned: Count;
    readonly refused: Family<"reason", Count>;
  };
  readonly webhooks: {
    /** Requests to the webhook server; both labels have a fixed set of values. */
    readonly total: Family<"provider" | "result", Count>;
    /** Polls requested by webhooks; `result`: success, error, given_up. */
    readonly polls: Family<"result", Count>;
  };
}

/** Histogram buckets for requests to the API server, in seconds. */
const REQUEST_BUCKETS = [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];
/** Histogram buckets for drift reverts, in seconds; the target is 250 ms. */
const HEAL_BUCKETS = [0.005, 0.01, 0.02, 0.04, 0.06, 0.1, 0.15, 0.25, 0.5, 1, 2.5, 5, 10, 30];

/** Creates all metrics. Call it once per registry. */
export function createSeries(make: Instruments): Series {
  return {
    reconcile: reconcileSeries(make),
    queue: queueSeries(make),
    requests: {
      total: make.counts({
        name: "rest_client_requests_total",
        help: "Total number of requests to the API server, by status code and method.",
        labels: ["code", "method"],
      }),
      seconds: make.timings(
        {
          name: "rest_client_request_duration_seconds",
          help: "Response time of the API server in seconds, by method.",
          labels: ["method"],
        },
        REQUEST_BUCKETS,
      ),
    },
    election: electionSeries(make),
    core: {
      requests: make.counts({
        name: "overseer_core_requests_total",
        help: "Total number of requests to Overseer Cores, by status code and method.",
        labels: ["code", "method"],
      }),
    },
    reflector: reflectorSeries(make),
    git: gitSeries(make),
    render: {
      total: make.counts({
        name: "overseer_renders_total",
        help: "Total number of source renders, by renderer and result: hit (memory cache), disk (disk cache), miss (rendered), error.",
        labels: ["renderer", "result"],
      }),
      seconds: make.timings({
        name: "overseer_render_duration_seconds",
        help: "Duration in seconds of renders that no cache could serve, by renderer.",
        labels: ["renderer"],
      }),
    },
    sync: {
      seconds: make.timing(
        "overseer_sync_duration_seconds",
        "Time in seconds from the start of a Change to its successful completion.",
      ),
      applies: make.counts({
        name: "overseer_apply_total",
        help: "Total number of writes of managed objects, by verb and result.",
        labels: ["verb", "result"],
      }),
    },
    drift: {
      detected: make.count(
        "overseer_drift_detected_total",
        "Total number of live objects found to differ from the applied state.",
      ),
      healed: make.count("overseer_drift_healed_total", "Total number of live objects whose drift was reverted."),
      healSeconds: make.timing(
        "overseer_heal_duration_seconds",
        "Time in seconds from the watch event that shows drift to the response of the write that reverts it.",
        HEAL_BUCKETS,
      ),
      resyncObjects: make.counts({
        name: "overseer_resync_objects_total",
        help: "Total number of live objects verified without a watch event, by cause: periodic (resync interval), definitions (admission or schema change).",
        labels: ["cause"],
      }),
      contestedObjects: make.level(
        "overseer_contested_objects",
        "Number of objects with a field that another field manager keeps changing.",
      ),
    },
    prune: {
      pruned: make.count(
        "overseer_pruned_total",
        "Total number of objects deleted because they were removed from Git.",
      ),
      refused: make.counts({
        name: "overseer_prune_refused_total",
        help: "Total number of refused deletions, by reason.",
        labels: ["reason"],
      }),
    },
    webhooks: {
      total: make.counts({
        name: "overseer_webhooks_total",
        help: "Total number of webhooks received, by Git provider and result.",
        labels: ["provider", "result"],
      }),
      polls: make.counts({
        name: "overseer_webhook_polls_total",
        help: "Total number of polls requested by webhooks, by result of the request. Pushes in a burst count once.",
        labels: ["result"],
      }),
    },
  };
}

function electionSeries(make: Instruments): Series["election"] {
  return {
    master: make.levels({
      name: "leader_election_master_status",
      help: "Whether this process is the leader (1) or on standby (0).",
      labels: ["name"],
    }),
    renewals: make.counts({
      name: "overseer_lease_renewals_total",
      help: "Total number of lease renewals by this process, by result.",
      labels: ["result"],
    }),
  };
}

function reconcileSeries(make: Instruments): Series["reconcile"] {
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

function queueSeries(make: Instruments): Series["queue"] {
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

function reflectorSeries(make: Instruments): Series["reflector"] {
  return {
    lists: make.counts({
      name: "overseer_reflector_lists_total",
      help: "Total number of full lists, by kind.",
      labels: ["kind"],
    }),
    watches: make.counts({
      name: "overseer_reflector_watches_total",
      help: "Total number of watches opened, by kind.",
      labels: ["kind"],
    }),
    restarts: make.counts({
      name: "overseer_reflector_restarts_total",
      help: "Total number of watches that ended with an error, by kind.",
      labels: ["kind"],
    }),
    objects: make.levels({
      name: "overseer_reflector_objects",
      help: "Number of objects in the cache, by kind.",
      labels: ["kind"],
    }),
  };
}
