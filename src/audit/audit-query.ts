import type { AuditOutcome, AuditRecord } from "./record.js";

/** What to look for. Unset fields match everything. */
export interface AuditFilter {
  readonly user?: string | undefined;
  readonly verb?: string | undefined;
  readonly outcome?: AuditOutcome | undefined;
  readonly namespace?: string | undefined;
  readonly name?: string | undefined;
  /** Earliest time, and the time before which records were made; milliseconds since the epoch. */
  readonly since?: number | undefined;
  readonly until?: number | undefined;
}

/** A query: at most `limit` records, older than the cursor `before`. */
export interface AuditSearch {
  readonly filter: AuditFilter;
  readonly limit: number;
  readonly before?: string | undefined;
}

/** Records of one chain, newest first. */
export interface AuditFound {
  readonly hits: readonly { readonly record: AuditRecord; readonly cursor: string }[];
  /** Where the search continues; undefined at the end. */
  readonly next: string | undefined;
  /** Time of the oldest record that was searched. */
  readonly reached: string | undefined;
  /** Number of lines that were changed. */
  readonly damaged: number;
}

/** Where records can be looked for. */
export interface AuditSearcher {
  readonly stored: "files" | "memory";
  /** Earlier records are not there. RFC 3339; undefined if files are searched. */
  readonly begins: string | undefined;
  search(search: AuditSearch): Promise<AuditFound>;
}

/** Reports whether a record matches. Pure. */
export function matchesAudit({ user, verb, outcome, namespace, name, since, until }: AuditFilter, record: AuditRecord) {
  const time = Date.parse(record.time);
  return (
    (user === undefined || record.actor === user) &&
    (verb === undefined || record.verb === verb) &&
    (outcome === undefined || record.outcome === outcome) &&
    (namespace === undefined || record.object.namespace === namespace) &&
    (name === undefined || record.object.name === name) &&
    (since === undefined || time >= since) &&
    (until === undefined || time < until)
  );
}

/** Returns texts that the line of each matching record contains, by which most lines are sorted out without parsing them. */
export function textsOfMatch({ user, verb, outcome, namespace, name }: AuditFilter): string[] {
  const pairs = Object.entries({ actor: user, verb, outcome, namespace, name });
  return pairs.flatMap(([key, value]) => (value === undefined ? [] : [`"${key}":${JSON.stringify(value)}`]));
}

/** Looks for records in memory, the oldest of which is the first one. A cursor is the number of a record. */
export function searchMemory(records: readonly AuditRecord[], { filter, limit, before }: AuditSearch): AuditFound {
  const start = before === undefined ? Number.POSITIVE_INFINITY : Number(before);
  const older = records.filter((record) => record.number < start && matchesAudit(filter, record)).reverse();
  const hits = older.slice(0, limit).map((record) => ({ record, cursor: String(record.number) }));
  const last = hits.at(-1);
  const more = older.length > limit && last !== undefined;
  return { hits, next: more ? last.cursor : undefined, reached: more ? last.record.time : undefined, damaged: 0 };
}
