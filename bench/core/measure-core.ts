import { join } from "node:path";
import type { OperatorProcess } from "../../test/support/operator-process.js";
import type { Environment } from "../environment.js";
import { type CoreColdRun, measureCoreCold } from "./core-cold.js";
import { measureCoreCommits } from "./core-commit.js";
import { measureCoreDrift } from "./core-drift.js";
import type { CoreMeasurements } from "./core-figures.js";
import { measureCoreIdle } from "./core-idle.js";
import { type CoreLimitRun, measureAgent, measureCoreLimit } from "./core-limit.js";
import { CoreProcesses } from "./core-processes.js";
import { CoreStage } from "./core-stage.js";

/** How the bench says what it has come to. */
export type Progress = (text: string) => void;

/**
 * Measures apps on a Core, each time with a Core, an agent and an operator that are new: the bare client and the operator by
 * turns, A B B A, then all that is measured of the last operator while its apps run. `profile`: folder for CPU profiles.
 */
export async function measureCore(
  environment: Environment,
  progress: Progress,
  profile: string | undefined,
): Promise<CoreMeasurements> {
  const stage = await CoreStage.create(environment);
  const bench = new CoreBenchRun(stage, progress, profile);
  try {
    const coreAgent = await bench.bare("agent", (core) => measureAgent(core, environment.scale.coreApps));
    for (let round = 0; round < environment.scale.rounds; round++) {
      const steps = [() => bench.limit(), () => bench.cold()];
      for (const step of round % 2 === 0 ? steps : steps.reverse()) await step();
    }
    return { coreAgent, ...(await bench.steady()) };
  } finally {
    await bench.end();
    await stage.close();
  }
}

class CoreBenchRun {
  readonly #stage: CoreStage;
  readonly #progress: Progress;
  readonly #profile: string | undefined;
  readonly #limits: CoreLimitRun[] = [];
  readonly #colds: CoreColdRun[] = [];
  #core: CoreProcesses | undefined;
  #operator: OperatorProcess | undefined;

  constructor(stage: CoreStage, progress: Progress, profile: string | undefined) {
    this.#stage = stage;
    this.#progress = progress;
    this.#profile = profile;
  }

  /** Something that needs a Core alone. */
  async bare<T>(name: string, work: (core: CoreProcesses) => Promise<T>): Promise<T> {
    const core = await CoreProcesses.start(undefined);
    try {
      return this.#tell(name, await work(core));
    } finally {
      await core.remove();
    }
  }

  async limit(): Promise<void> {
    const { coreApps } = this.#stage.environment.scale;
    this.#limits.push(await this.bare("bare client at the Core", (core) => measureCoreLimit(core, coreApps)));
  }

  async cold(): Promise<void> {
    await this.#endOperator();
    const { environment } = this.#stage;
    const name = `core-${this.#colds.length + 1}`;
    const core = await CoreProcesses.start(this.#profile === undefined ? undefined : join(this.#profile, name));
    this.#core = core;
    await this.#stage.giveToken(core);
    const operator = await environment.startOperator(name);
    this.#operator = operator;
    this.#colds.push(this.#tell("cold sync of the Core", await measureCoreCold(this.#stage, core, operator)));
  }

  /** What is measured of an operator that has brought everything to the Core. */
  async steady(): Promise<Omit<CoreMeasurements, "coreAgent">> {
    const [core, operator] = [this.#core, this.#operator];
    if (core === undefined || operator === undefined) throw new Error("there was no cold sync of the Core");
    const { coreApps: apps, coreDrifts: drifts, idleSeconds } = this.#stage.environment.scale;
    const coreIdle = this.#tell("idle at the Core", await measureCoreIdle(core, operator, idleSeconds));
    const coreCommit = this.#tell("commit for the Core", await measureCoreCommits(this.#stage, core, operator));
    const coreDrift = this.#tell("drift in the Core", await measureCoreDrift(core, operator, { apps, drifts }));
    return { coreLimits: this.#limits, coreColds: this.#colds, coreIdle, coreCommit, coreDrift };
  }

  async end(): Promise<void> {
    await this.#endOperator();
  }

  async #endOperator(): Promise<void> {
    const [core, operator] = [this.#core, this.#operator];
    this.#core = undefined;
    this.#operator = undefined;
    if (operator !== undefined) {
      await this.#stage.environment.stopOperator(operator);
      await this.#stage.clear();
    }
    await core?.remove();
  }

  #tell<T>(name: string, result: T): T {
    this.#progress(`${name} ${JSON.stringify(result)}`);
    return result;
  }
}
