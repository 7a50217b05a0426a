import type { ComposeResult } from "./docker-cli.js";
import type { Container, DockerEngine } from "./engine.js";

/** Returns the container that the engine was starting when it crashed, and cannot start now; undefined if `up` failed otherwise. */
export async function unstartableContainer(
  engine: DockerEngine,
  project: string,
  { code, stderr }: ComposeResult,
  signal: AbortSignal,
): Promise<Container | undefined> {
  if (code === 0) return undefined;
  const own = await engine.containers(project, signal);
  const left = taskLeftBehind(
    stderr,
    own.map(({ Id }) => Id),
  );
  return own.find(({ Id }) => Id === left);
}

/**
 * Returns the ID of the container that cannot start because containerd still has a task of it; undefined for other failures. `own`: IDs of
 * the containers of the project. Error texts quote the document, so that it could name any other container.
 */
export function taskLeftBehind(stderr: string, own: readonly string[]): string | undefined {
  const named = [...stderr.matchAll(/\btask ([0-9a-f]{64}): already exists/gi)].map(([, id]) => id);
  return own.find((id) => named.includes(id));
}
