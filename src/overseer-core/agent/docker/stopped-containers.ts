import type { DeployedRecord } from "./deployed-record.js";
import type { Container, EngineEvent } from "./engine.js";

/** Maximum number of remembered containers. */
const MAX_IDS = 10_000;

/**
 * Remembers which containers were stopped, from the events of the engine: a crash of a container causes no `kill` event. If the engine
 * itself ended, those that ran before were stopped, too.
 */
export class StoppedContainers {
  readonly #ids = new Set<string>();
  /** Containers that ran when their project was looked at last. */
  readonly #running = new Map<string, readonly string[]>();
  /** Projects that were not looked at since the events were interrupted. */
  readonly #interrupted = new Set<string>();
  readonly #signalled = new Set<string>();

  /** Ids of the containers that were stopped and not started again. */
  get ids(): ReadonlySet<string> {
    return this.#ids;
  }

  /** Notes that the engine does not respond, so that events may be lost. */
  interrupted(): void {
    for (const project of this.#running.keys()) this.#interrupted.add(project);
  }

  /** Notes the containers of a project as they are now. */
  seen(project: string, containers: readonly Container[]): void {
    const before = this.#running.get(project) ?? [];
    const ended = containers.filter(({ Id, State }) => before.includes(Id) && hasEnded(State));
    if (this.#interrupted.delete(project)) for (const { Id } of ended) this.#ids.add(Id);
    this.#running.set(
      project,
      containers.flatMap(({ Id, State }) => (hasEnded(State) ? [] : [Id])),
    );
  }

  note({ Type, Action, Actor: { ID } }: EngineEvent): void {
    if (Type !== "container") return;
    if (Action === "kill") this.#signalled.add(ID);
    if (Action === "stop" || (Action === "die" && this.#signalled.has(ID))) this.#ids.add(ID);
    if (Action === "start" || Action === "destroy") {
      this.#ids.delete(ID);
      this.#signalled.delete(ID);
    }
    for (const set of [this.#ids, this.#signalled]) {
      const [oldest] = set;
      if (set.size > MAX_IDS && oldest !== undefined) set.delete(oldest);
    }
  }
}

/** Returns the containers of long-running services that last started before `bootMs`, when the node did, and do not run since. */
export function stoppedByReboot(
  { containers: deployed }: DeployedRecord,
  containers: readonly Container[],
  bootMs: number,
): string[] {
  const lasting = new Set(deployed.flatMap(({ id, completed }) => (completed ? [] : [id])));
  return containers.flatMap(({ Id, State }) =>
    lasting.has(Id) && hasEnded(State) && Date.parse(State.StartedAt) < bootMs ? [Id] : [],
  );
}

function hasEnded({ Status }: Container["State"]): boolean {
  return Status === "exited" || Status === "dead";
}
