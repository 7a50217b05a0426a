import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Agent, request } from "undici";
import type { TokenRole } from "../../src/api/core/token.js";
import { type ProcessGuard, startProcessGuard } from "../../tools/process-guard.js";
import { type LoggedProcess, spawnLogged } from "../../tools/processes.js";
import { repositoryRoot } from "../../tools/repository-root.js";
import { makeTemporaryFolder, type TemporaryFolder } from "../../tools/temporary-folder.js";
import { FatalWaitError, waitUntil } from "../../tools/wait-until.js";
import { ownPort } from "./own-port.js";

const START_TIMEOUT_MS = 30_000;

/** A program of ours in a process of its own, with a folder that goes when the test run ends. */
class OwnProcess {
  readonly folder: TemporaryFolder;
  readonly #name: string;
  readonly #script: string;
  /** Ends the process when the test run dies. */
  readonly #guard: ProcessGuard = startProcessGuard(undefined);
  #process: LoggedProcess | undefined;
  #starts = 0;

  constructor(name: string, script: string, folder: TemporaryFolder) {
    this.#name = name;
    this.#script = script;
    this.folder = folder;
  }

  get running(): boolean {
    return this.#process !== undefined && this.#process.ended() === undefined;
  }

  get pid(): number {
    return this.#process?.identity.pid ?? 0;
  }

