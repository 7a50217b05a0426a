import { cutText } from "../base/cut-text.js";
import type { Condition } from "./conditions.js";
import { findCondition } from "./conditions.js";
import { shortRevision } from "./short-revision.js";

/** Longest text in a column of `kubectl get`, in characters. */
export const MAX_COLUMN_MESSAGE = 256;

/**
 * What `kubectl get` says of a resource in one line: what it waits for, else what is in the way, or that all is well. The revision
 * in use has a column of its own and is not repeated.
 */
export function columnMessage(conditions: readonly Condition[] | undefined, revision: string | undefined): string {
  const waiting = findCondition(conditions, "Waiting");
  const said = waiting ?? findCondition(conditions, "Ready");
  const text = shortRevision(said?.message ?? "");
  const own = revision === undefined ? "" : `${shortRevision(revision)} is `;
  return cutText(own !== "" && text.startsWith(own) ? text.slice(own.length) : text, MAX_COLUMN_MESSAGE);
}
