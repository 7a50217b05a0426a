import type { Instruments } from "./instruments.js";

/** Labels that name a GitRepository. */
export interface RepositoryName {
  readonly namespace: string;
  readonly name: string;
}

/** How fresh GitRepositories are. A repository that is forgotten or suspended has no series. */
export interface RepositoryGauges {
  /** A poll came to a good end. `time`: seconds since the epoch; `intervalSeconds`: time between two polls. */
  polled(repository: RepositoryName, time: number, intervalSeconds: number): void;
  forget(repository: RepositoryName): void;
}

/** Makes `overseer_git_last_success_timestamp_seconds` and `overseer_git_interval_seconds`. */
export function createRepositoryGauges(make: Instruments): RepositoryGauges {
  const labels = ["namespace", "name"] as const;
  const last = make.levels({
    name: "overseer_git_last_success_timestamp_seconds",
    help: "When the remote of a GitRepository was last asked and all that it has was fetched.",
    labels,
  });
  const interval = make.levels({
    name: "overseer_git_interval_seconds",
    help: "Time between two polls of a GitRepository, as its spec says.",
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
