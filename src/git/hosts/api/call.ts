import type { z } from "zod";
import type { GitHostOperation } from "../git-host.js";

/** One request to the API of a host. */
export interface ApiCall<T> {
  readonly operation: GitHostOperation;
  readonly method?: "GET" | "POST" | "PUT";
  /** Path below the URL of the API, encoded, with its query. */
  readonly path: string;
  /** Sent as JSON. */
  readonly body?: unknown;
  /** Sent as a form instead. */
  readonly form?: URLSearchParams;
  /** Shape of the response. Unknown fields are ignored. */
  readonly schema: z.ZodType<T>;
  /** What does not exist if the response is 404, for example `commit 6f3c…`. */
  readonly subject: string;
  readonly signal: AbortSignal;
}

/** What the requests of one operation have in common. */
export type CallContext = Pick<ApiCall<unknown>, "operation" | "subject" | "signal">;

/** A response of success. */
export interface ApiResponse<T> {
  readonly body: T;
  /** Path and query of the next page from the Link header (RFC 8288), if it is at the same API. */
  readonly next?: string;
}

/** Returns a path whose `{}` are replaced by encoded values. */
export function apiPath(template: string, ...values: readonly (string | number)[]): string {
  let index = 0;
  return template.replaceAll("{}", () => encodeURIComponent(values[index++] ?? ""));
}
