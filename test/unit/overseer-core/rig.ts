import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { z } from "zod";
import { PROBLEM_TYPE, Problem } from "../../../src/api/problem.js";
import { type Clock, systemClock } from "../../../src/base/clock.js";
import { type Logger, silentLogger } from "../../../src/base/logger.js";
import { Core } from "../../../src/overseer-core/core.js";
import { routeTable } from "../../../src/overseer-core/http/table.js";
import type { Liveness } from "../../../src/overseer-core/operations/liveness.js";
import type { Store } from "../../../src/overseer-core/store/store.js";
import { makeTemporaryFolder, type TemporaryFolder } from "../../../tools/temporary-folder.js";

/** What a Core answered. */
export interface Answer {
  readonly status: number;
  readonly etag: string | null;
  readonly headers: Headers;
  readonly body: Json;
  /** Path of the first invalid field or parameter, with dots. */
  readonly field: string | undefined;
}

/** JSON that tests look into; what a leaf is, `expect` finds out. */
export interface Json {
  readonly [key: string]: Json;
}

/** A list within JSON. */
export function list(value: Json | undefined): readonly Json[] {
  if (!Array.isArray(value)) throw new Error(`no list: ${JSON.stringify(value)}`);
  return value as readonly Json[];
}

/** What a request carries besides its body. */
export interface RequestOptions {
  readonly token?: string | null;
  readonly headers?: Record<string, string>;
  readonly signal?: AbortSignal;
}

const TABLE = routeTable({} as Store, {} as Liveness);

/** A document that deploys at once. */
export const COMPOSE = "services:\n  web:\n    image: nginx:1\n";

/** A Core in this process: a real file, real HTTP. Each answer is held against the schema that its route declares. */
export class CoreRig {
  readonly folder: TemporaryFolder;
  readonly clock: Clock;
  readonly #logger: Logger;
  readonly #heartbeatTimeoutMs: number;
  /** Whether it may back itself up to the directory `backups` beside its data. */
  readonly #backups: boolean;
  #core: Core | undefined;
  url = "";
  admin = "";

  private constructor(
    folder: TemporaryFolder,
    clock: Clock,
    logger: Logger,
    heartbeatTimeoutMs: number,
    backups: boolean,
  ) {
    this.folder = folder;
    this.clock = clock;
    this.#logger = logger;
    this.#heartbeatTimeoutMs = heartbeatTimeoutMs;
    this.#backups = backups;
  }

  static async start(
    options: {
      readonly clock?: Clock;
      readonly logger?: Logger;
      readonly heartbeatTimeoutMs?: number;
      readonly backups?: boolean;
    } = {},
  ): Promise<CoreRig> {
    const { clock = systemClock, logger = silentLogger, heartbeatTimeoutMs = 45_000, backups = false } = options;
    const rig = new CoreRig(
      await makeTemporaryFolder("overseer-core-test-"),
      clock,
      logger,
      heartbeatTimeoutMs,
      backups,
    );
    await rig.open();
    return rig;
  }

  get dataDir(): string {
    return join(this.folder.path, "data");
  }

