import { randomBytes } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { CoreApp } from "../../src/api/core/app.js";
import type { CoreNode } from "../../src/api/core/node.js";
import type { CoreRoute } from "../../src/api/core/route.js";
import { type LoggedProcess, spawnLogged } from "../processes.js";
import { repositoryRoot } from "../repository-root.js";
import { type Containers, startContainers } from "./containers.js";
import { removeCoreApps } from "./core-apps.js";
import { until } from "./look.js";
import { coreSecret } from "./sample.js";
import type { Screen } from "./screen.js";
import type { Cleanup, Stage } from "./stage.js";

/** Node of the sample apps. */
export const NODE = "node-1";
const START_TIMEOUT_MS = 30_000;

/** API client of the Core with the permissions of an administrator. */
export class DemoCore {
  readonly url: string;
  /** File with the token of the administrator. */
  readonly tokenFile: string;
  readonly #token: string;

  constructor(url: string, tokenFile: string, token: string) {
    this.url = url;
    this.tokenFile = tokenFile;
    this.#token = token;
  }

  /** Sends a request with the token of the administrator. Throws with the message of the Core if it is rejected. */
  async call<T = unknown>(method: "GET" | "POST" | "PUT", path: string, body?: unknown): Promise<T> {
    const headers = { authorization: `Bearer ${this.#token}`, "content-type": "application/json" };
    const sent = body === undefined ? {} : { body: JSON.stringify(body) };
    const response = await fetch(`${this.url}${path}`, { method, headers, ...sent });
    const result = (await response.json()) as T & { readonly error?: { readonly message?: string } };
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${result.error?.message ?? ""}`);
    return result;
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

  /** Stores a secret with a random value. */
  async storeSecret(name: string): Promise<void> {
    await this.call("POST", "/api/secrets", { name, value: randomBytes(18).toString("base64url") });
  }
}

/** Environment of the demo with a Core. */
export interface CoreStage extends Stage {
  readonly core: DemoCore;
  /** Undefined if the runner of the agent is simulated. */
  readonly containers: Containers | undefined;
}

/**
 * Starts the embedded Core and the agent of a node, gives the operator its token, and creates the sign-in provider of the
 * sample. Adds a cleanup function for everything started; the apps are removed from the Core before it stops. `sample`: directory with the apps
 * whose images need stand-ins; undefined if no containers are to run.
 */
export async function startCore(
  stage: Stage,
  screen: Screen,
  sample: string | undefined,
  addCleanup: Cleanup,
): Promise<CoreStage> {
  const found = sample === undefined ? "--simulated is set" : await startContainers(stage, sample, addCleanup);
  const containers = typeof found === "string" ? undefined : found;
  screen.line(
    typeof found === "string"
      ? `The runner of the agent is simulated, since ${found}: it records deployments, but starts no containers.\n`
      : "The agent runs containers on a Docker engine of the demo. Their images are stand-ins: small servers, made on this machine.\n",
  );
  const core = await screen.timed(
    () => "embedded Overseer Core",
    () => startCoreProcess(stage, addCleanup),
  );
  await screen.timed(
    () => `agent of ${NODE}, with ${containers === undefined ? "a simulated runner" : "Docker"}`,
    () => startAgent(stage, core, containers, addCleanup),
  );
  await core.call("POST", "/api/sign-in-providers", { name: "oidc", type: "simulated" });
  await stage.kube.apply(coreSecret((await readFile(core.tokenFile, "utf8")).trim()));
  addCleanup(async () => {
    if (stage.operator.ended() === undefined) await removeCoreApps(stage.kube);
  });
  return { ...stage, core, containers };
}

async function startCoreProcess(stage: Stage, addCleanup: Cleanup): Promise<DemoCore> {
  const data = join(stage.work, "core");
  const core = await run(stage, "Core", "overseer-core.js", ["--data", data, "--port", "0"], addCleanup);
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

async function startAgent(
  stage: Stage,
  core: DemoCore,
  containers: Containers | undefined,
  addCleanup: Cleanup,
): Promise<void> {
  const body = { name: `agent-${NODE}`, role: "agent", node: NODE };
  const { value } = await core.call<{ value: string }>("POST", "/api/tokens", body);
  const token = join(stage.work, "agent-token");
  await writeFile(token, value, { mode: 0o600 });
  const data = join(stage.work, "agent");
  const flags = {
    core: core.url,
    node: NODE,
    "token-file": token,
    data,
    ...(containers?.flags ?? { runner: "simulated" }),
  };
  const args = Object.entries(flags).flatMap(([name, text]) => [`--${name}`, text]);
  await run(stage, "agent", "overseer-agent.js", args, addCleanup, containers?.env);
  await until(stage, `${NODE} is registered`, START_TIMEOUT_MS, async () =>
    (await core.nodes()).some(({ name, status }) => name === NODE && status === "online"),
  );
}

async function run(
  { work, guard, processes }: Stage,
  name: string,
  script: string,
  args: readonly string[],
  addCleanup: Cleanup,
  env?: NodeJS.ProcessEnv,
): Promise<LoggedProcess> {
  const command = [join(repositoryRoot(), "dist", script), ...args];
  const logFile = join(work, `${name.toLowerCase()}.log`);
  const process_ = await spawnLogged(`the ${name}`, process.execPath, command, {
    logFile,
    guard,
    ...(env === undefined ? {} : { env }),
  });
  processes.push(process_);
  addCleanup(() => process_.stop());
  return process_;
}
