import type { AuditPage, AuditPart } from "../../api/rest/audit.js";

/** The part of a page that one process answers, or why it does not. */
export type AskedPart = { readonly name: "operator" | "api" } & (
  | { readonly part: AuditPart; readonly before: string | undefined }
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
 * Puts the records of several processes into one page, newest first. Records that are older than what a process has searched are left
 * for the next page, so that none is shown out of order. Pure.
 */
export function mergeAudit(parts: readonly AskedPart[], limit: number): AuditPage {
  const horizon = parts
    .flatMap((one) => ("part" in one && one.part.reached !== undefined ? [one.part.reached] : []))
    .sort()
    .at(-1);
  const all = parts.flatMap((one) => ("part" in one ? one.part.hits.map((hit) => ({ ...hit, from: one.name })) : []));
  const newest = all.sort((a, b) => (a.record.time < b.record.time ? 1 : a.record.time > b.record.time ? -1 : 0));
  const shown = newest.filter(({ record }) => horizon === undefined || record.time >= horizon).slice(0, limit);
  const cursors = parts.map((one) => {
    if (!("part" in one)) return END;
    const own = shown.filter(({ from }) => from === one.name);
    if (own.length === one.part.hits.length) return one.part.next ?? END;
    return own.at(-1)?.cursor ?? one.before ?? "";
  });
  const more = cursors.some((cursor) => cursor !== END);
  return {
    items: shown.map(({ record }) => record),
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
