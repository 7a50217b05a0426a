import { expect } from "chai";
import type { Problem } from "../../src/api/problem.js";
import { waitUntil } from "../../tools/wait-until.js";
import type { OperatorProcess } from "./operator-process.js";

/** Response of the REST API. */
export interface ApiResponse<T> {
  readonly status: number;
  readonly headers: Headers;
  readonly body: T;
  readonly text: string;
}

/** The REST API as one user sees it. Collects all responses, to be searched for secrets. */
export class ApiClient {
  readonly #base: string;
  readonly #headers: Readonly<Record<string, string>>;
  readonly seen: string[] = [];

  /** `credential` is a bearer token, or the headers of each request. */
  constructor(base: string, credential: string | Readonly<Record<string, string>> | undefined) {
    this.#base = base;
    this.#headers = typeof credential === "string" ? { authorization: `Bearer ${credential}` } : (credential ?? {});
  }

  static async of(api: OperatorProcess, token: string | undefined): Promise<ApiClient> {
    return new ApiClient(await api.api(), token);
  }

  /** Sends a request to a path below /api/gitops. */
  async send<T = Problem>(
    method: string,
    path: string,
    body?: unknown,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<ApiResponse<T>> {
    const type: Record<string, string> = body === undefined ? {} : { "content-type": "application/json" };
    const response = await fetch(`${this.#base}/api/gitops${path}`, {
      method,
      headers: { ...this.#headers, ...type, ...headers },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    this.seen.push(text);
    return { status: response.status, headers: response.headers, text, body: parse<T>(text) };
  }

  /** Reads a path, and expects success. */
  async get<T>(path: string): Promise<T> {
    const { status, body, text } = await this.send<T>("GET", path);
    expect(status, text).to.equal(200);
    return body;
  }

  /** Opens the event stream, does something, and reads until an event is as wanted. Returns its data. */
  async event(
    path: string,
    work: () => Promise<unknown>,
    wanted: (event: string, data: string) => boolean,
  ): Promise<string> {
    const abort = new AbortController();
    const headers = { ...this.#headers, accept: "text/event-stream" };
    const response = await fetch(`${this.#base}/api/gitops${path}`, { headers, signal: abort.signal });
    expect(response.headers.get("content-type")).to.match(/^text\/event-stream/);
    await work();
    let text = "";
    try {
      for await (const chunk of response.body ?? []) {
        text += Buffer.from(chunk as Uint8Array).toString("utf8");
        for (const [, event = "", data = ""] of text.matchAll(/^event: (\w+)(?:\nid: \S+)?\ndata: (.*)\n\n/gm))
          if (wanted(event, data)) return data;
      }
      throw new Error(`the stream has ended: ${text}`);
    } finally {
      this.seen.push(text);
      abort.abort();
    }
  }

  /** Reads a path until the response is as wanted. */
  async until<T>(path: string, what: string, wanted: (body: T) => boolean): Promise<T> {
    return waitUntil({ what, timeoutMs: 60_000, intervalMs: 100 }, async () => {
      const { status, body, text } = await this.send<T>("GET", path);
      if (status === 200 && wanted(body)) return body;
      throw new Error(`${status} ${text.slice(0, 1000)}`);
    });
  }
}

function parse<T>(text: string): T {
  try {
    return JSON.parse(text) as T;
  } catch {
    return undefined as T;
  }
}
