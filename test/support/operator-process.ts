import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { operatorCommand } from "../../tools/operator-command.js";
import { startProcessGuard } from "../../tools/process-guard.js";
import { type LoggedProcess, spawnLogged } from "../../tools/processes.js";
import { FatalWaitError, waitUntil } from "../../tools/wait-until.js";

/** How an operator is run. */
export interface OperatorOptions {
  readonly kubeconfigPath: string;
  readonly trustedNamespaces?: readonly string[];
  readonly failpoint?: string | undefined;
  readonly flags?: readonly string[];
  readonly nodeFlags?: readonly string[];
  /** Something holds up its start: nobody waits until it is ready. */
  readonly heldUp?: boolean;
  /** Kept by the caller, so that the next process finds it. Unless told, a temporary one that goes with `remove`. */
  readonly cacheDir?: string;
}

/** The operator as users run it: the bundle, in a process of its own. */
export class OperatorProcess {
  readonly dir: string;
  readonly #options: OperatorOptions;
  #process: LoggedProcess | undefined;
  /** Ends the operator when the test run dies. */
  readonly #guard = startProcessGuard(undefined);
  #starts = 0;

  private constructor(dir: string, options: OperatorOptions) {
    this.dir = dir;
    this.#options = options;
  }

  /** Starts an operator and waits until it is ready, unless a failpoint is to end it or it is held up. */
  static async start(options: OperatorOptions): Promise<OperatorProcess> {
    const dir = options.cacheDir ?? (await mkdtemp(join(tmpdir(), "overseer-operator-")));
    const operator = new OperatorProcess(dir, options);
    await operator.start();
    return operator;
  }

  get pid(): number {
    return this.#process?.identity.pid ?? 0;
  }

  get logFile(): string {
    return join(this.dir, `operator-${this.#starts}.log`);
  }

  /** Starts the process (again), with the same cache. */
  async start(overrides: Partial<OperatorOptions> = {}): Promise<void> {
    const options = { ...this.#options, ...overrides };
    this.#starts++;
    const trusted = options.trustedNamespaces ?? [];
    const [command, args] = operatorCommand(
      [
        "--kubeconfig",
        options.kubeconfigPath,
        "--metrics-address",
        "127.0.0.1:0",
        "--cache-dir",
        join(this.dir, "cache"),
        "--trusted-namespaces",
        trusted.join(","),
        ...(options.failpoint ? ["--failpoint", options.failpoint] : []),
        ...(options.flags ?? []),
      ],
      options.nodeFlags,
    );
    this.#process = await spawnLogged("operator", command, args, { logFile: this.logFile, guard: this.#guard });
    if (!options.failpoint && !options.heldUp) await this.ready();
  }

  /** Waits until the operator says that it is ready. */
  async ready(): Promise<void> {
    await waitUntil({ what: "the operator is ready", timeoutMs: 60_000 }, async () => {
      if (!this.running) throw new FatalWaitError(`the operator ended:\n${(await this.log()).slice(-3000)}`);
      return (await fetch(`${await this.address()}/readyz`)).status === 200;
    });
  }

  /** Whether the process is there. */
  get running(): boolean {
    return this.#process !== undefined && this.#process.ended() === undefined;
  }

  /** How the process ended, for example `exit code 1` or `signal SIGKILL`; undefined while it runs. */
  get end(): string | undefined {
    return this.#process?.ended();
  }

  /** Base URL of its probes and metrics. */
  address(): Promise<string> {
    return this.#said("starting", "metricsPort");
  }

  /** Base URL at which it receives webhooks, with the role server. */
  webhooks(): Promise<string> {
    return this.#said("receiving webhooks", "serverPort");
  }

  /** Base URL at which it serves the REST API, with the role api. */
  api(): Promise<string> {
    return this.#said("serving the REST API", "apiPort");
  }

  async #said(message: string, port: string): Promise<string> {
    const line = (await this.log()).split("\n").find((text) => text.includes(`"msg":"${message}"`));
    if (!line) throw new Error("the operator has not said where it listens yet");
    return `http://127.0.0.1:${(JSON.parse(line) as Record<string, number>)[port]}`;
  }

  /** Everything that this run has logged. */
  log(): Promise<string> {
    return readFile(this.logFile, "utf8").catch(() => "");
  }

  /** Waits until the process has ended by itself, for example at a failpoint. */
  async ended(): Promise<void> {
    await waitUntil({ what: "the operator ends", timeoutMs: 60_000 }, () => !this.running);
  }

  /** Ends it in an orderly manner, or by SIGKILL. */
  async stop(signal: "SIGTERM" | "SIGKILL" = "SIGTERM"): Promise<void> {
    await this.#process?.stop(signal === "SIGKILL" ? 0 : 15_000);
    this.#process = undefined;
  }

  /** Ends it and removes its files. */
  async remove(): Promise<void> {
    await this.stop();
    this.#guard.release();
    await rm(this.dir, { recursive: true, force: true });
  }

  /** The value of a metric's series whose text begins like this; 0 if it is not there. */
  async metric(series: string): Promise<number> {
    return metricValue(await this.#metrics(), series);
  }

  /** The same, but counted after this call: the operator keeps its metrics for a second, and its processor time tells when they are new. */
  async freshMetric(series: string): Promise<number> {
    const CPU = "process_cpu_seconds_total";
    const before = metricValue(await this.#metrics(), CPU);
    const text = await waitUntil({ what: "the metrics are new", timeoutMs: 60_000 }, async () => {
      const next = await this.#metrics();
      return metricValue(next, CPU) === before ? undefined : next;
    });
    return metricValue(text, series);
  }

  async #metrics(): Promise<string> {
    return (await fetch(`${await this.address()}/metrics`)).text();
  }
}

/** The value of a series, with its labels as they are written, in the text of the metrics; 0 if there is none. */
export function metricValue(text: string, series: string): number {
  const line = text.split("\n").find((candidate) => candidate.startsWith(`${series} `));
  return line ? Number(line.slice(line.lastIndexOf(" ") + 1)) : 0;
}
