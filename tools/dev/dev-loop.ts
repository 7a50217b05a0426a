import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { watch } from "node:fs";

/** A command line. */
export type CommandLine = readonly [program: string, ...args: string[]];

/** Options of a `DevLoop`. */
export interface DevLoopOptions {
  /** Directory whose changes are followed, with everything below it. */
  readonly folder: string;
  /** Builds once; another exit code than 0 keeps the running program. */
  readonly build: CommandLine;
  /** Runs until it is stopped by SIGTERM. */
  readonly program: CommandLine;
  readonly say: (text: string) => void;
}

/** Time without a change before a build: editors and Git write several files. */
const QUIET_MS = 100;

/** Builds and restarts a program whenever a file of a directory changes. A program that ends by itself is started by the next change. */
export class DevLoop {
  readonly #options: DevLoopOptions;
  #child: ChildProcess | undefined;
  #changes = 0;

  constructor(options: DevLoopOptions) {
    this.#options = options;
  }

  /** Follows the directory until the signal aborts; then the program is stopped. */
  async run(signal: AbortSignal): Promise<void> {
    let wake = (): void => {};
    const watcher = watch(this.#options.folder, { recursive: true }, () => {
      this.#changes++;
      wake();
    });
    signal.addEventListener("abort", () => wake());
    try {
      for (let built = -1; !signal.aborted; ) {
        if (built === this.#changes) {
          await new Promise<void>((resolve) => {
            wake = resolve;
            if (signal.aborted || built !== this.#changes) resolve();
          });
          continue;
        }
        await this.#quiet(signal);
        built = this.#changes;
        if (!signal.aborted) await this.#rebuild();
      }
    } finally {
      watcher.close();
      await this.#stop();
    }
  }

  /** Waits until nothing has changed for a while. */
  async #quiet(signal: AbortSignal): Promise<void> {
    for (let seen = -1; seen !== this.#changes && !signal.aborted; ) {
      seen = this.#changes;
      await new Promise((resolve) => setTimeout(resolve, QUIET_MS));
    }
  }

  async #rebuild(): Promise<void> {
    const { build, program, say } = this.#options;
    const began = performance.now();
    const [code] = await once(spawn(build[0], build.slice(1), { stdio: ["ignore", "inherit", "inherit"] }), "exit");
    if (code !== 0) return say("the build failed: the program that runs is the one of before");
    await this.#stop();
    this.#child = spawn(program[0], program.slice(1), { stdio: ["ignore", "inherit", "inherit"] });
    say(`built and started in ${((performance.now() - began) / 1000).toFixed(1)} s`);
  }

  async #stop(): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    child.kill("SIGTERM");
    await once(child, "exit");
  }
}
