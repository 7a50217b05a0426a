import { canonicalJson, sha256 } from "../base/hash.js";

/** How an audited action ended. `Refused`: it was not permitted, and nothing was done. */
export type AuditOutcome = "Started" | "Succeeded" | "Failed" | "Refused";

/** One audited action. No field may contain a secret value. */
export interface AuditEntry {
  /** User name of the person or ServiceAccount; `overseer-gitops` for what the operator does on its own. */
  readonly actor: string;
  /** What was done, for example sync, heal, approve. */
  readonly verb: string;
  /** The resource: kind, namespace and name. */
  readonly object: { readonly kind: string; readonly namespace?: string; readonly name: string };
  readonly outcome: AuditOutcome;
  /** Further facts, for example the Change, its revision and plan hash, or the address of the client. */
  readonly details?: Readonly<Record<string, string | number | readonly string[] | undefined>>;
}

/** An entry as it is stored. Its hash covers all other fields, including the hash of the record before. */
export interface AuditRecord extends AuditEntry {
  /** Identifies the chain: another one begins when no earlier record can be read. */
  readonly chain: string;
  /** 1 for the first record of a chain. */
  readonly number: number;
  /** RFC 3339, with milliseconds. */
  readonly time: string;
  /** Hash of the record before; empty for the first one. */
  readonly previous: string;
  readonly hash: string;
}

/** Where the next record continues. */
export interface ChainPosition {
  readonly chain: string;
  readonly number: number;
  readonly hash: string;
}

/** Returns the record of an entry after `position`. `now`: milliseconds since the epoch. */
export function nextRecord(entry: AuditEntry, position: ChainPosition, now: number): AuditRecord {
  const { actor, verb, object, outcome, details } = entry;
  const { chain, number, hash: previous } = position;
  const content = {
    ...{ chain, number: number + 1, time: new Date(now).toISOString(), actor, verb, object, outcome },
    ...(details === undefined ? {} : { details: withoutUnset(details) }),
    previous,
  };
  return { ...content, hash: sha256(canonicalJson(content)) };
}

/** Parses a line; undefined if it is not a record with the right hash. */
export function parseRecord(line: string): AuditRecord | undefined {
  try {
    const record = JSON.parse(line) as AuditRecord;
    const { hash, ...content } = record;
    return hash === sha256(canonicalJson(content)) ? record : undefined;
  } catch {
    return undefined;
  }
}

/** What `verifyChain` found. */
export interface ChainReport {
  readonly records: number;
  /** Number of the first line that was changed, or before which lines are missing, and why; undefined if the chain is intact. */
  readonly broken: { readonly line: number; readonly why: string } | undefined;
}

/**
 * Verifies lines in their order, which may begin within a chain, since old files are deleted. A changed, removed, moved or added line
 * breaks the chain. What was cut off at the end cannot be seen without the hash of a later record, for example from the log.
 */
export class ChainVerifier {
  first: AuditRecord | undefined;
  last: AuditRecord | undefined;

  /** Takes the next line, and returns why it breaks the chain; undefined if it does not. */
  next(line: string): string | undefined {
    const record = parseRecord(line);
    const before = this.last;
    if (record === undefined) return "the line is damaged or was changed";
    if (before !== undefined) {
      if (record.chain !== before.chain) return "the line belongs to another chain";
      if (record.number !== before.number + 1) return `record ${before.number + 1} is missing`;
      if (record.previous !== before.hash) return "the line does not follow the one before";
    }
    this.first ??= record;
    this.last = record;
    return undefined;
  }
}

/** Verifies lines as `ChainVerifier` does. */
export function verifyChain(lines: readonly string[]): ChainReport {
  const chain = new ChainVerifier();
  for (const [index, line] of lines.entries()) {
    const why = chain.next(line);
    if (why !== undefined) return { records: index, broken: { line: index + 1, why } };
  }
  return { records: lines.length, broken: undefined };
}

function withoutUnset(details: NonNullable<AuditEntry["details"]>): NonNullable<AuditEntry["details"]> {
  return Object.fromEntries(Object.entries(details).filter(([, value]) => value !== undefined));
}
