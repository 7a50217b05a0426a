import type { LineSeries } from "./line-series.js";

/** Labels that name a GitRepository. */
export interface RepositoryName {
  readonly namespace: string;
  readonly name: string;
}

/** Freshness of GitRepositories. Deleted and suspended repositories have no series. */
export interface RepositoryGauges {
  /** Records a successful poll. `time`: seconds since the epoch; `intervalSeconds`: time between two polls. */
  polled(repository: RepositoryName, time: number, intervalSeconds: number): void;
  forget(repository: RepositoryName): void;
}

/** Creates `overseer_git_last_success_timestamp_seconds` and `overseer_git_interval_seconds`. */
export function createRepositoryGauges(make: LineSeries): RepositoryGauges {
  const labels = ["namespace", "name"] as const;
  const last = make.levels({
    name: "overseer_git_last_success_timestamp_seconds",
    help: "Time at which a GitRepository was last up to date with its remote, in seconds since the epoch.",
    labels,
  });
  const interval = make.levels({
    name: "overseer_git_interval_seconds",
    help: "Poll interval of a GitRepository in seconds, from its spec.",
    labels,
  });
  return {
    polled({ namespace, name }, time, intervalSeconds) {
      last.of({ namespace, name }).set(time);
      interval.of({ namespace, name }).set(intervalSeconds);
    },
    forget({ namespace, name }) {
      last.remove({ namespace, name });
      interval.remove({ namespace, name });
    },
  };
}
