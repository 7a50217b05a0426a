import type { ShownEvent } from "../../connection/events.js";
import { age } from "../../output/age.js";
import { formatTable } from "../../output/table.js";

/** Formats Events as a table. */
export function formatEvents(
  events: readonly ShownEvent[],
  options: { readonly now?: number; readonly withoutHeader?: boolean } = {},
): string {
  const { now = Date.now(), withoutHeader = false } = options;
  const rows = events.map(({ time, type, reason, object, count, message }) => [
    count > 1 ? `${age(time, now)} (x${count})` : age(time, now),
    type,
    reason,
    object,
    message,
  ]);
  return formatTable(["Last seen", "Type", "Reason", "Object", "Message"], rows, { withoutHeader });
}
