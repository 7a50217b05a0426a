import type { LogLine } from "../runner.js";
import { isAnonymous } from "./anonymous-volumes.js";
import { type Container, type DockerEngine, nameOf, serviceOf } from "./engine.js";
import type { ExpectedService } from "./service-states.js";

/** The deployment that replaces containers. */
interface Call {
  readonly project: string;
  readonly log: LogLine;
  readonly signal: AbortSignal;
}

/**
 * Removes containers that Compose would keep, so that it creates them again. Those with anonymous volumes stay: only a container that Compose
 * recreates gets the volumes of the one before. Returns the services that it must recreate.
 */
export async function removeForReplacement(
  engine: DockerEngine,
  containers: readonly Container[],
  expected: readonly ExpectedService[],
  why: string,
  { project, log, signal }: Call,
): Promise<string[]> {
  const present = containers.length === 0 ? [] : await engine.containers(project, signal);
  const kept = new Set(containers.filter((one) => needsRecreation(one, present, expected)).map(({ Id }) => Id));
  for (const container of containers) {
    const recreated = kept.has(container.Id);
    log(`[docker] ${recreated ? "recreating" : "removing"} container ${nameOf(container)}, ${why}`);
    if (!recreated) await engine.removeContainer(container.Id, signal);
  }
  return [...new Set(containers.filter(({ Id }) => kept.has(Id)).map(serviceOf))];
}

/** Whether the next container of the service needs anonymous volumes of this one. An additional container has no successor. */
function needsRecreation(
  container: Container,
  present: readonly Container[],
  expected: readonly ExpectedService[],
): boolean {
  const service = serviceOf(container);
  const count = expected.find(({ name }) => name === service)?.containers ?? 0;
  return (
    (container.Mounts ?? []).some(({ Type, Name }) => Type === "volume" && isAnonymous(Name)) &&
    present.filter((one) => serviceOf(one) === service).length <= count
  );
}