  async spawn(args: readonly string[], env?: NodeJS.ProcessEnv): Promise<void> {
    const logFile = join(this.folder.path, `${this.#name}-${++this.#starts}.log`);
    const command = [this.#script, ...args];
    this.#process = await spawnLogged(this.#name, process.execPath, command, {
      logFile,
      guard: this.#guard,
      ...(env === undefined ? {} : { env }),
    });
  }

  /** Waits for a line of the present run's log with this message. */
  async line(message: string): Promise<Record<string, unknown>> {
    return waitUntil({ what: `${this.#name} says "${message}"`, timeoutMs: START_TIMEOUT_MS }, async () => {
      const lines = (await readFile(this.#process?.logFile ?? "", "utf8")).split("\n");
      const found = lines.find((line) => line.includes(`"msg":"${message}"`));
      if (found !== undefined) return JSON.parse(found) as Record<string, unknown>;
      if (!this.running) throw new FatalWaitError(`${this.#name} ended: ${this.#process?.tail()}`);
      return undefined;
    });
  }

  /** Everything that it has logged in all its runs. */
  async log(): Promise<string> {
    const numbers = Array.from({ length: this.#starts }, (_, index) => index + 1);
    const path = (number: number) => join(this.folder.path, `${this.#name}-${number}.log`);
    return (await Promise.all(numbers.map((number) => readFile(path(number), "utf8").catch(() => "")))).join("");
  }

  async end(graceMs: number): Promise<void> {
    await this.#process?.stop(graceMs);
    this.#process = undefined;
  }

  async remove(): Promise<void> {
    await this.end(0);
    this.#guard.release();
    await this.folder.remove();
  }
}

/** How to run a Core. */
export interface CoreProcessOptions {
  readonly flags?: readonly string[];
  /** Program to run instead of the compiled one. */
  readonly script?: string;
  /** Authority of its certificate, PEM, if it speaks TLS and tokens are needed. */
  readonly ca?: string;
}

/** An embedded Overseer Core, as users run it. */
export class CoreProcess {
  readonly #own: OwnProcess;
  readonly #options: CoreProcessOptions;
  /** Data folders of agents by node. */
  readonly #agents = new Map<string, string>();
  #port = 0;
  #url = "";
  #adminToken = "";

  private constructor(own: OwnProcess, options: CoreProcessOptions) {
    this.#own = own;
    this.#options = options;
  }

  /** Starts a Core with empty data, on a free port of 127.0.0.1. */
  static async start(options: CoreProcessOptions = {}): Promise<CoreProcess> {
    const script = options.script ?? join(repositoryRoot(), "build/src/overseer-core/main.js");
    const own = new OwnProcess("core", script, await makeTemporaryFolder("overseer-core-"));
    const core = new CoreProcess(own, options);
    await core.start();
    return core;
  }

  /** Base address, the same after a restart. */
  get url(): string {
    return this.#url;
  }

  /** The token of role admin that the Core made at its first start. */
  get adminToken(): string {
    return this.#adminToken;
  }

  get dataDir(): string {
    return join(this.#own.folder.path, "data");
  }

  get running(): boolean {
    return this.#own.running;
  }

  get pid(): number {
    return this.#own.pid;
  }

  /** Starts it again with the same data, on the same port. */
  async start(): Promise<void> {
    this.#port ||= await ownPort();
    await this.#own.spawn(["--data", this.dataDir, "--port", String(this.#port), ...(this.#options.flags ?? [])]);
    this.#url = String((await this.#own.line("listening")).address);
    this.#adminToken = (await readFile(join(this.dataDir, "admin-token"), "utf8")).trim();
  }

  log(): Promise<string> {
    return this.#own.log();
  }

  /** Ends it in an orderly manner; its data stays. */
  stop(): Promise<void> {
    return this.#own.end(15_000);
  }

  /** Ends it by SIGKILL; its data stays. */
  kill(): Promise<void> {
    return this.#own.end(0);
  }

  /** Ends it by a signal, and starts it again with the same data. */
  async restart(signal: "SIGTERM" | "SIGKILL" = "SIGTERM"): Promise<void> {
    await (signal === "SIGKILL" ? this.kill() : this.stop());
    await this.start();
  }

  /** Ends it and removes its data. */
  remove(): Promise<void> {
    return this.#own.remove();
  }

  /** Tells where the agent of a node keeps its data. */
  knowAgent(node: string, dataDir: string): void {
    this.#agents.set(node, dataDir);
  }

  /** Named volumes of an app on a node, each with the id that it was created with. */
  async volumes(node: string, app: string): Promise<Readonly<Record<string, string>>> {
    const path = join(this.#agents.get(node) ?? "", "simulated", `${app}.json`);
    const { volumes = {} } = JSON.parse(await readFile(path, "utf8").catch(() => "{}")) as {
      volumes?: Record<string, { created: string }>;
    };
    return Object.fromEntries(Object.entries(volumes).map(([name, { created }]) => [name, created]));
  }

  /** Makes a token, and gives its value. */
  async token(name: string, role: TokenRole, node?: string): Promise<string> {
    const { ca } = this.#options;
    const dispatcher = new Agent(ca === undefined ? {} : { connect: { ca } });
    const response = await request(`${this.#url}/api/tokens`, {
      method: "POST",
      dispatcher,
      headers: { authorization: `Bearer ${this.#adminToken}`, "content-type": "application/json" },
      body: JSON.stringify({ name, role, ...(node === undefined ? {} : { node }) }),
    });
    const { value, detail } = (await response.body.json()) as { value?: string; detail?: string };
    await dispatcher.close();
    if (value === undefined) throw new Error(`no token ${name}: ${detail}`);
    return value;
  }
}

/** The agent of a node, as users run it. */
/** How to run an agent. */
export interface AgentOptions {
  /** How it reaches the Core, if not directly. */
  readonly url?: string;
  /** Flags; its runner is simulated unless they say otherwise. */
  readonly flags?: readonly string[];
  /** Its environment, if not that of this process. */
  readonly env?: NodeJS.ProcessEnv;
  /** Whether to wait until it is registered. Defaults to true. */
  readonly registered?: boolean;
}

export class AgentProcess {
  readonly node: string;
  readonly #own: OwnProcess;
  readonly #url: string;
  readonly #flags: readonly string[];
  readonly #env: NodeJS.ProcessEnv | undefined;

  private constructor(
    node: string,
    own: OwnProcess,
    { url, flags, env }: Required<Pick<AgentOptions, "url" | "flags">> & AgentOptions,
  ) {
    this.#env = env;
    this.node = node;
    this.#own = own;
    this.#url = url;
    this.#flags = flags;
  }

  /** Starts an agent with a token of its own. `url`: how it reaches the Core, if not directly. */
  static async start(
    core: CoreProcess,
    node: string,
    { url = core.url, flags = [], registered = true, ...rest }: AgentOptions = {},
  ): Promise<AgentProcess> {
    const script = join(repositoryRoot(), "build/src/overseer-core/agent/main.js");
    const own = new OwnProcess("agent", script, await makeTemporaryFolder("overseer-agent-"));
    const agent = new AgentProcess(node, own, { url, flags, ...rest });
    await writeFile(join(own.folder.path, "token"), await core.token(`agent-${node}`, "agent", node), { mode: 0o600 });
    core.knowAgent(node, agent.dataDir);
    await agent.start();
    if (registered) await own.line("registered");
    return agent;
  }

  get dataDir(): string {
    return join(this.#own.folder.path, "data");
  }

  get running(): boolean {
    return this.#own.running;
  }

  get pid(): number {
    return this.#own.pid;
  }

  /** Starts it again with the same data; does not wait for the Core. */
  async start(): Promise<void> {
    const token = join(this.#own.folder.path, "token");
    const flags = ["--core", this.#url, "--token-file", token, "--node", this.node, "--data", this.dataDir];
    const runner = this.#flags.includes("--runner") ? [] : ["--runner", "simulated"];
    await this.#own.spawn([...flags, ...runner, ...this.#flags], this.#env);
    await this.#own.line("started");
  }

  log(): Promise<string> {
    return this.#own.log();
  }

  /** Ends it in an orderly manner; its data stays. */
  stop(): Promise<void> {
    return this.#own.end(15_000);
  }

  /** Ends it by SIGKILL; its data stays. */
  kill(): Promise<void> {
    return this.#own.end(0);
  }

  /** Ends it by a signal, and starts it again with the same data. */
  async restart(signal: "SIGTERM" | "SIGKILL" = "SIGTERM"): Promise<void> {
    await (signal === "SIGKILL" ? this.kill() : this.stop());
    await this.start();
  }

  /** Ends it and removes its data. */
  remove(): Promise<void> {
    return this.#own.remove();
  }
}

/** Starts an embedded Overseer Core. */
export function startCore(options: CoreProcessOptions = {}): Promise<CoreProcess> {
  return CoreProcess.start(options);
}

/** Starts an agent for a node of a Core, and waits until it is registered. */
export function startAgent(core: CoreProcess, node = "node-1", options: AgentOptions = {}): Promise<AgentProcess> {
  return AgentProcess.start(core, node, options);
}
