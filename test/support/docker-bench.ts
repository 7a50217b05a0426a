import type { CoreApp } from "../../src/api/core/app.js";
import type { CoreJob } from "../../src/api/core/job.js";
import type { CoreNode } from "../../src/api/core/node.js";
import { Docker } from "../../tools/docker/docker.js";
import { waitUntil } from "../../tools/wait-until.js";
import { type AgentProcess, type CoreProcess, startAgent, startCore } from "./core-process.js";

/** Image with a shell, made by the test. */
export const IMAGE = "busy:1";

/** A Core, an agent that runs containers, and a Docker engine of their own. */
export class DockerBench {
  readonly docker: Docker;
  readonly core: CoreProcess;
  agent: AgentProcess;

  private constructor(docker: Docker, core: CoreProcess, agent: AgentProcess) {
    this.docker = docker;
    this.core = core;
    this.agent = agent;
  }

  /** `flags`: of the agent. `environment`: changes its environment. */
  static async start(
    flags: readonly string[] = [],
    environment: (env: NodeJS.ProcessEnv) => NodeJS.ProcessEnv = (env) => env,
  ): Promise<DockerBench> {
    const docker = await Docker.start();
    await docker.withCompose();
    await docker.busybox(IMAGE);
    const core = await startCore();
    const all = ["--runner", "docker", "--heartbeat", "500ms", ...flags];
    return new DockerBench(
      docker,
      core,
      await startAgent(core, "node-1", { flags: all, env: environment(docker.env) }),
    );
  }

  /** A request with the token of the administrator. Throws unless it is accepted. */
  async call<T = Record<string, unknown>>(method: string, path: string, body?: unknown): Promise<T> {
    const response = await fetch(`${this.core.url}${path}`, {
      method,
      headers: {
        authorization: `Bearer ${this.core.adminToken}`,
        connection: "close",
        ...(body === undefined ? {} : { "content-type": "application/json" }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
    return (text === "" ? {} : JSON.parse(text)) as T;
  }

  async node(): Promise<CoreNode | undefined> {
    return (await this.call<{ nodes: CoreNode[] }>("GET", "/api/nodes")).nodes[0];
  }

  async appNamed(name: string): Promise<CoreApp | undefined> {
    return (await this.call<{ apps: CoreApp[] }>("GET", "/api/apps")).apps.find((app) => app.name === name);
  }

  /** Creates or changes an app and starts its deployment. Returns the id of the job. */
  async deploy(name: string, services: Record<string, unknown>, rest: Record<string, unknown> = {}): Promise<string> {
    const compose = JSON.stringify({ services, ...rest });
    const present = await this.appNamed(name);
    const { app } =
      present === undefined
        ? await this.call<{ app: CoreApp }>("POST", "/api/apps", { name, compose })
        : await this.call<{ app: CoreApp }>("PUT", `/api/apps/${present.id}`, { compose });
    return (await this.call<{ job: CoreJob }>("POST", `/api/apps/${app.id}/deploy`)).job.id;
  }

  /** Deploys an app, and returns the job when it has ended. */
  async deployed(
    name: string,
    services: Record<string, unknown>,
    rest: Record<string, unknown> = {},
  ): Promise<CoreJob> {
    return this.ended(await this.deploy(name, services, rest));
  }

  async job(id: string): Promise<CoreJob> {
    return (await this.call<{ job: CoreJob }>("GET", `/api/jobs/${id}`)).job;
  }

  /** Waits until a job has ended. `timeoutMs`: more for one that waits for others. */
  async ended(id: string, timeoutMs = 90_000): Promise<CoreJob> {
    let found: CoreJob | undefined;
    await waitUntil({ what: `job ${id} has ended`, timeoutMs }, async () => {
      found = await this.job(id);
      return found.status === "completed" || found.status === "failed";
    });
    return found as CoreJob;
  }

  /** The whole log of a job. */
  async log(id: string): Promise<string> {
    return (await this.call<{ logs: string[] }>("GET", `/api/jobs/${id}/logs`)).logs.join("\n");
  }

  async jobsOf(name: string): Promise<readonly CoreJob[]> {
    const { jobs } = await this.call<{ jobs: CoreJob[] }>("GET", "/api/jobs");
    return jobs.filter(({ payload }) => payload.app === name);
  }

  /** Waits until an app is so, as its agent reported it. */
  async untilApp(name: string, what: string, is: (app: CoreApp) => boolean): Promise<CoreApp> {
    let found: CoreApp | undefined;
    await waitUntil({ what: `app ${name} ${what}`, timeoutMs: 60_000 }, async () => {
      found = await this.appNamed(name);
      return found !== undefined && is(found);
    });
    return found as CoreApp;
  }

  /** Containers of an app, `service id state`, sorted. */
  async containers(app: string): Promise<string[]> {
    const format = '{{.Label "com.docker.compose.project"}} {{.Label "com.docker.compose.service"}} {{.ID}} {{.State}}';
    const lines = (await this.docker.run("ps", "--all", "--format", format)).split("\n");
    return lines.flatMap((line) => (line.startsWith(`${app}-`) ? [line.split(" ").slice(1).join(" ")] : [])).sort();
  }

  /** The one container of a service. */
  async container(app: string, service: string): Promise<string> {
    const found = (await this.containers(app)).filter((line) => line.startsWith(`${service} `));
    const [only] = found;
    if (only === undefined || found.length > 1) throw new Error(`${app} has containers ${JSON.stringify(found)}`);
    return only.split(" ")[1] ?? "";
  }

  async stop(): Promise<void> {
    await this.agent.remove();
    await this.core.remove();
    await this.docker.stop();
  }
}

/** A service that runs a script. */
export function shell(script: string, rest: Record<string, unknown> = {}): Record<string, unknown> {
  // Compose replaces variables; the shell is to see its own.
  return { image: IMAGE, command: ["sh", "-c", script.replaceAll("$", "$$$$")], stop_grace_period: "1s", ...rest };
}

/** A script that runs until it is stopped. */
export const FOREVER = "trap 'exit 0' TERM; while :; do sleep 1 & wait; done";
