import { Agent, type Dispatcher, request } from "undici";
import { CoreError } from "../../api/core/error.js";
import { type CoreJobEnd, CoreJobWork } from "../../api/core/job.js";
import { CoreNode, type CoreNodeRegister } from "../../api/core/node.js";
import { messageOf } from "../../base/errors.js";

/** A request that the Core refused, or that did not reach it. */
export class CoreCallError extends Error {
  /** The Core's code of the error; UNREACHABLE when it gave none. */
  readonly code: string;
  /** HTTP status; undefined when there was no answer. */
  readonly status: number | undefined;

  constructor(message: string, code: string, status: number | undefined, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = "CoreCallError";
    this.code = code;
    this.status = status;
  }
}

/** How to reach a Core. */
export interface CoreClientOptions {
  readonly url: string;
  /** Read for each request, so that a new token is taken up without a restart. */
  readonly token: () => string;
  /** PEM text of the authority that signed the Core's certificate. */
  readonly ca?: string;
}

/** Time in milliseconds to wait for an answer, besides what the Core was asked to wait. */
const TIMEOUT_MS = 15_000;
/** Largest answer that is read, in bytes: a document of an app and what is around it. */
const MAX_RESPONSE_BYTES = 4 * 1024 * 1024;

/** The calls of a Core's API that an agent makes. Each throws CoreCallError. */
export class AgentCoreClient {
  readonly #options: CoreClientOptions;
  readonly #dispatcher: Agent;

  constructor(options: CoreClientOptions) {
    this.#options = options;
    this.#dispatcher = new Agent({
      maxResponseSize: MAX_RESPONSE_BYTES,
      connect: { timeout: TIMEOUT_MS, ...(options.ca === undefined ? {} : { ca: options.ca }) },
    });
  }

  /** Ends open requests. */
  close(): Promise<void> {
    return this.#dispatcher.destroy();
  }

  async register(node: CoreNodeRegister, signal: AbortSignal): Promise<CoreNode> {
    const body = (await this.#post("/api/nodes/register", node, signal)) as { node?: unknown };
    return CoreNode.parse(body.node);
  }

  async heartbeat(nodeId: string, signal: AbortSignal): Promise<void> {
    await this.#post(`/api/nodes/${nodeId}/heartbeat`, undefined, signal);
  }

  /** The next job; undefined when none came within `waitSeconds`. */
  async claim(nodeId: string, waitSeconds: number, signal: AbortSignal): Promise<CoreJobWork | undefined> {
    const body = await this.#post("/api/jobs/claim", { nodeId }, signal, waitSeconds);
    return body === undefined ? undefined : CoreJobWork.parse(body);
  }

  async addLogs(jobId: string, from: number, lines: readonly string[], signal: AbortSignal): Promise<void> {
    await this.#post(`/api/jobs/${jobId}/logs`, { from, lines }, signal);
  }

  async end(jobId: string, end: CoreJobEnd, signal: AbortSignal): Promise<void> {
    await this.#post(`/api/jobs/${jobId}/end`, end, signal);
  }

  async secretValue(id: string, signal: AbortSignal): Promise<string> {
    const body = (await this.#post(`/api/secrets/${id}/value`, undefined, signal)) as { value?: unknown };
    if (typeof body.value !== "string") throw new CoreCallError("the Core gave no value", "BROKEN_ANSWER", 200);
    return body.value;
  }

  async #post(path: string, body: unknown, signal: AbortSignal, waitSeconds = 0): Promise<unknown> {
    const { url, token } = this.#options;
    let response: Dispatcher.ResponseData;
    let text: string;
    try {
      response = await request(`${url.replace(/\/+$/, "")}${path}`, {
        method: "POST",
        dispatcher: this.#dispatcher,
        signal,
        headersTimeout: TIMEOUT_MS + waitSeconds * 1000,
        bodyTimeout: TIMEOUT_MS,
        headers: {
          authorization: `Bearer ${token()}`,
          ...(body === undefined ? {} : { "content-type": "application/json" }),
          ...(waitSeconds === 0 ? {} : { prefer: `wait=${waitSeconds}` }),
        },
        body: body === undefined ? null : JSON.stringify(body),
      });
      text = await response.body.text();
    } catch (error) {
      signal.throwIfAborted();
      throw new CoreCallError(`the Core cannot be reached: ${messageOf(error)}`, "UNREACHABLE", undefined, error);
    }
    if (response.statusCode >= 300) throw refusal(path, response.statusCode, text);
    return text === "" ? undefined : parseJson(text);
  }
}

function refusal(path: string, status: number, text: string): CoreCallError {
  const said = CoreError.safeParse(parseJson(text)).data?.error;
  return new CoreCallError(`the Core refused ${path}: ${said?.message ?? status}`, said?.code ?? "UNKNOWN", status);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