  async open(): Promise<void> {
    this.#core = new Core({
      dataDir: this.dataDir,
      host: "127.0.0.1",
      port: 0,
      heartbeatTimeoutMs: this.#heartbeatTimeoutMs,
      ...(this.#backups
        ? { backup: { directory: join(this.folder.path, "backups"), schedule: "0 2 * * *", keep: 3 } }
        : {}),
      clock: this.clock,
      logger: this.#logger,
    });
    this.url = `http://127.0.0.1:${await this.#core.start()}`;
    this.admin = readFileSync(join(this.dataDir, "admin-token"), "utf8").trim();
  }

  async close(): Promise<void> {
    await this.#core?.stop();
    this.#core = undefined;
  }

  async reopen(): Promise<void> {
    await this.close();
    await this.open();
  }

  async remove(): Promise<void> {
    await this.close();
    await this.folder.remove();
  }

  async call(method: string, path: string, body?: unknown, options: RequestOptions = {}): Promise<Answer> {
    const { token = this.admin, headers = {}, signal } = options;
    const response = await fetch(`${this.url}${path}`, {
      method,
      headers: {
        connection: "close",
        ...(token === null ? {} : { authorization: `Bearer ${token}` }),
        ...(body === undefined ? {} : { "content-type": "application/json" }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) }),
      ...(signal === undefined ? {} : { signal }),
    });
    const text = await response.text();
    const parsed = text === "" ? {} : (JSON.parse(text) as Json);
    const { status, headers: received } = response;
    if (status >= 400) checkProblem(response, parsed);
    else checkAnswer(method, path, status, text === "" ? undefined : parsed);
    return { status, etag: received.get("etag"), headers: received, body: parsed, field: fieldOf(parsed) };
  }

  get(path: string, options: RequestOptions = {}): Promise<Answer> {
    return this.call("GET", path, undefined, options);
  }

  post(path: string, body?: unknown, options: RequestOptions = {}): Promise<Answer> {
    return this.call("POST", path, body, options);
  }

  /** Makes a token, and gives its value. */
  async token(name: string, role: string, node?: string): Promise<string> {
    const { status, body } = await this.post("/api/tokens", { name, role, ...(node === undefined ? {} : { node }) });
    expect(status, JSON.stringify(body)).to.equal(201);
    return String(body.value);
  }

  /** Makes an app, and gives its id. */
  async app(name: string, fields: Record<string, unknown> = {}): Promise<string> {
    const { status, body } = await this.post("/api/apps", { name, compose: COMPOSE, ...fields });
    expect(status, JSON.stringify(body)).to.equal(201);
    return String(body.app?.id);
  }

  /** Registers a node with a token of its own, and gives what an agent says. */
  async node(name: string): Promise<{ readonly id: string; readonly token: string }> {
    const token = await this.token(`agent-${name}`, "agent", name);
    const said = { name, hostname: `${name}.example.com`, version: "1", runner: "simulated" };
    const { status, body } = await this.post("/api/nodes/register", said, { token });
    expect(status, JSON.stringify(body)).to.equal(201);
    return { id: String(body.node?.id), token };
  }

  /** Claims the next job of a node; undefined when there is none. */
  async claim(node: { readonly id: string; readonly token: string }): Promise<Json | undefined> {
    const { status, body } = await this.post("/api/jobs/claim", { nodeId: node.id }, { token: node.token });
    return status === 204 ? undefined : body;
  }

  /** Ends a job as its agent. */
  end(job: string, token: string, end: Record<string, unknown> = { status: "completed" }): Promise<Answer> {
    return this.post(`/api/jobs/${job}/end`, end, { token });
  }
}

/** Holds an answer against what its route declares: a known status, the body's schema, and not a field more. */
function checkAnswer(method: string, path: string, status: number, body: unknown): void {
  if (status === 304) return;
  const [bare = ""] = path.split("?");
  const matches = (pattern: string): boolean => new RegExp(`^${pattern.replace(":id", "[^/]+")}$`).test(bare);
  const candidates = TABLE.filter((route) => route.method === method && matches(route.path));
  const route = candidates.find((one) => one.path === bare) ?? candidates[0];
  const schema = route?.responses[status];
  if (schema === undefined) throw new Error(`${method} ${path} responded with ${status}, which it does not declare`);
  if (schema === "text") expect(body).to.be.a("string");
  else if (schema === "empty" || "stream" in schema) expect(body).to.equal(undefined);
  else expect(schema.parse(body)).to.deep.equal(body);
}

/** Holds an error against the schema of problems: the right type, the status of the response, and not a field more. */
function checkProblem(response: Response, body: unknown): void {
  expect(response.headers.get("content-type")).to.match(new RegExp(`^${PROBLEM_TYPE.replace("+", "[+]")}(;|$)`));
  expect(z.strictObject(Problem.shape).parse(body)).to.include({ status: response.status });
}

function fieldOf({ errors }: Json): string | undefined {
  const [first] = errors === undefined ? [] : list(errors);
  const { pointer, parameter } = (first ?? {}) as { readonly pointer?: string; readonly parameter?: string };
  return pointer === undefined ? parameter : pointer.slice(2).replaceAll("/", ".") || undefined;
}
