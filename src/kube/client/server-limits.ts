import { ResponseTooLargeError } from "../errors.js";

/** How much is taken of an API server that is not ours: it may be broken, or belong to somebody who means us harm. */
export interface ServerLimits {
  /** Longer answers are broken off. */
  readonly responseBytes: number;
  /** What has more JSON values is not read: of `{}` alone, a text becomes thirty times its length in memory. */
  readonly values: number;
  /** Objects that are asked for by one page of a list. */
  readonly page: number;
  /** Objects that are kept of one collection. */
  readonly objects: number;
}

/** Throws AnswerTooLargeError when the answer to `request` has more JSON values than are taken. */
export function checkValues(text: string, limits: ServerLimits | undefined, request: string): void {
  if (limits === undefined || !hasMoreValues(text, limits.values)) return;
  throw new ResponseTooLargeError(`${request}: the answer has more than ${limits.values} values`, undefined);
}

/** Whether a JSON text has more values than `most`, as its commas and brackets outside of strings tell: it is not read. */
export function hasMoreValues(text: string, most: number): boolean {
  if (text.length <= most) return false;
  let values = 0;
  let quoted = false;
  for (let at = 0; at < text.length; at++) {
    const char = text[at];
    if (quoted && char === "\\") at++;
    else if (char === '"') quoted = !quoted;
    else if (!quoted && (char === "," || char === "{" || char === "[") && ++values > most) return true;
  }
  return false;
}

/** Throws AnswerTooLargeError when the collection at `path` has more objects than are kept. */
export function checkObjects(objects: number, limits: ServerLimits | undefined, path: string): void {
  if (limits === undefined || objects <= limits.objects) return;
  throw new ResponseTooLargeError(`${path} has more than ${limits.objects} objects`, undefined);
}
