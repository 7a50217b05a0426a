import { mkdirSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { Logger } from "../../../base/logger.js";
import { BackupError } from "../backup/backup-error.js";
import { readJson, writeJson } from "../private-file.js";
import type { LogLine } from "../runner.js";
import { type Container, type DockerEngine, nameOf, serviceOf } from "./engine.js";
import { EngineError } from "./engine-connection.js";

/** Label of Compose with the services that a service depends on, like `db:service_healthy:false`. */
const LABEL_DEPENDS_ON = "com.docker.compose.depends_on";
/** Time to start the containers of an app again, also while the agent stops. */
const START_MS = 120_000;
/** Copies of the data of a stopped app in one job. */
const MAX_COPIES = 3;

interface StoppedContainer {
  readonly id: string;
  readonly name: string;
  readonly service: string;
  readonly dependsOn: readonly string[];
}

/** What was stopped, and is to be started again whatever happens. */
export interface StoppedApp {
  readonly app: string;
  readonly project: string;
  readonly containers: readonly StoppedContainer[];
}

/**
 * Stops apps for a moment. What is stopped is on disk before the first container stops, so that it is started again after a crash of
 * the agent, of the engine, or of both.
 */
export class StoppedApps {
  readonly #folder: string;
  readonly #engine: DockerEngine;
  readonly #logger: Logger;

  constructor(dataDir: string, engine: DockerEngine, logger: Logger) {
    this.#folder = join(dataDir, "stopped");
    this.#engine = engine;
    this.#logger = logger;
    mkdirSync(this.#folder, { recursive: true, mode: 0o700 });
  }

  /** Returns the projects that are to be started again. */
  all(): StoppedApp[] {
    const names = readdirSync(this.#folder).filter((name) => name.endsWith(".json"));
    return names.flatMap((name) => readJson<StoppedApp>(join(this.#folder, name)) ?? []);
  }

  /** Stops the running containers of a project, those that depend on others first. */
  async stop(app: string, project: string, containers: readonly Container[], log: LogLine, signal: AbortSignal) {
    const running = containers.filter(({ State }) => State.Status === "running" || State.Status === "restarting");
    const known = readJson<StoppedApp>(this.#pathOf(project))?.containers ?? [];
    const found = running.map((container) => ({
      id: container.Id,
      name: nameOf(container),
      service: serviceOf(container),
      dependsOn: dependenciesOf(container),
    }));
    const all = [...known.filter(({ id }) => found.every((one) => one.id !== id)), ...found];
    writeJson(this.#pathOf(project), { app, project, containers: all } satisfies StoppedApp);
    for (const { id, name } of inStartOrder(found).reverse()) {
      log(`[docker] stopping ${name}`);
      await this.#engine.stopContainer(id, signal);
    }
  }

  /**
   * Starts what was stopped. Does nothing if there is nothing. Throws BackupError if the engine refuses to start a container; the watch of the
   * project then deploys the app again. Throws EngineUnreachableError if the engine does not respond: call again.
   */
  async start(project: string, log: LogLine): Promise<void> {
    const stopped = readJson<StoppedApp>(this.#pathOf(project));
    if (stopped === undefined) return;
    const refused: string[] = [];
    for (const { id, name } of inStartOrder(stopped.containers)) {
      try {
        if (await this.#engine.startContainer(id, AbortSignal.timeout(START_MS))) log(`[docker] started ${name} again`);
      } catch (error) {
        if (!(error instanceof EngineError)) throw error;
        refused.push(`${name}: ${error.message}`);
      }
    }
    rmSync(this.#pathOf(project), { force: true });
    if (refused.length === 0) return;
    this.#logger.error("containers cannot be started again", { app: stopped.app, errors: refused });
    throw new BackupError(`containers that were stopped cannot be started again: ${refused.join("; ")}`);
  }

  #pathOf(project: string): string {
    return join(this.#folder, `${project}.json`);
  }
}

/**
 * Copies the data of a stopped app, again while something else starts its containers meanwhile, which `copy` tells by undefined. Throws
 * BackupError when that goes on: each copy makes the app unavailable.
 */
export async function untilUndisturbed<T>(copy: () => Promise<T | undefined>, log: LogLine): Promise<T> {
  for (let copies = 1; copies <= MAX_COPIES; copies++) {
    const stored = await copy();
    if (stored !== undefined) return stored;
    log("[docker] containers were started by something else while their data was copied; this copy stays incomplete");
  }
  throw new BackupError(
    `containers were started by something else during each of ${MAX_COPIES} copies of their data: stop what starts them during backups, or use preHooks instead of stop`,
  );
}

function dependenciesOf({ Config }: Container): string[] {
  const text = Config.Labels?.[LABEL_DEPENDS_ON] ?? "";
  return text.split(",").flatMap((item) => item.split(":")[0] || []);
}

/** Sorts containers so that each comes after those that it depends on. */
export function inStartOrder<T extends { readonly service: string; readonly dependsOn: readonly string[] }>(
  containers: readonly T[],
): T[] {
  const sorted: T[] = [];
  const visited = new Set<T>();
  const visit = (one: T): void => {
    if (visited.has(one)) return;
    visited.add(one);
    for (const other of containers) if (one.dependsOn.includes(other.service)) visit(other);
    sorted.push(one);
  };
  for (const one of containers) visit(one);
  return sorted;
}
