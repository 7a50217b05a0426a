import { randomUUID } from "node:crypto";
import type { z } from "zod";
import type { GitHostOperation } from "../git-host.js";

/** One request to the API of a host. */
export interface ApiCall<T> {
  readonly operation: GitHostOperation;
  readonly method?: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** Path below the URL of the API, encoded, with its query. */
  readonly path: string;
  /** Sent as JSON. */
  readonly body?: unknown;
  /** Sent as a form instead. */
  readonly form?: URLSearchParams;
  /** Sent as the text fields of a multipart form instead. */
  readonly multipart?: Readonly<Record<string, string>>;
  /** Shape of the response. Unknown fields are ignored. */
  readonly schema: z.ZodType<T>;
  /** What does not exist if the response is 404, for example `commit 6f3c…`. */
  readonly subject: string;
  readonly signal: AbortSignal;
}

/** Returns the body of a request and its type; undefined if it has none. */
export function requestBody({
  body,
  form,
  multipart,
}: Pick<ApiCall<unknown>, "body" | "form" | "multipart">):
  | { readonly type: string; readonly text: string }
  | undefined {
  if (form !== undefined) return { type: "application/x-www-form-urlencoded", text: form.toString() };
  if (multipart !== undefined) return multipartBody(Object.entries(multipart));
  return body === undefined ? undefined : { type: "application/json", text: JSON.stringify(body) };
}

/** The boundary is random, so that no content can end a field. */
function multipartBody(fields: readonly (readonly [name: string, value: string])[]): { type: string; text: string } {
  const boundary = `overseer-${randomUUID()}`;
  const parts = fields.map(
    ([name, value]) => `--${boundary}\r\ncontent-disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`,
  );
  return { type: `multipart/form-data; boundary=${boundary}`, text: `${parts.join("")}--${boundary}--\r\n` };
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
