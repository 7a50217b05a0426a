import type { Clock } from "../../../base/clock.js";
import { ChildError } from "../../../child/child-error.js";
import { type Confinement, findProgram } from "../../../child/confinement.js";
import { runChild } from "../../../child/run-child.js";
import { RunError } from "../runner.js";

/** Oldest supported version of the Compose plugin: its `config` and `up` have the options that the runner uses. */
export const MIN_COMPOSE = [2, 20] as const;

/** Private memory of a child in bytes. */
const MEMORY_BYTES = 2 * 1024 ** 3;
/** Maximum output of a command in bytes. */
const MAX_OUTPUT = 16 * 1024 * 1024;

/** Options of the Docker CLI. */
export interface DockerCliOptions {
  /** Directories to search for `docker`. */
  readonly path: string;
  /** Variables for the CLI: HOME, DOCKER_CONFIG, DOCKER_HOST. */
  readonly env: Readonly<Record<string, string>>;
  readonly clock: Clock;
  readonly confinement: Confinement;
}

/** One Compose command. */
export interface ComposeCommand {
  readonly args: readonly string[];
  /** Standard input. */
  readonly input?: string;
  /** Variables in addition to those of the CLI. */
  readonly env?: Readonly<Record<string, string>>;
  /** Called with each line of standard error. */
  readonly onLine?: (line: string) => void;
  /** Called with each line of standard output instead of collecting it. */
  readonly onOutputLine?: (line: string) => void;
  readonly signal: AbortSignal;
  readonly timeoutMs: number;
}

/** Result of a Compose command. */
export interface ComposeResult {
  readonly code: number | undefined;
  readonly stdout: string;
  /** Last part of standard error. */
  readonly stderr: string;
}

/** Runs `docker compose` as child processes with an environment of their own. */
export class DockerCli {
  readonly #options: DockerCliOptions;

  constructor(options: DockerCliOptions) {
    this.#options = options;
  }

  /** Returns the version of the Compose plugin. Throws RunError with the remedy if CLI or plugin are missing or too old. */
  async version(signal: AbortSignal): Promise<string> {
    const { code, stdout } = await this.compose({ args: ["version", "--short"], signal, timeoutMs: 30_000 });
    const text = stdout.trim().replace(/^v/, "");
    const [, major, minor] = /^([0-9]+)\.([0-9]+)/.exec(text) ?? [];
    if (code !== 0 || major === undefined) {
      throw new RunError(
        "the Compose plugin of Docker is missing: install docker-compose-plugin (docker compose version)",
      );
    }
    const [minMajor, minMinor] = MIN_COMPOSE;
    if (Number(major) < minMajor || (Number(major) === minMajor && Number(minor) < minMinor)) {
      throw new RunError(`Docker Compose ${text} is too old: install ${MIN_COMPOSE.join(".")} or later`);
    }
    return text;
  }

  /** Runs one command. Throws RunError if the CLI is missing or the command takes too long; the reason of the signal. */
  async compose({
    args,
    input,
    env = {},
    onLine,
    onOutputLine,
    signal,
    timeoutMs,
  }: ComposeCommand): Promise<ComposeResult> {
    const { path, clock, confinement } = this.#options;
    const program = await findProgram("docker", path.split(":"));
    if (program === undefined) {
      throw new RunError(
        "the Docker CLI is missing: install docker and its Compose plugin, or start the agent with --runner simulated",
      );
    }
    const chunks: Buffer[] = [];
    let size = 0;
    const [errors, output] = [lineReader(onLine), lineReader(onOutputLine)];
    try {
      const outcome = await runChild({
        program,
        args: ["compose", ...args],
        env: { ...this.#options.env, PATH: path, ...env },
        ...(input === undefined ? {} : { input }),
        confinement,
        memoryBytes: MEMORY_BYTES,
        timeout: { clock, ms: timeoutMs },
        signal,
        onOutput: (chunk) => {
          if (onOutputLine !== undefined) return output.add(chunk);
          size += chunk.length;
          if (size > MAX_OUTPUT) throw new ChildError("output", `printed more than ${MAX_OUTPUT} bytes`);
          chunks.push(chunk);
        },
        onError: (chunk) => errors.add(chunk),
      });
      errors.end();
      output.end();
      return { code: outcome.code, stdout: Buffer.concat(chunks).toString("utf8"), stderr: outcome.stderr };
    } catch (error) {
      if (!(error instanceof ChildError)) throw error;
      const what = args.find((arg) => /^[a-z]+$/.test(arg)) ?? "";
      throw new RunError(`docker compose ${what}: ${error.message}`);
    }
  }
}

/** Splits chunks into lines. */
function lineReader(onLine: ((line: string) => void) | undefined): { add(chunk: Buffer): void; end(): void } {
  let rest = "";
  const decoder = new TextDecoder();
  return {
    add(chunk) {
      const lines = (rest + decoder.decode(chunk, { stream: true })).split(/\r?\n/);
      rest = (lines.pop() ?? "").slice(-MAX_OUTPUT);
      for (const line of lines) if (line.trim() !== "") onLine?.(line);
    },
    end() {
      if (rest.trim() !== "") onLine?.(rest);
    },
  };
}
