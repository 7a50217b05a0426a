import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { Clock } from "../../../base/clock.js";
import type { Mapping } from "../../operations/compose.js";
import type { HostPolicy } from "../host-access/host-policy.js";
import { findingsText, judgeHostAccess } from "../host-access/judge-host-access.js";
import type { ExistingVolume } from "../host-access/judge-mounts.js";
import { publishedPorts, type ReservedPort } from "../host-access/judge-ports.js";
import { realPath } from "../host-access/real-path.js";
import {
  type Deployment,
  type LogLine,
  RecurringError,
  RunError,
  type Runner,
  type RunnerReports,
  type RunResult,
} from "../runner.js";
import { awaitServices } from "./await-services.js";
import { composeArgs } from "./compose-args.js";
import { type ComposeInput, composeInput } from "./compose-input.js";
import { activeServices, readModel, type ServiceImage, serviceImages } from "./compose-model.js";
import { type DeployedRecords, recordOf } from "./deployed-record.js";
import type { ComposeCommand, ComposeResult, DockerCli } from "./docker-cli.js";
import type { DockerData } from "./docker-data.js";
import { type Container, type DockerEngine, serviceOf } from "./engine.js";
import { EngineError, isRefusal } from "./engine-connection.js";
import type { EngineEvents } from "./engine-events.js";
import { errorAfterStart, refusalText } from "./error-after-start.js";
import { failureText, saysUnreachable } from "./failure-text.js";
import { withFileDigests } from "./file-digests.js";
import { imagesAsDeployed, withImages } from "./images-as-deployed.js";
import { type Mask, maskOf } from "./mask.js";
import { projectName } from "./project-name.js";
import type { ProjectWatch } from "./project-watch.js";
import { type RegistryLogin, readPullSecrets, registryOf } from "./pull-credentials.js";
import { imagesOf, imagesToPull, pullWith } from "./pull-images.js";
import { removeAside, removeForReplacement, setOrphansAside } from "./replace-containers.js";
import { lastLinesOf, ServiceLogs, upFailure } from "./service-logs.js";
import type { ExpectedService } from "./service-states.js";
import { unstartableContainer } from "./unstartable-container.js";
import type { UnusedImages } from "./unused-images.js";

/** Prefix of log lines of the runner. Lines of Compose and of containers have none. */
const PREFIX = "[docker]";
/** Timeouts in milliseconds: of a command that only reads, of a pull, and of `up` in addition to the health timeout. */
const [READ_MS, PULL_MS, UP_EXTRA_MS] = [60_000, 30 * 60_000, 5 * 60_000] as const;

/** Options of a Docker runner. */
export interface DockerRunnerOptions {
  readonly node: string;
  readonly dataDir: string;
  readonly cli: DockerCli;
  readonly engine: DockerEngine;
  readonly events: EngineEvents;
  readonly records: DeployedRecords;
  readonly watch: ProjectWatch;
  readonly data: DockerData;
  readonly unused: UnusedImages;
  readonly policy: HostPolicy;
  readonly socket: string;
  readonly reservedPorts: (signal: AbortSignal) => Promise<readonly ReservedPort[]>;
  readonly healthTimeoutMs: number;
  readonly clock: Clock;
}

type NodeState = { root: string; before: readonly Container[]; volumes: readonly ExistingVolume[] };

/** One deployment in progress. */
interface Call {
  readonly app: string;
  readonly project: string;
  readonly directory: string;
  readonly input: ComposeInput;
  readonly logins: ReadonlyMap<string, RegistryLogin>;
  readonly mask: Mask;
  readonly log: LogLine;
  readonly signal: AbortSignal;
  readonly again: Deployment["again"];
}

/**
 * Runs Compose documents by `docker compose`. A document is resolved and judged before anything starts, images are pulled before
 * anything stops, and the deployment is complete when all services are healthy. Containers are adopted by the labels of Compose, so a
 * repeated deployment starts nothing twice.
 */
export class DockerRunner implements Runner {
  readonly name = "docker";
  readonly data: DockerData;
  readonly #options: DockerRunnerOptions;

  constructor(options: DockerRunnerOptions) {
    this.#options = options;
    this.data = options.data;
  }

  async watch(reports: RunnerReports, signal: AbortSignal): Promise<void> {
    const { cli, engine, events, watch, unused } = this.#options;
    await cli.version(signal).catch((error: unknown) => {
      if (error instanceof RunError) watch.unusable(error.message);
    });
    await engine.rootDirectory(signal).catch(() => {});
    await Promise.all([watch.run(reports, signal), this.data.run(signal), unused.run(signal), events.run(signal)]);
  }

