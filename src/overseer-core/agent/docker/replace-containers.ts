import { messageOf } from "../../../base/errors.js";
import type { LogLine } from "../runner.js";
import { isAnonymous } from "./anonymous-volumes.js";
import { type Container, type DockerEngine, nameOf, serviceOf } from "./engine.js";
import type { Mask } from "./mask.js";
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

/**
 * Whether the next container of the service needs anonymous volumes of this one. Of more containers than the service has, the first ones have
 * successors.
 */
function needsRecreation(
  container: Container,
  present: readonly Container[],
  expected: readonly ExpectedService[],
): boolean {
  const service = serviceOf(container);
  const count = expected.find(({ name }) => name === service)?.containers ?? 0;
  const first = present
    .filter((one) => serviceOf(one) === service)
    .sort((a, b) => numberOf(a) - numberOf(b))
    .slice(0, count);
  return hasAnonymousVolumes(container) && first.some(({ Id }) => Id === container.Id);
}

/**
 * Stops containers of services that a deployment does not have. Returns those with anonymous volumes, which the version before needs if the
 * deployment fails; their names become free. If there are any, the other ones are removed; otherwise, that is left to Compose.
 */
export async function setOrphansAside(
  engine: DockerEngine,
  expected: readonly ExpectedService[],
  { project, log, signal }: Call,
): Promise<Container[]> {
  const present = await engine.containers(project, signal);
  const orphans = present.filter((one) => !expected.some(({ name }) => name === serviceOf(one)));
  const kept = orphans.filter(hasAnonymousVolumes);
  if (kept.length === 0) return [];
  for (const orphan of orphans) {
    log(`[docker] stopping container ${nameOf(orphan)}, whose service is not in the document`);
    await engine.stopContainer(orphan.Id, signal);
    if (!kept.includes(orphan)) await engine.removeContainer(orphan.Id, signal);
    else if (!nameOf(orphan).startsWith(asidePrefix(orphan)))
      await engine.renameContainer(orphan.Id, `${asidePrefix(orphan)}${nameOf(orphan)}`, signal);
  }
  return kept;
}

/** Differs from the prefix that Compose gives to the container that replaces this one. */
function asidePrefix({ Id }: Container): string {
  return `aside_${Id.slice(0, 12)}_`;
}

function hasAnonymousVolumes({ Mounts }: Container): boolean {
  return (Mounts ?? []).some(({ Type, Name }) => Type === "volume" && isAnonymous(Name));
}

/** Number of a container within its service; the highest for one that Compose did not create. */
function numberOf({ Config }: Container): number {
  return Number(Config.Labels?.["com.docker.compose.container-number"] ?? Number.MAX_SAFE_INTEGER);
}

/** Removes containers that were set aside, after the new version works. The next check of drift removes what is left over. */
export async function removeAside(
  engine: DockerEngine,
  containers: readonly Container[],
  { mask, log, signal }: { readonly mask: Mask; readonly log: LogLine; readonly signal: AbortSignal },
): Promise<void> {
  for (const { Id, Name } of containers)
    await engine.removeContainer(Id, signal).catch((error: unknown) => {
      signal.throwIfAborted();
      log(`[docker] the earlier container ${Name.slice(1)} is left over: ${mask(messageOf(error))}`);
    });
}
