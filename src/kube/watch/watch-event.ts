import { checkValues, type ServerLimits } from "../client/server-limits.js";
import { KubeConnectionError, type KubeStatus } from "../errors.js";
import type { RawObject } from "../object.js";

/** One line of a watch. */
export interface WatchEvent {
  readonly type: "ADDED" | "MODIFIED" | "DELETED" | "BOOKMARK" | "ERROR";
  readonly object: RawObject & KubeStatus;
}

/**
 * Reads a line of the watch of `path`. What `JSON.parse` says about a broken line quotes it, and it may be a Secret: so
 * we say it ourselves, by a KubeConnectionError.
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

/** Whether it is the bookmark after which a list by stream is whole. */
export function endsList({ object }: WatchEvent): boolean {
  return object.metadata.annotations?.["k8s.io/initial-events-end"] === "true";
}
