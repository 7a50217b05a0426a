import type { LogLine } from "../runner.js";
import type { ComposeResult } from "./docker-cli.js";
import type { DockerEngine } from "./engine.js";

/** The deployment that `up` failed for. */
interface Call {
  readonly project: string;
  readonly log: LogLine;
  readonly signal: AbortSignal;
}

/** Removes a container that the engine was starting when it crashed, and cannot start now. Returns whether to repeat `up`. */
export async function removeUnstartable(
  engine: DockerEngine,
  { project, log, signal }: Call,
  { code, stderr }: ComposeResult,
): Promise<boolean> {
  if (code === 0) return false;
  const own = (await engine.containers(project, signal)).map(({ Id }) => Id);
  const id = taskLeftBehind(stderr, own);
  if (id === undefined) return false;
  log(`[docker] removing container ${id.slice(0, 12)} of ${project}, which the engine cannot start after a crash`);
  await engine.removeContainer(id, signal);
  return true;
}

/**
 * Returns the ID of the container that cannot start because containerd still has a task of it; undefined for other failures. `own`: IDs of
 * the containers of the project. Error texts quote the document, so that it could name any other container.
 */
export function taskLeftBehind(stderr: string, own: readonly string[]): string | undefined {
  const named = [...stderr.matchAll(/\btask ([0-9a-f]{64}): already exists/gi)].map(([, id]) => id);
  return own.find((id) => named.includes(id));
}
