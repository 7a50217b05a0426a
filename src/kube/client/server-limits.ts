import { ResponseTooLargeError } from "../errors.js";

/** Response limits for an untrusted API server, which may be broken or malicious. */
export interface ServerLimits {
  /** Longer responses are aborted. */
  readonly responseBytes: number;
  /** JSON with more values is not parsed: a text of `{}` grows thirtyfold in memory. */
  readonly values: number;
  /** Page size of lists. */
  readonly page: number;
  /** Maximum number of objects kept per collection. */
  readonly objects: number;
}

/** Throws ResponseTooLargeError if the response to `request` has more JSON values than allowed. */
export function checkValues(text: string, limits: ServerLimits | undefined, request: string): void {
  if (limits === undefined || !hasMoreValues(text, limits.values)) return;
  throw new ResponseTooLargeError(`${request}: the response has more than ${limits.values} JSON values`, undefined);
}

/** Returns whether a JSON text has more than `max` values. Counts commas and brackets outside strings, without parsing. */
export function hasMoreValues(text: string, max: number): boolean {
  if (text.length <= max) return false;
  let values = 0;
  let quoted = false;
  for (let at = 0; at < text.length; at++) {
    const char = text[at];
    if (quoted && char === "\\") at++;
    else if (char === '"') quoted = !quoted;
    else if (!quoted && (char === "," || char === "{" || char === "[") && ++values > max) return true;
  }
  return false;
}

/** Throws ResponseTooLargeError if the collection at `path` has more objects than allowed. */
export function checkObjects(objects: number, limits: ServerLimits | undefined, path: string): void {
  if (limits === undefined || objects <= limits.objects) return;
  throw new ResponseTooLargeError(`${path} has more than ${limits.objects} objects`, undefined);
}
