import { request } from "node:https";

/** Address and credentials of an API server. */
export interface ApiEndpoint {
  readonly url: string;
  readonly caPem: string;
  readonly token: string;
}

/** A response of the API server. */
export interface ApiAnswer {
  readonly status: number;
  readonly text: string;
}

/**
 * Sends one request to an API server, with `body` as JSON. Throws if there is no response within `timeoutMs`; the caller
 * handles status codes such as 409.
 */
export function apiRequest(
  endpoint: ApiEndpoint,
  method: "GET" | "POST",
  path: string,
  body?: unknown,
  timeoutMs = 5_000,
): Promise<ApiAnswer> {
  return new Promise((resolve, reject) => {
    const sent = request(
      new URL(path, endpoint.url),
      {
        method,
        ca: endpoint.caPem,
        agent: false,
        timeout: timeoutMs,
        headers: {
          authorization: `Bearer ${endpoint.token}`,
          ...(body === undefined ? {} : { "content-type": "application/json" }),
        },
      },
      (response) => {
        let text = "";
        response.setEncoding("utf8");
        response.on("data", (chunk: string) => {
          text += chunk;
        });
        response.on("end", () => resolve({ status: response.statusCode ?? 0, text }));
        response.on("error", reject);
      },
    );
    sent.on("timeout", () => sent.destroy(new Error(`no response within ${timeoutMs} ms`)));
    sent.on("error", reject);
    sent.end(body === undefined ? undefined : JSON.stringify(body));
  });
}