  async deploy(deployment: Deployment, log: LogLine, signal: AbortSignal): Promise<RunResult> {
    const { node, watch } = this.#options;
    const project = projectName(node, deployment.project);
    return watch.during(project, async () => {
      const input = composeInput(deployment.compose, deployment.secrets);
      const logins = readPullSecrets(deployment.pullSecrets);
      const passwords = [...logins.values()].flatMap(({ password, identitytoken = "" }) => [password, identitytoken]);
      const mask = maskOf([...deployment.secrets.values(), ...passwords, ...watch.secretsOf(project)]);
      const directory = this.#directoryOf(deployment.project);
      const { project: app, again } = deployment;
      const masked: LogLine = (line) => log(mask(line));
      const call: Call = { app, project, directory, input, logins, mask, log: masked, signal, again };
      return this.#deploy(call, deployment).catch((error: unknown) => {
        if (isRefusal(error)) throw new RunError(mask(refusalText(error)));
        throw error instanceof EngineError ? new EngineError(error.status, mask(error.message)) : error;
      });
    });
  }

  async remove(app: string, log: LogLine, signal: AbortSignal): Promise<RunResult> {
    const { node, engine, records, watch, unused } = this.#options;
    const project = projectName(node, app);
    return watch.during(project, async () => {
      await engine.rootDirectory(signal);
      const services = [...new Set((await engine.containers(project, signal)).map(serviceOf))];
      const command = { args: ["down", "--remove-orphans"], signal, timeoutMs: UP_EXTRA_MS, onLine: log };
      unused.note();
      await this.#checked(project, this.#directoryOf(app), command, (text) => text, "the app cannot be removed");
      records.remove(project);
      await unused.prune(signal);
      const volumes = await engine.volumes(project, signal);
      log(
        `${PREFIX} removed ${app}; ${volumes.length === 0 ? "no named volumes" : `kept the volumes ${volumes.join(", ")}`}`,
      );
      return { runner: this.name, services, volumes };
    });
  }

  async #deploy(call: Call, deployment: Deployment): Promise<RunResult> {
    const { cli, engine, watch, unused } = this.#options;
    const { app, project, log, signal } = call;
    const { secrets, version } = deployment;
    const root = await engine.rootDirectory(signal);
    const compose = await cli.version(signal);
    watch.usable();
    log(`${PREFIX} deploying version ${version} of ${app} as project ${project} with Docker Compose ${compose}`);
    const model = await this.#resolve(call);
    const present = await engine.containers(project, signal);
    await this.#judge(call, model, { root, before: present, volumes: await engine.volumesOf(project, signal) });
    // What another job removes meanwhile would be missing after it was found.
    const { services, ...rest } = await unused.keeping(() => this.#start(call, deployment, model, present));
    // Reverting drift leaves containers as they are, and so with earlier values of changed secrets.
    if (call.again !== "drift") watch.keepSecrets(project, secrets.values());
    await unused.prune(signal);
    log(`${PREFIX} ${app} is running: ${services.join(", ")}`);
    for (const [service, image] of Object.entries(rest.images)) log(`${PREFIX} service ${service} runs ${image}`);
    return { runner: this.name, services, ...rest };
  }

  /** Pulls images, starts containers until they are healthy, and records what runs. */
  async #start(call: Call, { secrets, version }: Deployment, model: Mapping, present: readonly Container[]) {
    const { engine, records, watch, unused } = this.#options;
    const { app, project, signal } = call;
    const expected = activeServices(model);
    const last = call.again === undefined ? undefined : records.find(project);
    const before = last?.version === version ? last : undefined;
    const { images: used, pinned } = await imagesAsDeployed(engine, serviceImages(model), before, signal);
    const input = pinned.size === 0 ? call.input : withImages(call.input, used);
    const started = { ...call, input: withFileDigests(input, model, this.#options.dataDir) };
    await this.#pull(started, used);
    watch.addSecrets(project, secrets.values());
    const restarts = new Map(present.map(({ Id, RestartCount }) => [Id, RestartCount]));
    unused.note();
    try {
      const edited = await watch.editedContainers(project, signal);
      await this.#replace(started, edited, expected, "which was changed by hand");
      const containers = await this.#up(started, expected, restarts);
      const images = await imagesOf(engine, containers, pinned, signal);
      const volumes = await engine.volumes(project, signal);
      const about = { app, project, version, secrets: secrets.size > 0 };
      records.write(recordOf(about, expected, containers, images, pinned));
      return { services: expected.map(({ name }) => name), volumes, images: Object.fromEntries(images) };
    } catch (error) {
      throw errorAfterStart(error, call.mask);
    }
  }

  /** Resolves extensions, merges and variables. Compose reads no file of the node for that. */
  async #resolve({ project, directory, input, mask, log, signal }: Call): Promise<Mapping> {
    const args = ["config", "--format", "json"];
    const command = { args, input: input.json, env: input.env, signal, timeoutMs: READ_MS, onLine: log };
    const { stdout } = await this.#checked(project, directory, command, mask, "the Compose document is invalid");
    return readModel(stdout);
  }

  async #judge({ app, project, directory, mask, signal }: Call, model: Mapping, { root, before, volumes }: NodeState) {
    const { policy, socket, dataDir } = this.#options;
    const mounted = before.flatMap(({ Mounts }) => Mounts ?? []);
    const writable = mounted.filter(({ Type, RW }) => Type === "bind" && RW).map(({ Source }) => Source);
    const paths = { appDirectory: directory, forbidden: [dataDir, root], socket, writable, volumes, real: realPath };
    const reserved = await this.#options.reservedPorts(signal);
    const ports = { reserved, published: publishedPorts(before.map(({ HostConfig }) => HostConfig)) };
    const findings = judgeHostAccess({ app, project, model }, policy, paths, ports);
    if (findings.length > 0) throw new RunError(mask(findingsText(findings)));
  }

  /** Pulls images before anything is stopped, so that a failed pull changes nothing. */
  async #pull({ project, directory, input, logins, mask, log, signal }: Call, images: readonly ServiceImage[]) {
    const { engine } = this.#options;
    const pulled: string[] = [];
    for (const one of await imagesToPull(engine, images, mask, signal)) {
      const login = logins.get(registryOf(one.image));
      if (login === undefined) pulled.push(one.service);
      else await pullWith(engine, login, one, mask, log, signal);
    }
    if (pulled.length === 0) return;
    log(`${PREFIX} pulling the images of ${pulled.join(", ")}`);
    const args = ["pull", "--quiet", ...pulled];
    const command = { args, input: input.json, env: input.env, signal, timeoutMs: PULL_MS, onLine: log };
    await this.#checked(project, directory, command, mask, "an image cannot be pulled");
  }

  /** Replaces containers that Compose would keep, such as those that were changed in place. */
  async #replace(call: Call, containers: readonly Container[], expected: readonly ExpectedService[], why: string) {
    const { project, directory, input, mask, log, signal } = call;
    const services = await removeForReplacement(this.#options.engine, containers, expected, why, call);
    if (services.length === 0) return;
    const args = ["up", "--no-start", "--no-deps", "--force-recreate", "--no-build", "--pull", "never", ...services];
    const command = { args, input: input.json, env: input.env, signal, timeoutMs: UP_EXTRA_MS, onLine: log };
    await this.#checked(project, directory, command, mask, "a container cannot be recreated");
  }

  async #up(call: Call, expected: readonly ExpectedService[], restarts: ReadonlyMap<string, number>) {
    const { project, directory, input, mask, log, signal } = call;
    const { engine, events, clock, healthTimeoutMs } = this.#options;
    const logs = new ServiceLogs(engine, clock.now(), log, signal);
    try {
      const orphans = await setOrphansAside(engine, expected, call);
      const keep = call.again === "drift" ? ["--no-recreate"] : [];
      const args = ["up", "--detach", "--no-build", "--pull", "never", ...keep];
      if (orphans.length === 0) args.push("--remove-orphans");
      const timeoutMs = healthTimeoutMs + UP_EXTRA_MS;
      const env = { ...input.env, COMPOSE_IGNORE_ORPHANS: orphans.length > 0 ? "true" : "false" };
      const command = { args, input: input.json, env, signal, timeoutMs, onLine: log };
      let result = await this.#compose(project, directory, command);
      for (let left = expected.length; left > 0; left--) {
        const stuck = await unstartableContainer(engine, project, result, signal);
        if (stuck === undefined) break;
        await this.#replace(call, [stuck], expected, "which the engine cannot start after a crash");
        result = await this.#compose(project, directory, command);
      }
      if (result.code !== 0) throw new RunError(await upFailure(engine, call, mask(result.stderr)), { changed: true });
      const lastLines = (container: Container): Promise<string> => lastLinesOf(engine, container, mask, signal);
      const onContainers = (containers: readonly Container[]): void => logs.follow(containers);
      const common = { project, expected, engine, events, clock, restarts, onContainers, lastLines, mask, signal };
      const running = await awaitServices({ ...common, timeoutMs: healthTimeoutMs });
      await removeAside(engine, orphans, call);
      return running;
    } finally {
      await logs.finish();
    }
  }

  /** Runs a command that must succeed. Throws RunError with the explained output. */
  async #checked(
    project: string,
    directory: string,
    command: ComposeCommand,
    mask: Mask,
    what: string,
  ): Promise<ComposeResult> {
    const result = await this.#compose(project, directory, command);
    if (result.code === 0) return result;
    throw new RunError(failureText(what, mask(result.stderr)));
  }

  /** Throws EngineUnreachableError if the engine does not respond, and RecurringError if only the CLI says so: the engine may be stopping. */
  async #compose(project: string, directory: string, command: ComposeCommand): Promise<ComposeResult> {
    const { cli, engine, socket } = this.#options;
    const args = [...composeArgs(project, directory, command.input), ...command.args];
    const result = await cli.compose({ ...command, args });
    if (result.code === undefined) throw new Error("docker compose was killed");
    if (result.code === 0 || !saysUnreachable(result.stderr)) return result;
    await engine.rootDirectory(command.signal);
    throw new RecurringError(`the Docker CLI says that the engine at ${socket} does not respond: see the log`);
  }

  /** Returns the directory to which relative bind mounts of an app refer. It stays when the app is removed. */
  #directoryOf(app: string): string {
    const directory = join(this.#options.dataDir, "apps", app);
    mkdirSync(directory, { recursive: true, mode: 0o755 });
    return directory;
  }
}
