import type { AuditPage, AuditPart, AuditRecordView } from "../../api/rest/audit.js";

/** The part of a page that one process answers, or why it does not. */
export type AskedPart = { readonly name: "operator" | "api"; readonly before: string | undefined } & (
  | { readonly part: AuditPart }
  | { readonly unavailable: string }
);

/** Where a process does not look again: it has no older records. */
const END = "-";

/** Returns where each process continues, from the `before` of a request; undefined for a process that has no older records. */
export function readCursors(
  before: string | undefined,
): Readonly<Record<"operator" | "api", string | undefined | "end">> {
  const [operator = "", api = ""] = (before ?? "/").split("/");
  const place = (text: string): string | undefined | "end" => (text === END ? "end" : text === "" ? undefined : text);
  return { operator: place(operator), api: place(api) };
}

/**
 * Puts the records of several processes into one page, newest first. Those of one process stay in their order, by which its cursor continues:
 * their times may be those of several clocks. Records that are older than what another process has searched are left for the next page. A
 * process that could not be asked continues where it was. Pure.
 */
export function mergeAudit(parts: readonly AskedPart[], limit: number): AuditPage {
  const { shown, counts } = newestFirst(parts, limit);
  const horizon = parts
    .flatMap((one) => ("part" in one && one.part.reached !== undefined ? [one.part.reached] : []))
    .sort()
    .at(-1);
  const cursors = parts.map((one, index) => {
    if (!("part" in one)) return one.before ?? "";
    const { hits, next } = one.part;
    const count = counts[index] ?? 0;
    if (count === hits.length) return next ?? END;
    return hits[count - 1]?.cursor ?? one.before ?? "";
  });
  const more = cursors.some((cursor) => cursor !== END);
  return {
    items: shown,
    ...(more ? { next: cursors.join("/") } : {}),
    ...(more && horizon !== undefined ? { searchedTo: horizon } : {}),
    sources: parts.map((one) => {
      if (!("part" in one)) return { name: one.name, unavailable: one.unavailable };
      const { stored, begins, damaged } = one.part;
      return {
        ...{ name: one.name, stored },
        ...(begins === undefined ? {} : { begins }),
        ...(damaged === 0 ? {} : { damaged }),
      };
    }),
  };
}

/** Merges the records of all parts, and counts those of each. Ends where a part may have newer ones that were not searched yet. */
function newestFirst(
  parts: readonly AskedPart[],
  limit: number,
): { readonly shown: AuditRecordView[]; readonly counts: readonly number[] } {
  const shown: AuditRecordView[] = [];
  const counts = parts.map(() => 0);
  while (shown.length < limit) {
    let newest: { readonly index: number; readonly record: AuditRecordView } | undefined;
    let horizon = "";
    for (const [index, one] of parts.entries()) {
      if (!("part" in one)) continue;
      const { hits, reached = "" } = one.part;
      const record = hits[counts[index] ?? 0]?.record;
      if (record === undefined) horizon = reached > horizon ? reached : horizon;
      else if (newest === undefined || record.time > newest.record.time) newest = { index, record };
    }
    if (newest === undefined || newest.record.time < horizon) break;
    shown.push(newest.record);
    counts[newest.index] = (counts[newest.index] ?? 0) + 1;
  }
  return { shown, counts };
}
