import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { startProcessGuard } from "../../tools/process-guard.js";
import { type LoggedProcess, spawnLogged } from "../../tools/processes.js";
import { repositoryRoot } from "../../tools/repository-root.js";
import { makeTemporaryFolder, type TemporaryFolder } from "../../tools/temporary-folder.js";
import { FatalWaitError, waitUntil } from "../../tools/wait-until.js";
import { CoreApi } from "./core-client.js";
import { NODE } from "./core-workload.js";

const START_TIMEOUT_MS = 30_000;

/** A Core with empty data and the agent of one node, as users run them: the bundles, each in a process of its own. */
export class CoreProcesses {
  readonly url: string;
  readonly token: string;
  readonly api: CoreApi;
  readonly #folder: TemporaryFolder;
  readonly #guard = startProcessGuard(undefined);
  readonly #core: LoggedProcess;
  readonly #profile: string | undefined;
  #agent: LoggedProcess | undefined;

  private constructor(parts: {
    folder: TemporaryFolder;
    core: LoggedProcess;
    url: string;
    token: string;
    profile: string | undefined;
  }) {
    this.#folder = parts.folder;
    this.#core = parts.core;
    this.url = parts.url;
    this.token = parts.token;
    this.#profile = parts.profile;
    this.api = new CoreApi(parts.url, parts.token);
    this.#guard.add(parts.core.identity);
  }

  /** Starts both. `profile`: folder for their CPU profiles. */
  static async start(profile: string | undefined): Promise<CoreProcesses> {
    const folder = await makeTemporaryFolder("overseer-bench-core-");
    const data = join(folder.path, "core");
    const logFile = join(folder.path, "core.log");
    const command = [...profiling(profile, "core"), script("overseer-core"), "--data", data, "--port", "0"];
    const core = await spawnLogged("the Core", process.execPath, command, { logFile });
    const url = await waitUntil({ what: "the Core listens", timeoutMs: START_TIMEOUT_MS }, () => {
      if (core.ended() !== undefined) throw new FatalWaitError(`the Core ended: ${core.tail()}`);
      const line = core
        .tail(50)
        .split("\n")
        .find((text) => text.includes('"msg":"listening"'));
      return line === undefined ? undefined : (JSON.parse(line) as { address: string }).address;
    });
    const token = (await readFile(join(data, "admin-token"), "utf8")).trim();
    const both = new CoreProcesses({ folder, core, url, token, profile });
    const body = { name: `agent-${NODE}`, role: "agent", node: NODE };
    const { value } = await both.api.call<{ value: string }>("POST", "/api/tokens", body);
    await writeFile(join(folder.path, "agent-token"), value, { mode: 0o600 });
    await both.startAgent();
    return both;
  }

  get corePid(): number {
    return this.#core.identity.pid;
  }

  get agentPid(): number {
    return this.#agent?.identity.pid ?? 0;
  }

  /** Id of the node. */
  async nodeId(): Promise<string> {
    return waitUntil({ what: `${NODE} is registered`, timeoutMs: START_TIMEOUT_MS }, async () => {
      return (await this.api.nodes()).find(({ name }) => name === NODE)?.id;
    });
  }

  /** Starts the agent, and waits until its node is known. */
  async startAgent(): Promise<void> {
    const path = (name: string): string => join(this.#folder.path, name);
    const flags = {
      core: this.url,
      node: NODE,
      "token-file": path("agent-token"),
      data: path("agent"),
      runner: "simulated",
    };
    const args = Object.entries(flags).flatMap(([name, text]) => [`--${name}`, text]);
    const command = [...profiling(this.#profile, "agent"), script("overseer-agent"), ...args];
    const options = { logFile: path("agent.log"), guard: this.#guard };
    this.#agent = await spawnLogged("the agent", process.execPath, command, options);
    await this.nodeId();
  }

  /** Ends the agent; its data stays. */
  async stopAgent(): Promise<void> {
    await this.#agent?.stop(15_000);
    this.#agent = undefined;
  }

  /** Ends both and removes their data. */
  async remove(): Promise<void> {
    await this.stopAgent();
    await this.api.close();
    await this.#core.stop(15_000);
    this.#guard.release();
    await this.#folder.remove();
  }
}

function script(name: string): string {
  return join(repositoryRoot(), "dist", `${name}.js`);
}

function profiling(folder: string | undefined, name: string): string[] {
  return folder === undefined ? [] : ["--cpu-prof", `--cpu-prof-dir=${join(folder, name)}`];
}
