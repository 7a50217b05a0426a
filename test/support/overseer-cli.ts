import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";
import { repositoryRoot } from "../../tools/repository-root.js";
import { waitUntil } from "../../tools/wait-until.js";
import { expectNoCanary } from "./contracts.js";
import type { World } from "./world.js";

/** The program as users run it. */
export const OVERSEER = join(repositoryRoot(), "dist/overseer.js");

/** What a command printed, and how it ended. */
export interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** How a command is run. */
export interface RunOptions {
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
  readonly input?: string;
  /** Program file. Defaults to the bundle. */
  readonly program?: string;
}

/** Runs the command line without a cluster. */
export function runOverseer(args: readonly string[], options: RunOptions = {}): Promise<Outcome> {
  return new RunningCommand(args, options).ended();
}

/** A command that runs. */
export class RunningCommand {
  readonly #child: ChildProcess;
  readonly #end: Promise<number>;
  #stdout = "";
  #stderr = "";

  constructor(args: readonly string[], options: RunOptions = {}) {
    const { cwd, env = {}, input, program = OVERSEER } = options;
    this.#child = spawn(process.execPath, [program, ...args], {
      env: { PATH: process.env.PATH, HOME: "/nonexistent", ...env },
      stdio: ["pipe", "pipe", "pipe"],
      ...(cwd === undefined ? {} : { cwd }),
    });
    this.#child.stdin?.on("error", () => {}).end(input ?? "");
    this.#child.stdout?.on("data", (chunk: Buffer) => {
      this.#stdout += chunk.toString("utf8");
    });
    this.#child.stderr?.on("data", (chunk: Buffer) => {
      this.#stderr += chunk.toString("utf8");
    });
    this.#end = new Promise((done) => this.#child.once("close", (code, signal) => done(code ?? (signal ? 128 : -1))));
  }

  get stderr(): string {
    return this.#stderr;
  }

  get stdout(): string {
    return this.#stdout;
  }

  /** Waits until it has printed a text to stdout. */
  prints(text: string): Promise<unknown> {
    return this.#until(text, () => this.#stdout);
  }

  /** Waits until it has printed a text to stderr. */
  says(text: string): Promise<unknown> {
    return this.#until(text, () => this.#stderr);
  }

  #until(text: string, printed: () => string): Promise<unknown> {
    return waitUntil({ what: `printing ${text}`, timeoutMs: 60_000 }, () => {
      if (!printed().includes(text)) throw new Error(`${this.#stdout}\n${this.#stderr}`);
      return true;
    });
  }

  interrupt(): void {
    this.#child.kill("SIGINT");
  }

  async ended(): Promise<Outcome> {
    const code = await this.#end;
    return { code, stdout: this.#stdout, stderr: this.#stderr };
  }
}

/** Somebody with the command line in a world. Everything that is printed is kept, to look for secrets in it. */
export class OverseerUser {
  readonly #world: World;
  readonly #name: string | undefined;
  readonly #groups: readonly string[];
  readonly #printed: string[] = [];

  /** Without a name, the administrator. */
  constructor(world: World, name?: string, groups: readonly string[] = []) {
    this.#world = world;
    this.#name = name;
    this.#groups = groups;
  }

  /** Arguments and environment of a command. */
  command(args: readonly string[], options: RunOptions = {}): readonly [readonly string[], RunOptions] {
    const as =
      this.#name === undefined ? [] : ["--as", this.#name, ...this.#groups.flatMap((group) => ["--as-group", group])];
    const env = { KUBECONFIG: this.#world.controlPlane.kubeconfigPath, OVERSEER_NAMESPACE: this.#world.namespace };
    return [[...as, ...args], { ...options, env: { ...env, ...options.env } }];
  }

  async run(args: readonly string[], options: RunOptions = {}): Promise<Outcome> {
    const outcome = await runOverseer(...this.command(args, options));
    this.#printed.push(outcome.stdout, outcome.stderr);
    return outcome;
  }

  /** Runs a command that must succeed, and gives what it printed to stdout. */
  async prints(args: readonly string[], options: RunOptions = {}): Promise<string> {
    const { code, stdout, stderr } = await this.run(args, options);
    if (code !== 0) throw new Error(`overseer ${args.join(" ")} ended with ${code}:\n${stdout}${stderr}`);
    return stdout;
  }

  /** Everything that was printed. */
  get printed(): string {
    return this.#printed.join("\n");
  }

  /** Fails if a secret value was printed. */
  expectNoCanary(canaries: readonly string[]): void {
    expectNoCanary(canaries, { "the output of a command": this.printed });
  }
}
