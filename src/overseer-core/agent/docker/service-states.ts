import type { CoreServiceState } from "../../../api/core/app.js";
import { type Container, nameOf, serviceOf } from "./engine.js";

/** State of one container. */
export type ContainerState = CoreServiceState["state"];

/** What is known of a service besides its containers. */
export interface ExpectedService {
  readonly name: string;
  /** Number of containers. */
  readonly containers: number;
  /** Whether it ran to completion when it was deployed; otherwise an exit with code 0 is unexpected. Undefined during a deployment. */
  readonly completed?: boolean;
}

/** From good to bad: the worst container makes the state of its service. */
const ORDER: readonly ContainerState[] = [
  "completed",
  "running",
  "starting",
  "paused",
  "restarting",
  "unhealthy",
  "stopped",
  "exited",
  "missing",
];

/**
 * Computes the state of each service from its containers. `stopped`: containers that a person stopped. The last log line is not
 * known here.
 */
export function serviceStates(
  expected: readonly ExpectedService[],
  containers: readonly Container[],
  stopped: ReadonlySet<string> = new Set(),
): CoreServiceState[] {
  return expected.map((service): CoreServiceState => {
    const own = containers.filter((container) => serviceOf(container) === service.name);
    const states = own.map((container) => ({ container, state: containerState(container, service, stopped) }));
    const worst = states.sort((a, b) => ORDER.indexOf(b.state) - ORDER.indexOf(a.state))[0];
    if (worst === undefined || (own.length < service.containers && isGood(worst.state))) {
      const state = service.containers === 0 ? "completed" : "missing";
      return { name: service.name, state, container: null, exitCode: null, lastLine: null };
    }
    const { container, state } = worst;
    const ended = state === "restarting" || state === "exited" || state === "stopped" || state === "completed";
    const exitCode = ended ? container.State.ExitCode : null;
    return { name: service.name, state, container: nameOf(container), exitCode, lastLine: null };
  });
}

/** Reports whether a service needs no attention. */
export function isGood(state: ContainerState): boolean {
  return state === "running" || state === "completed";
}

function containerState(
  { Id, State, HostConfig }: Container,
  { completed }: ExpectedService,
  stopped: ReadonlySet<string>,
): ContainerState {
  const { Status, ExitCode, Health } = State;
  if (Status === "paused") return "paused";
  if (Status === "restarting") return "restarting";
  if (Status === "running") {
    if (Health == null || Health.Status === "none" || Health.Status === "healthy") return "running";
    return Health.Status === "unhealthy" ? "unhealthy" : "starting";
  }
  if (Status === "created") return completed === undefined ? "starting" : "stopped";
  const policy = HostConfig.RestartPolicy?.Name || "no";
  // Docker restarts these containers by itself, unless a person stopped them.
  if (completed !== undefined && (policy === "always" || policy === "unless-stopped" || stopped.has(Id)))
    return "stopped";
  if (ExitCode === 0 && completed !== false) return "completed";
  return completed === false && ExitCode === 0 ? "stopped" : "exited";
}
