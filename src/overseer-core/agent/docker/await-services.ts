import type { CoreServiceState } from "../../../api/core/app.js";
import type { Clock, Timer } from "../../../base/clock.js";
import { RunError } from "../runner.js";
import { type Container, type DockerEngine, nameOf, projectOf, serviceOf } from "./engine.js";
import type { EngineEvents } from "./engine-events.js";
import { type ExpectedService, isGood, serviceStates } from "./service-states.js";

/** Time in milliseconds that a container without a health check must run before it counts as running. */
export const SETTLE_MS = 3_000;
/** Restarts after which a container counts as failed. */
const MAX_RESTARTS = 3;

/** Result of one look at the containers of a deployment. */
export interface Progress {
  /** Why the deployment has failed. */
  readonly failed?: { readonly text: string; readonly container?: Container };
  /** What the deployment still waits for; empty if it is complete. */
  readonly waiting: readonly string[];
  /** Time in milliseconds after which to look again even without an event. */
  readonly againMs?: number;
}

/** Judges the containers of a deployment. `restarts`: restarts of each container before the deployment; `now` in milliseconds. */
export function progressOf(
  expected: readonly ExpectedService[],
  containers: readonly Container[],
  restarts: ReadonlyMap<string, number>,
  now: number,
): Progress {
  const states = serviceStates(expected, containers);
  for (const state of states) {
    const container = containers.find((one) => nameOf(one) === state.container);
    const text = failureOf(state, container, restarts);
    if (text !== undefined) return { failed: { text, ...(container === undefined ? {} : { container }) }, waiting: [] };
  }
  const waiting = states.flatMap(({ name, state }) =>
    isGood(state) ? [] : [`service ${name} ${WAITING[state] ?? `is ${state}`}`],
  );
  let againMs: number | undefined;
  for (const container of containers) {
    if (container.State.Status !== "running" || container.State.Health != null) continue;
    const left = SETTLE_MS - (now - Date.parse(container.State.StartedAt));
    // A clock that was set back must not delay the deployment.
    if (!(left > 0)) continue;
    waiting.push(`service ${serviceOf(container)} has just started`);
    againMs = Math.min(againMs ?? SETTLE_MS, left, SETTLE_MS);
  }
  return { waiting, ...(againMs === undefined ? {} : { againMs }) };
}

const WAITING: Readonly<Partial<Record<CoreServiceState["state"], string>>> = {
  starting: "is starting, its health check has not succeeded",
  missing: "has no container yet",
};

function failureOf(
  { name, state, exitCode }: CoreServiceState,
  container: Container | undefined,
  restarts: ReadonlyMap<string, number>,
): string | undefined {
  const who = container === undefined ? `service ${name}` : `service ${name}: container ${nameOf(container)}`;
  const cause = container?.State.OOMKilled ? " because it ran out of memory" : "";
  if (state === "unhealthy") return `${who} is unhealthy: its health check fails${healthOutput(container)}`;
  if (state === "exited") {
    const error = container?.State.Error ? `: ${container.State.Error}` : "";
    return `${who} exited with code ${exitCode}${cause}${error}`;
  }
  if (container === undefined) return undefined;
  const count = container.RestartCount - (restarts.get(container.Id) ?? 0);
  if (count < MAX_RESTARTS) return undefined;
  return `${who} exited ${count} times, last with code ${container.State.ExitCode}${cause}`;
}

function healthOutput(container: Container | undefined): string {
  const output = container?.State.Health?.Log?.at(-1)?.Output.trim().split("\n").at(-1);
  return output === undefined || output === "" ? "" : ` (${output})`;
}

/** Options of a wait. */
export interface AwaitServices {
  readonly project: string;
  readonly expected: readonly ExpectedService[];
  readonly engine: DockerEngine;
  readonly events: EngineEvents;
  readonly clock: Clock;
  readonly timeoutMs: number;
  readonly restarts: ReadonlyMap<string, number>;
  /** Called with the containers whenever they are read. */
  readonly onContainers: (containers: readonly Container[]) => void;
  /** Returns the last log lines of a container for an error, already masked. */
  readonly lastLines: (container: Container) => Promise<string>;
  readonly mask: (text: string) => string;
  readonly signal: AbortSignal;
}

/**
 * Waits until all services run and are healthy, or have completed. It looks at the containers after each event, not periodically.
 * Throws RunError when a service fails or the time is over.
 */
export async function awaitServices(options: AwaitServices): Promise<readonly Container[]> {
  const { project, engine, events, clock, timeoutMs, mask, signal } = options;
  const deadline = clock.monotonic() + timeoutMs;
  let wake: () => void = () => {};
  const stop = events.listen({
    event: (event) => projectOf(event) === project && wake(),
    opened: () => wake(),
    failed: () => wake(),
  });
  try {
    for (;;) {
      const woken = new Promise<void>((resolve) => {
        wake = resolve;
      });
      const present = await engine.containers(project, signal);
      const containers = present.filter((one) => options.expected.some(({ name }) => name === serviceOf(one)));
      options.onContainers(containers);
      const { failed, waiting, againMs } = progressOf(options.expected, containers, options.restarts, clock.now());
      if (failed !== undefined) {
        const lines = failed.container === undefined ? "" : await options.lastLines(failed.container);
        throw new RunError(`${mask(failed.text)}${lines}`, { changed: true });
      }
      if (waiting.length === 0) return containers;
      const left = deadline - clock.monotonic();
      if (left <= 0) {
        throw new RunError(
          `not healthy within ${timeoutMs / 1000} s (--health-timeout): ${waiting.slice(0, 5).join("; ")}`,
          {
            changed: true,
          },
        );
      }
      await wakeUp(woken, clock, Math.min(left, againMs ?? left), signal);
    }
  } finally {
    stop();
  }
}

/** Waits for a wake-up, at most `ms` milliseconds. Throws the reason of the signal. */
async function wakeUp(woken: Promise<void>, clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  let timer: Timer | undefined;
  let abort: () => void = () => {};
  const late = new Promise<void>((resolve) => {
    timer = clock.after(ms, resolve);
    abort = resolve;
    signal.addEventListener("abort", abort, { once: true });
  });
  await Promise.race([woken, late]);
  timer?.cancel();
  signal.removeEventListener("abort", abort);
  signal.throwIfAborted();
}
