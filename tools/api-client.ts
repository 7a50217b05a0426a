import { request } from "node:https";

/** Where an API server is and who asks. */
export interface ApiEndpoint {
  readonly url: string;
  readonly caPem: string;
  readonly token: string;
}

/** An answer of the API server. */
export interface ApiAnswer {
  readonly status: number;
  readonly text: string;
}

/**
 * One request to an API server, just enough to set a control plane up; `body` is sent as JSON. Throws only when there
 * is no answer within `timeoutMs`: a status such as 409 is the caller's to judge.
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
    sent.on("timeout", () => sent.destroy(new Error(`no answer within ${timeoutMs} ms`)));
    sent.on("error", reject);
    sent.end(body === undefined ? undefined : JSON.stringify(body));
  });
}
