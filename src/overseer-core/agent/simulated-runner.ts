import { randomUUID } from "node:crypto";
import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { Clock } from "../../base/clock.js";
import { sha256 } from "../../base/hash.js";
import { pause } from "./pause.js";
import { readJson, writeJson } from "./private-file.js";
import { type DataRunner, type Deployment, type LogLine, RunError, type Runner, type RunResult } from "./runner.js";
import { readSimulation, type SimulatedService } from "./simulated-compose.js";

/** A simulated running service. */
interface ServiceState {
  readonly image: string;
  /** Hash of the service definition, with unresolved references to secrets. */
  readonly definition: string;
  /** Unique for every start. */
  readonly instance: string;
}

/** Stored state of a project. It contains no secret values. */
interface ProjectState {
  readonly services: Readonly<Record<string, ServiceState>>;
  /** Named volumes; `created` stays the same while the volume exists. */
  readonly volumes: Readonly<Record<string, { readonly created: string }>>;
  /** Hashes of the starts of `simulated/fails-once` that have failed. */
  readonly failedOnce?: readonly string[];
}

/** Maximum number of stored failures. */
const MAX_FAILED_ONCE = 100;

const EMPTY_PROJECT: ProjectState = { services: {}, volumes: {} };

/** Prefix of log lines. */
const PREFIX = "[simulated]";

/**
 * Simulates a runner: records in files what would run, and prefixes every log line accordingly. It shows the behavior of
 * a real node: a deployment starts only changed services, and volumes outlive their project. The image
 * `simulated/fails` (any tag) always fails, `simulated/fails-once` fails at its first start, and the label
 * `overseer.simulated.seconds` sets the start duration.
 */
export class SimulatedRunner implements Runner {
  readonly name = "simulated";
  readonly data: DataRunner = {
    backup: async ({ app }, log) => {
      log(`${PREFIX} backup of ${app}: simulated, nothing is stored`);
      const excluded = ["everything: backups of the runner simulated store nothing"];
      return { snapshot: "00000000", sizeBytes: 0, snapshots: [], excluded };
    },
    restore: async ({ app }) => {
      throw new RunError(`${app} cannot be restored: backups of the runner simulated store nothing`);
    },
  };
  readonly #folder: string;
  readonly #clock: Clock;

  /** State is stored in the directory `simulated` below `dataDir`. */
  constructor(dataDir: string, clock: Clock) {
    this.#folder = join(dataDir, "simulated");
    this.#clock = clock;
  }

  async deploy({ project, compose, secrets }: Deployment, log: LogLine, signal: AbortSignal): Promise<RunResult> {
    const { services, volumes } = readSimulation(compose, secrets);
    log(`${PREFIX} deploying ${project}: simulated, no containers are started`);
    for (const name of volumes) this.#keepVolume(project, name, log);
    for (const removed of Object.keys(this.#project(project).services).filter((name) => !services.has(name))) {
      this.#setService(project, removed, undefined);
      log(`${PREFIX} stopped service ${removed}, which is no longer in the document`);
    }
    for (const [name, service] of services) await this.#start(project, name, service, log, signal);
    log(`${PREFIX} ${project} is running: ${[...services.keys()].join(", ")}`);
    return this.#result(project, [...services.keys()]);
  }

  async remove(project: string, log: LogLine, signal: AbortSignal): Promise<RunResult> {
    signal.throwIfAborted();
    const names = Object.keys(this.#project(project).services);
    for (const name of names) {
      this.#setService(project, name, undefined);
      log(`${PREFIX} stopped service ${name}`);
    }
    const result = this.#result(project, names);
    const kept = result.volumes.length === 0 ? "no named volumes" : `kept the volumes ${result.volumes.join(", ")}`;
    log(`${PREFIX} removed ${project}; ${kept}`);
    return result;
  }

  async #start(
    project: string,
    name: string,
    { image, text, seconds, usedSecrets }: SimulatedService,
    log: LogLine,
    signal: AbortSignal,
  ): Promise<void> {
    const definition = sha256(text, 32);
    const present = this.#project(project).services[name];
    if (present?.definition === definition && usedSecrets === 0) {
      log(`${PREFIX} service ${name} is up to date`);
      return;
    }
    log(`${PREFIX} starting service ${name} from ${image}${usedSecrets === 0 ? "" : ` with ${usedSecrets} secrets`}`);
    if (seconds > 0) await pause(this.#clock, seconds * 1000, signal);
    signal.throwIfAborted();
    const fails = this.#fails(image, project, sha256(`${name}/${definition}`, 32));
    if (fails !== undefined) {
      this.#setService(project, name, undefined);
      log(`${PREFIX} service ${name}: started, then exited with code 1`);
      log(`${PREFIX} service ${name}: this image ${fails}`);
      throw new RunError(`service ${name} exited with code 1 (simulated: the image ${image} ${fails})`);
    }
    this.#setService(project, name, { image, definition, instance: randomUUID() });
    log(`${PREFIX} service ${name} is running`);
  }

  /** Returns how an image fails, if it does; records a first failure. */
  #fails(image: string, project: string, start: string): string | undefined {
    if (/^simulated\/fails(:|$)/.test(image)) return "always fails";
    if (!/^simulated\/fails-once(:|$)/.test(image)) return undefined;
    const state = this.#project(project);
    const failed = state.failedOnce ?? [];
    if (failed.includes(start)) return undefined;
    this.#write(project, { ...state, failedOnce: [...failed, start].slice(-MAX_FAILED_ONCE) });
    return "fails at its first start";
  }

  #keepVolume(project: string, name: string, log: LogLine): void {
    const state = this.#project(project);
    const present = state.volumes[name];
    if (present !== undefined) {
      log(`${PREFIX} reusing volume ${name}, created as ${present.created}`);
      return;
    }
    const created = randomUUID();
    this.#write(project, { ...state, volumes: { ...state.volumes, [name]: { created } } });
    log(`${PREFIX} created volume ${name} as ${created}`);
  }

  #result(project: string, services: readonly string[]): RunResult {
    return { runner: this.name, services, volumes: Object.keys(this.#project(project).volumes) };
  }

  #setService(project: string, name: string, service: ServiceState | undefined): void {
    const state = this.#project(project);
    const { [name]: _, ...others } = state.services;
    this.#write(project, { ...state, services: service === undefined ? others : { ...others, [name]: service } });
  }

  #project(name: string): ProjectState {
    return readJson<ProjectState>(this.#pathOf(name)) ?? EMPTY_PROJECT;
  }

  /** Writes the state of a project; deletes the file if the state is empty. */
  #write(name: string, project: ProjectState): void {
    const { services, volumes, failedOnce = [] } = project;
    if (Object.keys(services).length + Object.keys(volumes).length + failedOnce.length === 0) {
      rmSync(this.#pathOf(name), { force: true });
      return;
    }
    mkdirSync(this.#folder, { recursive: true, mode: 0o700 });
    writeJson(this.#pathOf(name), project);
  }

  /** Returns the path of the state file. */
  #pathOf(project: string): string {
    return join(this.#folder, `${encodeURIComponent(project)}.json`);
  }
}
