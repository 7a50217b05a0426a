import { checkValues, type ServerLimits } from "../client/server-limits.js";
import { KubeConnectionError, type KubeStatus } from "../errors.js";
import type { RawObject } from "../object.js";

/** One line of a watch. */
export interface WatchEvent {
  readonly type: "ADDED" | "MODIFIED" | "DELETED" | "BOOKMARK" | "ERROR";
  readonly object: RawObject & KubeStatus;
}

/**
 * Parses a line of the watch of `path`. Throws KubeConnectionError for an invalid line: the message of `JSON.parse` quotes the
 * line, which may be a Secret.
 */
export function parseWatchEvent(line: string, path: string, limits: ServerLimits | undefined): WatchEvent {
  checkValues(line, limits, `WATCH ${path}`);
  try {
    return JSON.parse(line) as WatchEvent;
  } catch {
    const message = `WATCH ${path}: an event (${line.length} characters) is not valid JSON`;
    throw new KubeConnectionError(message, undefined);
  }
}

/** Returns whether this is the bookmark that completes a streaming list. */
export function endsList({ object }: WatchEvent): boolean {
  return object.metadata.annotations?.["k8s.io/initial-events-end"] === "true";
}
