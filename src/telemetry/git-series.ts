import type { Count, Family, Instruments, Timing } from "./instruments.js";

/** Metrics of requests to Git remotes and to the APIs of Git hosts. */
export interface GitSeries {
  /** `result`: success, failure. */
  readonly polls: Family<"result", Count>;
  /** `result`: success, failure. */
  readonly fetches: Family<"result", Count>;
  readonly fetchSeconds: Timing;
  readonly fetchBytes: Count;
  /** `reason`: as in the Ready condition of a GitRepository. */
  readonly errors: Family<"reason", Count>;
  /** Requests to the APIs of Git hosts. `result`: the HTTP status, or `error` if there was no response. */
  readonly hostRequests: Family<"host" | "operation" | "result", Count>;
}

/** Creates the metrics of Git. */
export function gitSeries(make: Instruments): GitSeries {
  return {
    polls: make.counts({
      name: "overseer_git_polls_total",
      help: "Total number of ref listings requested from Git remotes, by result.",
      labels: ["result"],
    }),
    fetches: make.counts({
      name: "overseer_git_fetches_total",
      help: "Total number of fetches from Git remotes, by result.",
      labels: ["result"],
    }),
    fetchSeconds: make.timing(
      "overseer_git_fetch_duration_seconds",
      "Duration of fetches in seconds, including verification.",
    ),
    fetchBytes: make.count("overseer_git_fetch_bytes_total", "Total size of received packs in bytes."),
    errors: make.counts({
      name: "overseer_git_errors_total",
      help: "Total number of failed polls and fetches of GitRepositories, by reason.",
      labels: ["reason"],
    }),
    hostRequests: make.counts({
      name: "overseer_git_host_requests_total",
      help: "Total number of requests to the APIs of Git hosts, by type of host, operation and result: the HTTP status, or error.",
      labels: ["host", "operation", "result"],
    }),
  };
}
