import { cutText } from "../base/cut-text.js";
import type { Condition } from "./conditions.js";
import { findCondition } from "./conditions.js";
import { shortRevision } from "./short-revision.js";

/** Longest text in a column of `kubectl get`, in characters. */
export const MAX_COLUMN_MESSAGE = 256;

/**
 * Message column of `kubectl get`: the message of the condition Waiting if there is one, else that of Ready. The revision in use
 * has its own column and is not repeated.
 */
export function columnMessage(conditions: readonly Condition[] | undefined, revision: string | undefined): string {
  const waiting = findCondition(conditions, "Waiting");
  const message = shortRevision((waiting ?? findCondition(conditions, "Ready"))?.message ?? "");
  const prefix = revision === undefined ? "" : `${shortRevision(revision)} is `;
  const text = prefix !== "" && message.startsWith(prefix) ? message.slice(prefix.length) : message;
  return cutText(text, MAX_COLUMN_MESSAGE);
}
