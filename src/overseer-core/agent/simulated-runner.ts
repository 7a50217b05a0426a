import { randomUUID } from "node:crypto";
import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { Clock } from "../../base/clock.js";
import { sha256 } from "../../base/hash.js";
import { pause } from "./pause.js";
import { readJson, writeJson } from "./private-file.js";
import { type Deployment, type LogLine, RunError, type Runner, type RunResult } from "./runner.js";
import { readSimulation, type SimulatedService } from "./simulated-compose.js";

/** A service that is said to run. */
interface ServiceState {
  readonly image: string;
  /** Hash of the service's part of the document, with references in the place of values. */
  readonly definition: string;
  /** New for every start. */
  readonly instance: string;
}

/** What is kept of a project, in a file of its own. No secret value is in it. */
interface ProjectState {
  readonly services: Readonly<Record<string, ServiceState>>;
  /** Named volumes; `created` is the same for as long as the volume is. */
  readonly volumes: Readonly<Record<string, { readonly created: string }>>;
  /** Hashes of the starts that failed because they were to fail once. */
  readonly failedOnce?: readonly string[];
}

/** So many failures are remembered. */
const MAX_FAILED_ONCE = 100;

const NOTHING: ProjectState = { services: {}, volumes: {} };

/** How simulated services do what they do in lines of the log. */
const MARK = "[simulated]";

/**
 * Starts nothing: notes in files what would run, and says in every line that this is simulated. It behaves like a node in what
 * can be observed: deploying again starts only what changed, volumes outlive their project, a service whose image is
 * `simulated/fails` (any tag) fails, one of `simulated/fails-once` only the first time, and the label
 * `overseer.simulated.seconds` makes a start take that long.
 */
export class SimulatedRunner implements Runner {
  readonly name = "simulated";
  readonly #folder: string;
  readonly #clock: Clock;

  /** `dataDir`: the folder `simulated` is kept there. */
  constructor(dataDir: string, clock: Clock) {
    this.#folder = join(dataDir, "simulated");
    this.#clock = clock;
  }

  async deploy({ project, compose, secrets }: Deployment, log: LogLine, signal: AbortSignal): Promise<RunResult> {
    const { services, volumes } = readSimulation(compose, secrets);
    log(`${MARK} deploying ${project}: nothing is started for real`);
    for (const name of volumes) this.#keepVolume(project, name, log);
    for (const gone of Object.keys(this.#project(project).services).filter((name) => !services.has(name))) {
      this.#setService(project, gone, undefined);
      log(`${MARK} stopped service ${gone}, which is not in the document any more`);
    }
    for (const [name, service] of services) await this.#start(project, name, service, log, signal);
    log(`${MARK} ${project} runs: ${[...services.keys()].join(", ")}`);
    return this.#result(project, [...services.keys()]);
  }

  async remove(project: string, log: LogLine, signal: AbortSignal): Promise<RunResult> {
    signal.throwIfAborted();
    const names = Object.keys(this.#project(project).services);
    for (const name of names) {
      this.#setService(project, name, undefined);
      log(`${MARK} stopped service ${name}`);
    }
    const result = this.#result(project, names);
    const kept = result.volumes.length === 0 ? "it had no named volumes" : `kept volumes ${result.volumes.join(", ")}`;
    log(`${MARK} removed ${project}; ${kept}`);
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
      log(`${MARK} service ${name} is up to date`);
      return;
    }
    log(`${MARK} starting service ${name} from ${image}${usedSecrets === 0 ? "" : ` with ${usedSecrets} secrets`}`);
    if (seconds > 0) await pause(this.#clock, seconds * 1000, signal);
    signal.throwIfAborted();
    const fails = this.#fails(image, project, sha256(`${name}/${definition}`, 32));
    if (fails !== undefined) {
      this.#setService(project, name, undefined);
      log(`${MARK} service ${name}: started, then exited with code 1`);
      log(`${MARK} service ${name}: this image ${fails}`);
      throw new RunError(`service ${name} exited with code 1 (simulated: the image ${image} ${fails})`);
    }
    this.#setService(project, name, { image, definition, instance: randomUUID() });
    log(`${MARK} service ${name} is running`);
  }

  /** How an image fails, if it does; notes a failure that happens once. */
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
      log(`${MARK} found volume ${name} again, created as ${present.created}`);
      return;
    }
    const created = randomUUID();
    this.#write(project, { ...state, volumes: { ...state.volumes, [name]: { created } } });
    log(`${MARK} made volume ${name}, created as ${created}`);
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
    return readJson<ProjectState>(this.#pathOf(name)) ?? NOTHING;
  }

  /** A project is kept for as long as there is anything to keep. */
  #write(name: string, project: ProjectState): void {
    const { services, volumes, failedOnce = [] } = project;
    if (Object.keys(services).length + Object.keys(volumes).length + failedOnce.length === 0) {
      rmSync(this.#pathOf(name), { force: true });
      return;
    }
    mkdirSync(this.#folder, { recursive: true, mode: 0o700 });
    writeJson(this.#pathOf(name), project);
  }

  /** Names of apps hold nothing that a file name cannot. */
  #pathOf(project: string): string {
    return join(this.#folder, `${encodeURIComponent(project)}.json`);
  }
}
