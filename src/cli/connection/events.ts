import { EVENT } from "../kinds.js";
import type { Reader } from "./connection.js";

/** An Event as it is shown. */
export interface ShownEvent {
  readonly uid: string;
  /** Time of the last occurrence. */
  readonly time: string;
  readonly type: string;
  readonly reason: string;
  /** Kind and name, as `OverseerApp/web`. */
  readonly object: string;
  readonly count: number;
  readonly message: string;
}

interface LiveEvent {
  readonly metadata: { readonly uid: string; readonly creationTimestamp?: string };
  readonly involvedObject: { readonly kind?: string; readonly name?: string; readonly uid?: string };
  readonly type?: string;
  readonly reason?: string;
  readonly message?: string;
  readonly count?: number;
  readonly firstTimestamp?: string;
  readonly lastTimestamp?: string;
  readonly eventTime?: string;
  readonly series?: { readonly count?: number; readonly lastObservedTime?: string };
}

/** Returns the Events about objects of a namespace by their UIDs, oldest first; none if they may not be read. */
export async function eventsOf(
  reader: Reader,
  namespace: string,
  uids: readonly string[],
): Promise<readonly ShownEvent[]> {
  const wanted = new Set(uids);
  const [only] = uids;
  // One object has few Events among many of its namespace.
  const fields = uids.length === 1 && only !== undefined ? { fields: `involvedObject.uid=${only}` } : {};
  const { items } = await reader.list<LiveEvent>(EVENT, { namespace, ...fields });
  const shown = items.filter(({ involvedObject }) => wanted.has(involvedObject.uid ?? "")).map(show);
  return shown.sort((a, b) => Date.parse(a.time) - Date.parse(b.time));
}

function show(event: LiveEvent): ShownEvent {
  const { metadata, involvedObject, series } = event;
  return {
    uid: metadata.uid,
    time: series?.lastObservedTime ?? event.lastTimestamp ?? event.eventTime ?? metadata.creationTimestamp ?? "",
    type: event.type ?? "Normal",
    reason: event.reason ?? "",
    object: `${involvedObject.kind ?? ""}/${involvedObject.name ?? ""}`,
    count: series?.count ?? event.count ?? 1,
    message: event.message ?? "",
  };
}
