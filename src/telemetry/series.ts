import type { Count, Family, Instruments, Level, Timing } from "./instruments.js";

/** The series of the operator, by subject. The names are in `docs/` and in the dashboards: they are part of the product. */
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
    /** `code`: the HTTP status, or `error` when there was no answer. */
    readonly total: Family<"code" | "method", Count>;
    readonly seconds: Family<"method", Timing>;
  };
  readonly election: {
    /** 1 while this process leads; named as by client-go. */
    readonly master: Family<"name", Level>;
    /** `result`: success, error. */
    readonly renewals: Family<"result", Count>;
  };
  readonly core: {
    /** Requests to Overseer Cores; `code`: the HTTP status, or `error` when there was no answer. */
    readonly requests: Family<"code" | "method", Count>;
  };
  readonly reflector: {
    readonly lists: Family<"kind", Count>;
    readonly watches: Family<"kind", Count>;
    readonly restarts: Family<"kind", Count>;
    readonly objects: Family<"kind", Level>;
  };
  readonly git: {
    /** `result`: success, failure. */
    readonly polls: Family<"result", Count>;
    /** `result`: success, failure. */
    readonly fetches: Family<"result", Count>;
    readonly fetchSeconds: Timing;
    readonly fetchBytes: Count;
    /** `reason`: as in the Ready condition of a GitRepository. */
    readonly errors: Family<"reason", Count>;
  };
  readonly render: {
    /** `result`: hit (still in memory), disk, miss, error. */
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
    readonly looks: Family<"cause", Count>;
    readonly contestedObjects: Level;
  };
  readonly prune: {
    readonly pruned: Count;
    readonly refused: Family<"reason", Count>;
  };
  readonly webhooks: {
    /** Requests to the webhook server; the values of both labels are a fixed list. */
    readonly total: Family<"provider" | "result", Count>;
    /** Polls that webhooks asked for; `result`: success, error, given_up. */
    readonly polls: Family<"result", Count>;
  };
}

/** Bounds for requests to the API server, in seconds. */
const REQUEST_BUCKETS = [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];
/** Bounds for healing, which is promised within a quarter of a second. */
const HEAL_BUCKETS = [0.005, 0.01, 0.02, 0.04, 0.06, 0.1, 0.15, 0.25, 0.5, 1, 2.5, 5, 10, 30];

/** Makes every series. Called once per registry. */
export function createSeries(make: Instruments): Series {
  return {
    reconcile: reconcileSeries(make),
    queue: queueSeries(make),
    requests: {
      total: make.counts({
        name: "rest_client_requests_total",
        help: "Requests to the API server, by status code and method.",
        labels: ["code", "method"],
      }),
      seconds: make.timings(
        {
          name: "rest_client_request_duration_seconds",
          help: "How long the API server took to answer.",
          labels: ["method"],
        },
        REQUEST_BUCKETS,
      ),
    },
    election: electionSeries(make),
    core: {
      requests: make.counts({
        name: "overseer_core_requests_total",
        help: "Requests to Overseer Cores, by status code and method.",
        labels: ["code", "method"],
      }),
    },
    reflector: reflectorSeries(make),
    git: gitSeries(make),
    render: {
      total: make.counts({
        name: "overseer_renders_total",
        help: "Renders of sources, by renderer and result: hit (still in memory), disk (kept result), miss (rendered), error.",
        labels: ["renderer", "result"],
      }),
      seconds: make.timings({
        name: "overseer_render_duration_seconds",
        help: "How long renders took that were in neither memory nor the cache folder.",
        labels: ["renderer"],
      }),
    },
    sync: {
      seconds: make.timing("overseer_sync_duration_seconds", "From the start of a Change to its successful end."),
      applies: make.counts({
        name: "overseer_apply_total",
        help: "Writes of managed objects, by verb and result.",
        labels: ["verb", "result"],
      }),
    },
    drift: {
      detected: make.count("overseer_drift_detected_total", "Live objects found to differ from what was last applied."),
      healed: make.count("overseer_drift_healed_total", "Live objects put back to what was last applied."),
      healSeconds: make.timing(
        "overseer_heal_duration_seconds",
        "From the event that shows drift to the answer of the write that heals it.",
        HEAL_BUCKETS,
      ),
      looks: make.counts({
        name: "overseer_sweep_objects_total",
        help: "Live objects looked at without an event, since their time had come or their meaning had changed.",
        labels: ["cause"],
      }),
      contestedObjects: make.level(
        "overseer_contested_objects",
        "Objects with a field that another writer takes back again and again.",
      ),
    },
    prune: {
      pruned: make.count("overseer_pruned_total", "Objects deleted because they left Git."),
      refused: make.counts({
        name: "overseer_prune_refused_total",
        help: "Deletions that were refused, by reason.",
        labels: ["reason"],
      }),
    },
    webhooks: {
      total: make.counts({
        name: "overseer_webhooks_total",
        help: "Webhooks received, by the Git host that sent them and what became of them.",
        labels: ["provider", "result"],
      }),
      polls: make.counts({
        name: "overseer_webhook_polls_total",
        help: "Polls asked for by webhooks, by result of the write that asks. Pushes in a burst are one.",
        labels: ["result"],
      }),
    },
  };
}

