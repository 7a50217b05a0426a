import type { UpstreamContainer, Upstreams } from "../proxy/upstreams.js";
import { type DockerEngine, LABEL_PROJECT, LABEL_SERVICE, type RunningContainer } from "./engine.js";
import type { EngineEvents } from "./engine-events.js";
import { projectName } from "./project-name.js";

/** Finds the addresses of containers by the Docker engine. */
export class DockerUpstreams implements Upstreams {
  readonly #node: string;
  readonly #engine: DockerEngine;
  readonly #events: EngineEvents;

  constructor(node: string, engine: DockerEngine, events: EngineEvents) {
    this.#node = node;
    this.#engine = engine;
    this.#events = events;
  }

  async read(signal: AbortSignal): Promise<(app: string, service: string) => readonly UpstreamContainer[]> {
    const containers = await this.#engine.runningContainers(signal);
    return (app, service) => upstreamsOf(containers, projectName(this.#node, app), service);
  }

  listen(changed: () => void): () => void {
    return this.#events.listen({
      opened: changed,
      event: ({ Type }) => {
        if (Type !== "image") changed();
      },
    });
  }
}

/** Returns the containers of a service with their addresses. `containers`: all that run. */
export function upstreamsOf(
  containers: readonly RunningContainer[],
  project: string,
  service: string,
): UpstreamContainer[] {
  return containers.flatMap((container) => {
    const { Labels, Status } = container;
    if (Labels?.[LABEL_PROJECT] !== project || Labels[LABEL_SERVICE] !== service) return [];
    const address = addressOf(container, containers);
    if (address === undefined) return [];
    // The list has the health in a text only: "Up 3 minutes (healthy)", "(unhealthy)", "(health: starting)".
    return [{ address, ready: !/\((unhealthy|health: starting)\)/.test(Status) }];
  });
}

/** Containers may share the network of another one, which may share that of a third. */
const MAX_SHARED = 5;

function addressOf(
  container: RunningContainer,
  containers: readonly RunningContainer[],
  shared = 0,
): string | undefined {
  const mode = container.HostConfig.NetworkMode;
  if (mode === "host") return "127.0.0.1";
  if (mode.startsWith("container:") && shared < MAX_SHARED) {
    const other = containers.find(({ Id }) => Id === mode.slice("container:".length));
    return other === undefined ? undefined : addressOf(other, containers, shared + 1);
  }
  const networks = Object.entries(container.NetworkSettings?.Networks ?? {}).sort(([a], [b]) => (a < b ? -1 : 1));
  return networks.map(([, { IPAddress }]) => IPAddress).find((address) => address !== "");
}
