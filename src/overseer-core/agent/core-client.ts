import { Agent, type Dispatcher, request } from "undici";
import { z } from "zod";
import { CoreId } from "../../api/core/fields.js";
import { type CoreJobEnd, CoreJobWork, type JobLane } from "../../api/core/job.js";
import type { CoreNodeRegister, CoreNodeReport, CoreNodeUsage } from "../../api/core/node.js";
import { CoreNodeRoute } from "../../api/core/route.js";
import { Problem } from "../../api/problem.js";
import { messageOf } from "../../base/errors.js";

/** A request that the Core rejected or did not receive. */
export class CoreCallError extends Error {
  /** Error code of the Core; UNREACHABLE if there was no response. */
  readonly code: string;
  /** HTTP status; undefined if there was no response. */
  readonly status: number | undefined;
  /** Invalid places in the body, as JSON Pointers. */
  readonly pointers: readonly string[];

  constructor(
    message: string,
    code: string,
    status: number | undefined,
    { cause, pointers = [] }: { readonly cause?: unknown; readonly pointers?: readonly string[] } = {},
  ) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = "CoreCallError";
    this.code = code;
    this.status = status;
    this.pointers = pointers;
  }
}

/** Options of the client. */
export interface CoreClientOptions {
  readonly url: string;
  /** Returns the token. Called for each request, so that a new token needs no restart. */
  readonly token: () => string;
  /** PEM text of the CA that signed the certificate of the Core. */
  readonly ca?: string;
}

interface Call {
  readonly method: "GET" | "POST";
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
  readonly waitSeconds: number;
}

/** Timeout of a request in milliseconds, in addition to its long-poll timeout. */
const TIMEOUT_MS = 15_000;
/** Maximum size of a response in bytes; it must fit the document of an app. */
const MAX_RESPONSE_BYTES = 4 * 1024 * 1024;

/** Client for the API calls of an agent. Each method throws CoreCallError. */
export class AgentCoreClient {
  readonly #options: CoreClientOptions;
  readonly #dispatcher: Agent;
  /** Whether the Core knows several workers. */
  #workers = true;