function electionSeries(make: Instruments): Series["election"] {
  return {
    master: make.levels({
      name: "leader_election_master_status",
      help: "Whether this process holds the lease and works (1) or stands by (0).",
      labels: ["name"],
    }),
    renewals: make.counts({
      name: "overseer_lease_renewals_total",
      help: "Renewals of the lease by this process, by result.",
      labels: ["result"],
    }),
  };
}

function reconcileSeries(make: Instruments): Series["reconcile"] {
  return {
    total: make.counts({
      name: "controller_reconcile_total",
      help: "Reconciles, by controller and result.",
      labels: ["controller", "result"],
    }),
    seconds: make.timings({
      name: "controller_reconcile_time_seconds",
      help: "How long one reconcile took.",
      labels: ["controller"],
    }),
    activeWorkers: make.levels({
      name: "controller_active_workers",
      help: "Reconciles under way.",
      labels: ["controller"],
    }),
  };
}

function queueSeries(make: Instruments): Series["queue"] {
  return {
    depth: make.levels({ name: "workqueue_depth", help: "Keys that wait.", labels: ["name"] }),
    adds: make.counts({ name: "workqueue_adds_total", help: "Keys that were added.", labels: ["name"] }),
    retries: make.counts({
      name: "workqueue_retries_total",
      help: "Keys that were added again after a failure.",
      labels: ["name"],
    }),
    waitSeconds: make.timings({
      name: "workqueue_queue_duration_seconds",
      help: "How long a key waited for a worker.",
      labels: ["name"],
    }),
    workSeconds: make.timings({
      name: "workqueue_work_duration_seconds",
      help: "How long the work on a key took.",
      labels: ["name"],
    }),
    longestRunningSeconds: make.levels({
      name: "workqueue_longest_running_processor_seconds",
      help: "Age of the oldest work under way.",
      labels: ["name"],
    }),
  };
}

function reflectorSeries(make: Instruments): Series["reflector"] {
  return {
    lists: make.counts({ name: "overseer_reflector_lists_total", help: "Full lists read, by kind.", labels: ["kind"] }),
    watches: make.counts({
      name: "overseer_reflector_watches_total",
      help: "Watches opened, by kind.",
      labels: ["kind"],
    }),
    restarts: make.counts({
      name: "overseer_reflector_restarts_total",
      help: "Watches that ended by a fault, by kind.",
      labels: ["kind"],
    }),
    objects: make.levels({
      name: "overseer_reflector_objects",
      help: "Objects held in memory, by kind.",
      labels: ["kind"],
    }),
  };
}

function gitSeries(make: Instruments): Series["git"] {
  return {
    polls: make.counts({
      name: "overseer_git_polls_total",
      help: "Questions to a Git remote for its refs, by result.",
      labels: ["result"],
    }),
    fetches: make.counts({
      name: "overseer_git_fetches_total",
      help: "Fetches from a Git remote, by result.",
      labels: ["result"],
    }),
    fetchSeconds: make.timing("overseer_git_fetch_duration_seconds", "How long a fetch took, with its verification."),
    fetchBytes: make.count("overseer_git_fetch_bytes_total", "Bytes of packs received."),
    errors: make.counts({
      name: "overseer_git_errors_total",
      help: "Failed polls and fetches of GitRepositories, by reason.",
      labels: ["reason"],
    }),
  };
}
