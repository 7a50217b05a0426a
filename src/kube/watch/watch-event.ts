import { isRecord } from "../../manifest/shape.js";
import { checkValues, type ServerLimits } from "../client/server-limits.js";
import { KubeConnectionError, type KubeStatus, readStatus } from "../errors.js";
import type { RawObject } from "../object.js";

/** One line of a watch. */
export interface WatchEvent {
  readonly type: "ADDED" | "MODIFIED" | "DELETED" | "BOOKMARK" | "ERROR";
  readonly object: RawObject & KubeStatus;
}

/**
 * Parses a line of the watch of `path`. Throws KubeConnectionError for an invalid line: the message of `JSON.parse` quotes the
 * line, which may be a Secret. The server of a remote cluster may send anything.
 */
export function parseWatchEvent(line: string, path: string, limits: ServerLimits | undefined): WatchEvent {
  checkValues(line, limits, `WATCH ${path}`);
  const { type, object } = parseLine(line, path);
  const isStatus = type === "ERROR";
  if (isStatus && isRecord(object)) return { type, object: readStatus(object) } as WatchEvent;
  if (isStatus || !isRecord(object) || !isRecord(object.metadata)) throw invalid(line, path, "has no object");
  return { type, object } as unknown as WatchEvent;
}

function parseLine(line: string, path: string): Readonly<Record<string, unknown>> {
  try {
    const event: unknown = JSON.parse(line);
    return isRecord(event) ? event : {};
  } catch {
    throw invalid(line, path, "is not valid JSON");
  }
}

function invalid(line: string, path: string, what: string): KubeConnectionError {
  return new KubeConnectionError(`WATCH ${path}: an event (${line.length} characters) ${what}`, undefined);
}

/** Returns whether this is the bookmark that completes a streaming list. */
export function endsList({ object }: WatchEvent): boolean {
  return object.metadata.annotations?.["k8s.io/initial-events-end"] === "true";
}
