import { followLog, type LogSource, type LogState } from "./follow-log.js";
import type { LogBuffer } from "./log-buffer.js";
import type { LogSources } from "./log-sources.js";

/** Reads the logs of several containers into one buffer until `stop`. `changed` gets how each of them goes, in their order. */
export function followLogs(
  { app, pod, containers, previous }: LogSources,
  buffer: LogBuffer,
  changed: (states: readonly LogState[]) => void,
  stop: AbortSignal,
): void {
  const states: LogState[] = containers.map(() => ({ phase: "connecting" }));
  const several = containers.length > 1;
  containers.forEach((container, index) => {
    const source: LogSource = { app, pod, container, previous };
    const report = (state: LogState): void => {
      states[index] = state;
      changed([...states]);
    };
    void followLog(source, buffer.sink(several ? index : undefined), report, stop);
  });
}
