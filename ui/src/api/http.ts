import { href } from "../navigation/base.js";
import { identityHeaders, signedOut } from "../state/session.js";
import { errorOf, unreachable } from "./problem.js";

const API = "api/gitops/";

/** Request to the API. */
export interface ApiRequest {
  readonly method?: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

/**
 * Sends a request to the API and returns its response. `path` is relative to `/api/gitops/`. Throws ApiError for every
 * response that is not a success; after 401, the page for signing in is shown.
 */
export async function send(
  path: string,
  { method = "GET", body, headers, signal }: ApiRequest = {},
): Promise<Response> {
  const json = body === undefined ? {} : { "content-type": "application/json" };
  const init: RequestInit = {
    method,
    headers: { accept: "application/json", ...json, ...identityHeaders(), ...headers },
    credentials: "same-origin",
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    ...(signal === undefined ? {} : { signal }),
  };
  const response = await fetch(href(`${API}${path}`), init).catch((error: unknown) => {
    if (signal?.aborted) throw error;
    throw unreachable();
  });
  if (response.ok) return response;
  if (response.status === 401) signedOut.value = true;
  throw await errorOf(response);
}

/** Sends a request and returns the JSON of its response; undefined if it has none. */
export async function call<T>(path: string, request: ApiRequest = {}): Promise<T> {
  const response = await send(path, request);
  try {
    const text = await response.text();
    return (text === "" ? undefined : JSON.parse(text)) as T;
  } catch (error) {
    if (request.signal?.aborted) throw error;
    // The connection broke within the response.
    throw unreachable();
  }
}
