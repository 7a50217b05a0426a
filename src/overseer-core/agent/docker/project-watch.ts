import type { CoreAppObserved, CoreServiceState } from "../../../api/core/app.js";
import type { Clock, Timer } from "../../../base/clock.js";
import { cutText } from "../../../base/cut-text.js";
import { messageOf } from "../../../base/errors.js";
import type { Logger } from "../../../base/logger.js";
import type { RunnerReports } from "../runner.js";
import { anonymousVolumes } from "./anonymous-volumes.js";
import type { DeployedRecord, DeployedRecords } from "./deployed-record.js";
import { observeProject } from "./drift.js";
import { type Container, type DockerEngine, type EngineEvent, nameOf, projectOf } from "./engine.js";
import type { EngineEvents } from "./engine-events.js";
import { type Mask, maskOf } from "./mask.js";
import { RevertLimit } from "./revert-limit.js";
import { isGood } from "./service-states.js";
import { StoppedContainers, stoppedByReboot } from "./stopped-containers.js";

/** Time in milliseconds to collect events before a project is looked at. */
const COLLECT_MS = 300;
const MAX_LINE = 300;

/** Options of a watch. */
export interface ProjectWatchOptions {
  readonly engine: DockerEngine;
  readonly events: EngineEvents;
  readonly records: DeployedRecords;
  /** Whether to request a new deployment when containers differ from what was deployed. */
  readonly revertDrift: boolean;
  /** When the node started, in milliseconds. */
  readonly bootMs: number;
  readonly clock: Clock;
  readonly logger: Logger;
}

/**
 * Watches the containers of all deployed projects by the events of the engine, and reports their state. Nothing is polled: after each
 * interruption of the events, every project is looked at once.
 */
export class ProjectWatch {
  readonly #options: ProjectWatchOptions;
  readonly #stopped = new StoppedContainers();
  readonly #limit: RevertLimit;
  readonly #dirty = new Set<string>();
  /** Projects with a job in progress, and when its last one ends. */
  readonly #busy = new Map<string, Promise<unknown>>();
  /** Counts the jobs of each project, so that a look that overlaps with one is discarded. */
  readonly #jobs = new Map<string, number>();
  /** Values of the secrets of a project, to mask its log. Unknown after a start of the agent. */
  readonly #secrets = new Map<string, ReadonlySet<string>>();
  #timer: Timer | undefined;
  #reports: RunnerReports | undefined;
  #signal: AbortSignal | undefined;
  #unusable: string | null = null;
  #unreachable: string | null = null;

  constructor(options: ProjectWatchOptions) {
    this.#options = options;
    this.#limit = new RevertLimit(options.clock);
  }

