import { DECISIONS } from "../api/approval-state.js";
import { PROVIDER_NAMES } from "../api/notify-providers.js";
import { RENDERER_KINDS } from "../api/renderers.js";
import { type ChangeSeries, changeSeries } from "./change-series.js";
import { type GitSeries, gitSeries } from "./git-series.js";
import type { Count, Family, Instruments, Level, Timing } from "./instruments.js";
import { type QueueSeries, queueSeries, type ReconcileSeries, reconcileSeries } from "./work-series.js";

/** Metrics of the operator, by subject. Their names are documented and used in dashboards and alerts. */
export interface Series {
  readonly reconcile: ReconcileSeries;
  readonly queue: QueueSeries;
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
  readonly change: ChangeSeries;
  readonly http: {
    /** Requests to the server role; `route`: the path template. */
    readonly requests: Family<"route" | "method" | "code", Count>;
    readonly seconds: Family<"route", Timing>;
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
  readonly notifications: {
    /** Messages to NotificationChannels; `provider`: field of the spec; `result`: success, error, given_up. */
    readonly total: Family<"provider" | "result", Count>;
    /** Messages that are not sent yet. */
    readonly pending: Level;
  };
  readonly appSets: {
    /** Writes of apps of OverseerAppSets; `verb`: create, update, delete; `result`: success, error. */
    readonly writes: Family<"result" | "verb", Count>;
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

/** Creates all metrics. Call it once per registry. Counters with few known series start at 0, so that their first increase counts. */
export function createSeries(make: Instruments): Series {
  const series = makeSeries(make);
  for (const result of ["success", "failure"]) {
    series.git.polls.of({ result }).inc(0);
    series.git.fetches.of({ result }).inc(0);
  }
  for (const result of ["success", "error"]) {
    series.election.renewals.of({ result }).inc(0);
    for (const verb of ["create", "update", "delete"]) {
      series.sync.applies.of({ verb, result }).inc(0);
      series.appSets.writes.of({ verb, result }).inc(0);
    }
  }
  for (const decision of DECISIONS) series.change.approvals.of({ decision }).inc(0);
  for (const cause of ["periodic", "definitions"]) series.drift.resyncObjects.of({ cause }).inc(0);
  for (const result of ["success", "error", "given_up"]) series.webhooks.polls.of({ result }).inc(0);
  for (const verb of ["create", "update", "delete"]) series.change.actions.of({ verb });
  series.prune.refused.of({ reason: "PruneRefused" }).inc(0);
  for (const renderer of RENDERER_KINDS) {
    series.render.seconds.of({ renderer });
    for (const result of ["hit", "disk", "miss", "error"]) series.render.total.of({ renderer, result }).inc(0);
  }
  for (const provider of PROVIDER_NAMES)
    for (const result of ["success", "error"]) series.notifications.total.of({ provider, result }).inc(0);
  return series;
}

function makeSeries(make: Instruments): Series {
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
    change: changeSeries(make),
    http: httpSeries(make),
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
    notifications: {
      total: make.counts({
        name: "overseer_notifications_total",
        help: "Total number of attempts to send messages to NotificationChannels, by provider and result.",
        labels: ["provider", "result"],
      }),
      pending: make.level(
        "overseer_notification_queue",
        "Number of messages to NotificationChannels that are not sent yet.",
      ),
    },
    appSets: {
      writes: make.counts({
        name: "overseer_app_set_writes_total",
        help: "Total number of writes of apps of OverseerAppSets, by verb and result.",
        labels: ["verb", "result"],
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

function httpSeries(make: Instruments): Series["http"] {
  return {
    requests: make.counts({
      name: "overseer_http_requests_total",
      help: "Total number of requests to the server, by route, method and status code.",
      labels: ["route", "method", "code"],
    }),
    seconds: make.timings({
      name: "overseer_http_duration_seconds",
      help: "Time in seconds until the server has answered a request, by route.",
      labels: ["route"],
    }),
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