  constructor(options: CoreClientOptions) {
    this.#options = options;
    this.#dispatcher = new Agent({
      maxResponseSize: MAX_RESPONSE_BYTES,
      connect: { timeout: TIMEOUT_MS, ...(options.ca === undefined ? {} : { ca: options.ca }) },
    });
  }

  /** Aborts open requests. */
  close(): Promise<void> {
    return this.#dispatcher.destroy();
  }

  /** Registers the node, and returns its ID. Cores of other versions describe nodes by other fields. */
  async register(node: CoreNodeRegister, signal: AbortSignal): Promise<{ readonly id: string }> {
    const body = (await this.#post("/api/nodes/register", node, signal)) as { node?: unknown };
    return z.object({ id: CoreId }).parse(body.node);
  }

  async heartbeat(nodeId: string, usage: CoreNodeUsage | undefined, signal: AbortSignal): Promise<void> {
    await this.#post(`/api/nodes/${nodeId}/heartbeat`, usage === undefined ? undefined : { usage }, signal);
  }

  async report(nodeId: string, report: CoreNodeReport, signal: AbortSignal): Promise<void> {
    const path = `/api/nodes/${nodeId}/report`;
    const apps = report.apps.map(({ volumes, ...app }) => (volumes.length === 0 ? app : { ...app, volumes }));
    try {
      await this.#post(path, { ...report, apps }, signal);
    } catch (error) {
      // Earlier Cores know no volumes.
      if (!hasUnknownField(error, /^#\/apps\/\d+$/)) throw error;
      await this.#post(path, { ...report, apps: report.apps.map(({ volumes: _, ...app }) => app) }, signal);
    }
  }

  /** Claims the next job; returns undefined if there is none within `waitSeconds`. */
  async claim(
    nodeId: string,
    { lane, worker }: { readonly lane: JobLane; readonly worker: number },
    waitSeconds: number,
    signal: AbortSignal,
  ): Promise<CoreJobWork | undefined> {
    // Cores without backups know no lanes, and earlier ones no workers.
    const claim = lane !== "deploy" ? { nodeId, lane } : this.#workers ? { nodeId, worker } : { nodeId };
    if (!this.#workers && worker > 0) return undefined;
    try {
      const body = await this.#post("/api/jobs/claim", claim, signal, waitSeconds);
      return body === undefined ? undefined : CoreJobWork.parse(body);
    } catch (error) {
      if (!("worker" in claim) || !hasUnknownField(error, /^#$/)) throw error;
      this.#workers = false;
      return undefined;
    }
  }

  async addLogs(jobId: string, from: number, lines: readonly string[], signal: AbortSignal): Promise<void> {
    await this.#post(`/api/jobs/${jobId}/logs`, { from, lines }, signal);
  }

  async end(jobId: string, end: CoreJobEnd, signal: AbortSignal): Promise<void> {
    await this.#post(`/api/jobs/${jobId}/end`, end, signal);
  }

  async secretValue(id: string, signal: AbortSignal): Promise<string> {
    const body = (await this.#post(`/api/secrets/${id}/value`, undefined, signal)) as { value?: unknown };
    if (typeof body.value !== "string")
      throw new CoreCallError("the response of the Core contains no value", "BROKEN_ANSWER", 200);
    return body.value;
  }

  /** Waits until the routes of a node differ from those with the ETag; returns undefined if they do not within `waitSeconds`. */
  async routes(
    nodeId: string,
    etag: string | undefined,
    waitSeconds: number,
    signal: AbortSignal,
  ): Promise<{ routes: CoreNodeRoute[]; etag: string | undefined } | undefined> {
    const headers = etag === undefined ? {} : { "if-none-match": etag };
    const options = { method: "GET", headers, signal, waitSeconds } as const;
    const response = await this.#send(`/api/nodes/${nodeId}/routes`, options);
    if (response.status === 304) return undefined;
    const { routes } = z.object({ routes: z.array(CoreNodeRoute) }).parse(parseJson(response.text));
    return { routes, etag: response.etag };
  }

  async #post(path: string, body: unknown, signal: AbortSignal, waitSeconds = 0): Promise<unknown> {
    const { text } = await this.#send(path, { method: "POST", body, signal, waitSeconds });
    return text === "" ? undefined : parseJson(text);
  }

  async #send(
    path: string,
    { method, body, headers = {}, signal, waitSeconds }: Call,
  ): Promise<{ status: number; text: string; etag: string | undefined }> {
    const { url, token } = this.#options;
    let response: Dispatcher.ResponseData;
    let text: string;
    try {
      response = await request(`${url.replace(/\/+$/, "")}${path}`, {
        method,
        dispatcher: this.#dispatcher,
        signal,
        headersTimeout: TIMEOUT_MS + waitSeconds * 1000,
        bodyTimeout: TIMEOUT_MS,
        headers: {
          ...headers,
          authorization: `Bearer ${token()}`,
          ...(body === undefined ? {} : { "content-type": "application/json" }),
          ...(waitSeconds === 0 ? {} : { prefer: `wait=${waitSeconds}` }),
        },
        body: body === undefined ? null : JSON.stringify(body),
      });
      text = await response.body.text();
    } catch (error) {
      signal.throwIfAborted();
      throw new CoreCallError(`cannot reach the Core: ${messageOf(error)}`, "UNREACHABLE", undefined, { cause: error });
    }
    const { statusCode: status } = response;
    if (status >= 300 && status !== 304) throw rejectionOf(path, status, text);
    const { etag } = response.headers;
    return { status, text, etag: typeof etag === "string" ? etag : undefined };
  }
}

function rejectionOf(path: string, status: number, text: string): CoreCallError {
  const problem = Problem.safeParse(parseJson(text)).data;
  const message = `the Core rejected ${path}: ${problem?.detail ?? status}`;
  const pointers = (problem?.errors ?? []).flatMap(({ pointer }) => pointer ?? []);
  return new CoreCallError(message, problem?.code ?? "UNKNOWN", status, { pointers });
}

/** Whether a Core rejected an object as a whole, as it does with a field that it does not know. Other errors name their field. */
function hasUnknownField(error: unknown, place: RegExp): boolean {
  return error instanceof CoreCallError && error.code === "INVALID" && error.pointers.some((one) => place.test(one));
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
