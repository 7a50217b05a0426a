import type { LogState } from "./follow-log.js";

const CONNECTING: LogState = { phase: "connecting" };

/** Logs of containers of a pod that are read together. */
export interface LogSources {
  readonly app: string;
  readonly pod: string;
  /** Containers to read; the number of a line is the index of its container. */
  readonly containers: readonly string[];
  /** Those of them that run before the others, and are not waited for once they have ended. */
  readonly init: readonly string[];
  readonly previous: boolean;
}

/** Returns how several logs go together: as the best of those that matter. Init containers matter only alone. */
export function togetherOf({ containers, init }: LogSources, states: readonly LogState[]): LogState {
  const all = containers.map((container, index) => ({ container, state: states[index] ?? CONNECTING }));
  const later = all.filter(({ container }) => !init.includes(container));
  const some = (later.length === 0 ? all : later).map(({ state }) => state);
  for (const phase of ["live", "connecting", "waiting", "complete"] as const) {
    const found = some.find((state) => state.phase === phase);
    if (found !== undefined) return found;
  }
  return some[0] ?? CONNECTING;
}
