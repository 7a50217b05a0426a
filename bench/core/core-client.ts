import { Pool } from "undici";
import type { CoreApp, CoreAppVersion } from "../../src/api/core/app.js";
import type { CoreJob } from "../../src/api/core/job.js";
import type { CoreNode } from "../../src/api/core/node.js";

/** The barest client that a Core takes: JSON over kept connections. It shares no code with the operator's. */
export class CoreApi {
  readonly #pool: Pool;
  readonly #headers: Record<string, string>;

  constructor(url: string, token: string, connections = 8) {
    this.#pool = new Pool(url, { connections, pipelining: 1 });
    this.#headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
  }

  /** Sends one request and reads the answer. Throws for a status of 400 and above. */
  async call<T>(method: "DELETE" | "GET" | "POST" | "PUT", path: string, body?: unknown): Promise<T> {
    const sent = body === undefined ? {} : { body: JSON.stringify(body) };
    const response = await this.#pool.request({ method, path, headers: this.#headers, ...sent });
    const text = await response.body.text();
    if (response.statusCode >= 400) throw new Error(`${method} ${path}: ${response.statusCode} ${text.slice(0, 500)}`);
    return JSON.parse(text) as T;
  }

  async apps(): Promise<CoreApp[]> {
    return (await this.call<{ apps: CoreApp[] }>("GET", "/api/apps")).apps;
  }

  async app(id: string): Promise<CoreApp> {
    return (await this.call<{ app: CoreApp }>("GET", `/api/apps/${id}`)).app;
  }

  /** When the present version of an app was written, in milliseconds of the wall clock; its status has no part in that. */
  async writtenAt({ id, version }: CoreApp): Promise<number> {
    const { versions } = await this.call<{ versions: CoreAppVersion[] }>("GET", `/api/apps/${id}/versions`);
    const found = versions.find((one) => one.version === version);
    if (found === undefined) throw new Error(`the Core has no version ${version} of app ${id}`);
    return Date.parse(found.createdAt);
  }

  /** The job that has deployed the present version of an app; undefined while that is not done. */
  async deployed({ id, version }: CoreApp): Promise<CoreJob | undefined> {
    const { jobs } = await this.call<{ jobs: CoreJob[] }>("GET", `/api/jobs?appId=${id}&status=completed`);
    return jobs.find(({ payload }) => payload.version === version);
  }

  /** The newest 1,000 jobs, or those of one status. */
  async jobs(status?: CoreJob["status"]): Promise<CoreJob[]> {
    return (await this.call<{ jobs: CoreJob[] }>("GET", `/api/jobs${status ? `?status=${status}` : ""}`)).jobs;
  }

  async nodes(): Promise<CoreNode[]> {
    return (await this.call<{ nodes: CoreNode[] }>("GET", "/api/nodes")).nodes;
  }

  /** Whether a job waits or is being done. */
  async busy(): Promise<boolean> {
    return (await this.jobs("running")).length > 0 || (await this.jobs("pending")).length > 0;
  }

  async close(): Promise<void> {
    await this.#pool.destroy();
  }
}
