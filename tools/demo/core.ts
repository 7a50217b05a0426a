import { randomBytes } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { CoreApp } from "../../src/api/core/app.js";
import type { CoreNode } from "../../src/api/core/node.js";
import type { CoreRoute } from "../../src/api/core/route.js";
import { type LoggedProcess, spawnLogged } from "../processes.js";
import { repositoryRoot } from "../repository-root.js";
import { removeCoreApps } from "./core-apps.js";
import { until } from "./look.js";
import { coreSecret } from "./sample.js";
import type { Screen } from "./screen.js";
import type { Cleanup, Stage } from "./stage.js";

/** The node that the sample's apps are for. */
export const NODE = "node-1";
const START_TIMEOUT_MS = 30_000;

/** The Core as an administrator at the terminal sees it. */
export class DemoCore {
  readonly url: string;
  /** File with the administrator's token. */
  readonly tokenFile: string;
  readonly #token: string;

  constructor(url: string, tokenFile: string, token: string) {
    this.url = url;
    this.tokenFile = tokenFile;
    this.#token = token;
  }

  /** A request with the administrator's token. Throws with what the Core says when it refuses. */
  async call<T = unknown>(method: "GET" | "POST" | "PUT", path: string, body?: unknown): Promise<T> {
    const headers = { authorization: `Bearer ${this.#token}`, "content-type": "application/json" };
    const sent = body === undefined ? {} : { body: JSON.stringify(body) };
    const response = await fetch(`${this.url}${path}`, { method, headers, ...sent });
    const answer = (await response.json()) as T & { readonly error?: { readonly message?: string } };
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${answer.error?.message ?? ""}`);
    return answer;
  }

  async apps(): Promise<readonly CoreApp[]> {
    return (await this.call<{ apps: CoreApp[] }>("GET", "/api/apps")).apps;
  }

  async routes(): Promise<readonly CoreRoute[]> {
    return (await this.call<{ routes: CoreRoute[] }>("GET", "/api/routes")).routes;
  }

  async nodes(): Promise<readonly CoreNode[]> {
    return (await this.call<{ nodes: CoreNode[] }>("GET", "/api/nodes")).nodes;
  }

  /** Stores a secret with a value that nobody knows. */
  async storeSecret(name: string): Promise<void> {
    await this.call("POST", "/api/secrets", { name, value: randomBytes(18).toString("base64url") });
  }
}

/** All that the demo runs on, with a Core. */
export interface CoreStage extends Stage {
  readonly core: DemoCore;
}

/**
 * Starts the embedded Core and the agent of a node, gives the operator its token, and makes the sign-in provider that the
 * sample asks for. Whatever was started goes to `later`; the apps are taken out of the Core before it is ended.
 */
export async function startCore(stage: Stage, screen: Screen, later: Cleanup): Promise<CoreStage> {
  const core = await screen.timed(
    () => "the embedded Overseer Core",
    () => startCoreProcess(stage, later),
  );
  await screen.timed(
    () => `the agent of ${NODE}, with a simulated runner`,
    () => startAgent(stage, core, later),
  );
  await core.call("POST", "/api/sign-in-providers", { name: "oidc", type: "simulated" });
  await stage.kube.apply(coreSecret((await readFile(core.tokenFile, "utf8")).trim()));
  later(async () => {
    if (stage.operator.ended() === undefined) await removeCoreApps(stage.kube);
  });
  return { ...stage, core };
}

async function startCoreProcess(stage: Stage, later: Cleanup): Promise<DemoCore> {
  const data = join(stage.work, "core");
  const core = await run(stage, "Core", "overseer-core.js", ["--data", data, "--port", "0"], later);
  const url = await until(stage, "the Core listens", START_TIMEOUT_MS, async () => {
    const line = core
      .tail(50)
      .split("\n")
      .find((text) => text.includes('"msg":"listening"'));
    return line === undefined ? undefined : (JSON.parse(line) as { address: string }).address;
  });
  const tokenFile = join(data, "admin-token");
  return new DemoCore(url, tokenFile, (await readFile(tokenFile, "utf8")).trim());
}

async function startAgent(stage: Stage, core: DemoCore, later: Cleanup): Promise<void> {
  const body = { name: `agent-${NODE}`, role: "agent", node: NODE };
  const { value } = await core.call<{ value: string }>("POST", "/api/tokens", body);
  const token = join(stage.work, "agent-token");
  await writeFile(token, value, { mode: 0o600 });
  const flags = { core: core.url, node: NODE, "token-file": token, data: join(stage.work, "agent") };
  const args = Object.entries(flags).flatMap(([name, text]) => [`--${name}`, text]);
  await run(stage, "agent", "overseer-agent.js", args, later);
  await until(stage, `${NODE} is registered`, START_TIMEOUT_MS, async () =>
    (await core.nodes()).some(({ name, status }) => name === NODE && status === "online"),
  );
}

async function run(
  { work, guard, processes }: Stage,
  name: string,
  script: string,
  args: readonly string[],
  later: Cleanup,
): Promise<LoggedProcess> {
  const command = [join(repositoryRoot(), "dist", script), ...args];
  const logFile = join(work, `${name.toLowerCase()}.log`);
  const process_ = await spawnLogged(`the ${name}`, process.execPath, command, { logFile, guard });
  processes.push(process_);
  later(() => process_.stop());
  return process_;
}
