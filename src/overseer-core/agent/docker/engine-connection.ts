import { Agent, type Dispatcher, request } from "undici";
import { z } from "zod";
import { messageOf } from "../../../base/errors.js";
import { RecurringError } from "../runner.js";

/** The Docker engine did not respond. The call can be repeated. */
export class EngineUnreachableError extends Error {
  readonly code = "ENGINE_UNREACHABLE";

  constructor(socket: string, cause: unknown) {
    super(`cannot reach the Docker engine at ${socket}: ${messageOf(cause)}; check that docker is running`, { cause });
    this.name = "EngineUnreachableError";
  }
}

/** The Docker engine rejected a request. */
export class EngineError extends RecurringError {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.name = "EngineError";
    this.status = status;
  }
}

/** Whether the engine refused a request because of its content: trying again does not help. */
export function isRefusal(error: unknown): error is EngineError {
  return error instanceof EngineError && error.status >= 400 && error.status < 500;
}

/** Timeout of a request in milliseconds. */
export const TIMEOUT_MS = 30_000;
/** Timeout of a stop: documents may allow containers some minutes. */
const LONG_MS = 15 * 60_000;

/** Sends requests to the Docker engine on its Unix socket. Methods throw EngineUnreachableError or EngineError. */
export class EngineConnection {
  readonly socket: string;
  readonly #dispatcher: Agent;

  constructor(socket: string) {
    this.socket = socket;
    this.#dispatcher = new Agent({ connect: { socketPath: socket, timeout: 5_000 } });
  }

  close(): Promise<void> {
    return this.#dispatcher.destroy();
  }

  /** Returns undefined if the engine does not know the object. */
  async found<T>(call: () => Promise<T>): Promise<T | undefined> {
    try {
      return await call();
    } catch (error) {
      if (error instanceof EngineError && error.status === 404) return undefined;
      throw error;
    }
  }

  /** Accepts the response that nothing had to be changed. */
  async unchanged(call: () => Promise<unknown>): Promise<void> {
    try {
      await call();
    } catch (error) {
      if (!(error instanceof EngineError) || error.status !== 304) throw error;
    }
  }

  /** Sends a request that may take long, and ignores the content of the response. */
  async dump(method: Dispatcher.HttpMethod, path: string, signal: AbortSignal): Promise<true> {
    await (await this.send(method, path, signal, LONG_MS)).dump();
    return true;
  }

  /** Sends a request, and returns the content of the response. */
  async json(method: Dispatcher.HttpMethod, path: string, signal: AbortSignal, body?: unknown): Promise<unknown> {
    return (await this.send(method, path, signal, TIMEOUT_MS, body)).json();
  }

  /** Sends a request. `bodyTimeout`: in milliseconds, 0 for none. */
  async send(
    method: Dispatcher.HttpMethod,
    path: string,
    signal: AbortSignal,
    bodyTimeout = TIMEOUT_MS,
    body?: unknown,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<Dispatcher.ResponseData["body"]> {
    let response: Dispatcher.ResponseData;
    try {
      const headersTimeout = Math.max(TIMEOUT_MS, bodyTimeout);
      const content =
        body === undefined
          ? { headers }
          : { headers: { "content-type": "application/json", ...headers }, body: JSON.stringify(body) };
      const options = { method, dispatcher: this.#dispatcher, signal, headersTimeout, bodyTimeout, ...content };
      response = await request(`http://docker${path}`, options);
    } catch (error) {
      signal.throwIfAborted();
      throw new EngineUnreachableError(this.socket, error);
    }
    if (response.statusCode < 300) return response.body;
    const text = await response.body.text().catch(() => "");
    throw new EngineError(response.statusCode, messageIn(text) ?? `Docker responds with ${response.statusCode}`);
  }
}

function messageIn(text: string): string | undefined {
  try {
    return z.object({ message: z.string() }).parse(JSON.parse(text)).message;
  } catch {
    return undefined;
  }
}
