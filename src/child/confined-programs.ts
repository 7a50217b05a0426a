import type { Clock } from "../base/clock.js";
import { Semaphore } from "../base/semaphore.js";
import { ChildError } from "./child-error.js";
import type { Confinement } from "./confinement.js";
import { type ChildOutcome, type ChildRun, runChild } from "./run-child.js";

/** Limits per child, and the number of concurrent children. */
export interface ProgramLimits {
  readonly timeoutMs: number;
  readonly memoryBytes: number;
  readonly maxOutputBytes: number;
  readonly atOnce: number;
}

/** Options of confined programs. */
export interface ConfinedProgramsOptions {
  readonly clock: Clock;
  readonly limits: ProgramLimits;
  /** Found out once, before the first child. */
  readonly confinement: () => Promise<Confinement>;
  /** Whether they have a network. Defaults to false. */
  readonly network?: boolean;
}

/** One run of a program whose complete output is collected. */
export type ProgramRun = Pick<ChildRun, "program" | "args" | "env" | "cwd" | "input" | "signal">;

/** Result of a program, with its complete output. */
export interface ProgramOutcome extends ChildOutcome {
  readonly output: string;
}

/**
 * Runs programs on content that is not trusted: each without a network where the machine allows that (unless it needs one), with limits
 * of time, memory and output, and a bounded number at once. The wait for a turn does not count as time of the program.
 */
export class ConfinedPrograms {
  readonly limits: ProgramLimits;
  /** Whether they may use the network. */
  readonly network: boolean;
  readonly #clock: Clock;
  readonly #slots: Semaphore;
  readonly #find: () => Promise<Confinement>;
  #confinement: Promise<Confinement> | undefined;

  constructor({ clock, limits, confinement, network = false }: ConfinedProgramsOptions) {
    this.limits = limits;
    this.#clock = clock;
    this.#slots = new Semaphore(limits.atOnce);
    this.#find = confinement;
    this.network = network;
  }

  /**
   * Runs a program to its end and collects its output.
   *
   * @throws ChildError when it cannot be started or exceeds a limit; the reason of the signal.
   */
  run(run: ProgramRun): Promise<ProgramOutcome> {
    return this.#slots.run(() => this.#run(run), undefined, run.signal);
  }

  async #run(run: ProgramRun): Promise<ProgramOutcome> {
    this.#confinement ??= this.#find();
    const { memoryBytes, timeoutMs, maxOutputBytes } = this.limits;
    const chunks: Buffer[] = [];
    let size = 0;
    const outcome = await runChild({
      ...run,
      confinement: await this.#confinement,
      memoryBytes,
      // Its threads may use several processors at once.
      cpuSeconds: Math.ceil((4 * timeoutMs) / 1000),
      network: this.network,
      timeout: { clock: this.#clock, ms: timeoutMs },
      onOutput: (chunk) => {
        size += chunk.length;
        if (size > maxOutputBytes) throw new ChildError("output", `printed more than ${maxOutputBytes} bytes`);
        chunks.push(chunk);
      },
    });
    return { ...outcome, output: Buffer.concat(chunks).toString("utf8") };
  }
}