  /** Reports until `signal` is aborted. */
  async run(reports: RunnerReports, signal: AbortSignal): Promise<void> {
    this.#reports = reports;
    this.#signal = signal;
    const stop = this.#options.events.listen({
      opened: () => {
        this.#unreachable = null;
        this.#reportProblem();
        for (const { project } of this.#options.records.all()) this.#look(project);
      },
      event: (event) => this.#noteEvent(event),
      failed: (message) => {
        this.#unreachable = message;
        this.#stopped.interrupted();
        this.#reportProblem();
      },
    });
    this.#reportProblem();
    await new Promise<void>((resolve) => {
      if (signal.aborted) resolve();
      signal.addEventListener("abort", () => resolve(), { once: true });
    });
    this.#timer?.cancel();
    stop();
  }

  /** Sets why no job can run although the engine responds. */
  unusable(problem: string): void {
    this.#unusable = problem;
    this.#reportProblem();
  }

  /** Notes that a job can run. */
  usable(): void {
    if (this.#unusable === null) return;
    this.#unusable = null;
    this.#reportProblem();
  }

  /** Runs a job of a project, after the one in progress. The project is looked at when the job has ended. */
  async during<T>(project: string, work: () => Promise<T>): Promise<T> {
    this.#jobs.set(project, (this.#jobs.get(project) ?? 0) + 1);
    const before = this.#busy.get(project);
    const result = before === undefined ? work() : before.then(work);
    const ended = result.then(
      () => {},
      () => {},
    );
    this.#busy.set(project, ended);
    try {
      return await result;
    } finally {
      if (this.#busy.get(project) === ended) this.#busy.delete(project);
      this.#look(project);
    }
  }

  /** Returns how to mask what an app prints; undefined if its secrets are not known, until it is deployed again. */
  maskOf({ project, secrets }: DeployedRecord): Mask | undefined {
    const values = this.#secrets.get(project) ?? (secrets ? undefined : []);
    return values === undefined ? undefined : maskOf(values);
  }

  /** Returns the values to mask in the log of a project, as far as they are known. */
  secretsOf(project: string): Iterable<string> {
    return this.#secrets.get(project) ?? [];
  }

  /** Adds values to mask in the log of a project, before containers get them. */
  addSecrets(project: string, values: Iterable<string>): void {
    const known = this.#secrets.get(project);
    // If the values of its deployed containers are unknown, those of the new ones are not enough.
    if (known === undefined && this.#options.records.find(project)?.secrets === true) return;
    this.#secrets.set(project, new Set([...(known ?? []), ...values]));
  }

  /** Sets the values to mask in the log of a project, when all its containers have them. */
  keepSecrets(project: string, values: Iterable<string>): void {
    this.#secrets.set(project, new Set(values));
  }

  /** Returns the containers that were changed in place, or created by something else than a deployment. */
  async editedContainers(project: string, signal: AbortSignal): Promise<Container[]> {
    const record = this.#options.records.find(project);
    if (record === undefined) return [];
    const containers = await this.#options.engine.containers(project, signal);
    const { edited } = observeProject(record, containers, this.#stopped.ids, new Map());
    return containers.filter(({ Id }) => edited.includes(Id));
  }

  #reportProblem(): void {
    this.#reports?.problem(this.#unreachable ?? this.#unusable);
  }

  #noteEvent(event: EngineEvent): void {
    this.#stopped.note(event);
    const project = projectOf(event);
    if (project !== undefined) {
      this.#look(project);
      return;
    }
    const { ID, Attributes } = event.Actor;
    for (const { project: known, containers } of this.#options.records.all()) {
      const names = [ID, Attributes.name, Attributes.container];
      const image =
        event.Type === "image" &&
        containers.some(({ imageName, image: id }) => names.includes(imageName) || names.includes(id));
      const network = event.Type === "network" && containers.some(({ id }) => names.includes(id));
      if (image || network) this.#look(known);
    }
  }

  #look(project: string): void {
    this.#dirty.add(project);
    this.#timer ??= this.#options.clock.after(COLLECT_MS, () => {
      this.#timer = undefined;
      void this.#lookAtAll();
    });
  }

  async #lookAtAll(): Promise<void> {
    const projects = [...this.#dirty].filter((project) => !this.#busy.has(project));
    for (const project of projects) {
      this.#dirty.delete(project);
      const record = this.#options.records.find(project);
      if (record === undefined) continue;
      try {
        await this.#observe(record);
      } catch (error) {
        if (this.#signal?.aborted) return;
        // If the engine is unreachable, the project is looked at again when the events are followed again.
        this.#options.logger.warn("cannot read the containers of an app", { app: record.app, error: messageOf(error) });
      }
    }
  }

  async #observe(record: DeployedRecord): Promise<void> {
    const { engine, revertDrift, bootMs } = this.#options;
    const { app, project, version } = record;
    const signal = this.#signal;
    if (signal === undefined || this.#reports === undefined) return;
    const jobs = this.#jobs.get(project);
    if (this.#busy.has(project)) return;
    const containers = await engine.containers(project, signal);
    const images = new Map<string, string | undefined>();
    for (const { imageName } of record.containers) {
      if (!images.has(imageName)) images.set(imageName, await engine.imageId(imageName, signal));
    }
    this.#stopped.seen(project, containers);
    const stopped = new Set([...this.#stopped.ids, ...stoppedByReboot(record, containers, bootMs)]);
    const { services, drift, revertible } = observeProject(record, containers, stopped, images);
    const detailed: CoreServiceState[] = [];
    for (const state of services) detailed.push(await this.#withLastLine(record, state, containers, signal));
    if (this.#busy.has(project) || this.#jobs.get(project) !== jobs) return;
    const texts = drift.slice(0, 20).map((text) => cutText(text, 1000));
    const observed: CoreAppObserved = { version, services: detailed, drift: texts };
    const again = revertible && revertDrift && this.#mayRevert(project);
    this.#reports.app(app, observed, again, anonymousVolumes(containers));
    if (drift.length > 0)
      this.#options.logger.warn("app differs from what was deployed", { app, drift: texts, redeploy: again });
  }

  /** Reports whether drift may be reverted now; looks again when the limit permits it. */
  #mayRevert(project: string): boolean {
    const waitMs = this.#limit.take(project);
    if (waitMs === 0) return true;
    this.#options.clock.after(waitMs, () => this.#look(project));
    return false;
  }

  async #withLastLine(
    record: DeployedRecord,
    state: CoreServiceState,
    containers: readonly Container[],
    signal: AbortSignal,
  ): Promise<CoreServiceState> {
    const mask = this.maskOf(record);
    const container = containers.find((one) => nameOf(one) === state.container);
    // Without the values of its secrets, a line that an app logs cannot be shown. A container of a failed deployment may have others.
    if (isGood(state.state) || container === undefined || mask === undefined) return state;
    if (!record.containers.some(({ id }) => id === container.Id)) return state;
    const line = (await this.#options.engine.lastLines(container.Id, 1, signal)).at(-1);
    return line === undefined ? state : { ...state, lastLine: cutText(mask(line), MAX_LINE) };
  }
}
