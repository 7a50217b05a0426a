import type { ChangeKind } from "../../api/core/changes.js";
import type { ChangeNotifier } from "./change-notifier.js";
import type { Database } from "./database.js";

/** Kinds of resources that have revisions. Changes of tokens are not published. */
export type RevisionKind = ChangeKind | "token";

/** A deleted resource. */
export interface Tombstone {
  readonly kind: ChangeKind;
  readonly id: string;
}

/** Maximum number of stored deletions. A client with an older cursor gets a full list. */
export const MAX_TOMBSTONES = 10_000;

interface StateRow {
  readonly database_id: string;
  readonly revision: number;
  readonly changed: number;
  readonly oldest: number;
}

/**
 * The counter from which every write takes its revision, in the transaction of the write. ETags and cursors contain
 * revisions. Cursors start with the id of the database, so that a cursor of another database is detected.
 */
export class Revisions {
  readonly #database;
  readonly #notifier: ChangeNotifier;
  readonly #read;
  readonly #count;
  readonly #countUnpublished;
  readonly #markKind;
  readonly #kindRevision;
  readonly #insertTombstone;
  readonly #tooOld;
  readonly #deleteTombstones;
  readonly #raiseOldest;
  readonly #tombstonesSince;

  constructor(database: Database, notifier: ChangeNotifier) {
    this.#database = database;
    this.#notifier = notifier;
    this.#read = database.query<StateRow>("SELECT database_id, revision, changed, oldest FROM state");
    this.#count = database.query<{ revision: number }>(
      "UPDATE state SET revision = revision + 1, changed = revision + 1 RETURNING revision",
    );
    this.#countUnpublished = database.query<{ revision: number }>(
      "UPDATE state SET revision = revision + 1 RETURNING revision",
    );
    this.#markKind = database.query("INSERT OR REPLACE INTO kind_revisions (kind, revision) VALUES (?, ?)");
    this.#kindRevision = database.query<{ revision: number }>("SELECT revision FROM kind_revisions WHERE kind = ?");
    this.#insertTombstone = database.query("INSERT INTO tombstones (revision, kind, id) VALUES (?, ?, ?)");
    this.#tooOld = database.query<{ revision: number }>(
      "SELECT revision FROM tombstones ORDER BY revision DESC LIMIT 1 OFFSET ?",
    );
    this.#deleteTombstones = database.query("DELETE FROM tombstones WHERE revision <= ?");
    this.#raiseOldest = database.query("UPDATE state SET oldest = ?");
    this.#tombstonesSince = database.query<Tombstone>(
      "SELECT kind, id FROM tombstones WHERE revision > ? ORDER BY revision",
    );
  }

  /** Returns the revision for the current write. */
  next(kind: RevisionKind): number {
    const counter = kind === "token" ? this.#countUnpublished : this.#count;
    const revision = counter.get()?.revision ?? 0;
    this.#markKind.run(kind, revision);
    if (kind !== "token") this.#database.afterCommit(() => this.#notifier.notify());
    return revision;
  }

  /** Records the deletion of a resource in the current transaction. */
  recordDeletion(kind: RevisionKind, id: string): void {
    const revision = this.next(kind);
    if (kind === "token") return;
    this.#insertTombstone.run(revision, kind, id);
    const oldest = this.#tooOld.get(MAX_TOMBSTONES)?.revision;
    if (oldest === undefined) return;
    this.#deleteTombstones.run(oldest);
    this.#raiseOldest.run(oldest);
  }

  /** Returns the current cursor. */
  cursor(): string {
    const { database_id: id, changed } = this.#state();
    return `${id}-${changed}`;
  }

  /** Returns the revision of a cursor; undefined if it belongs to another database or is older than the stored deletions. */
  since(cursor: string | undefined): number | undefined {
    const { database_id: id, changed, oldest } = this.#state();
    const [prefix, digits = ""] = cursor?.split("-") ?? [];
    if (prefix !== id || !/^[0-9]{1,15}$/.test(digits)) return undefined;
    const revision = Number(digits);
    return revision > changed || revision < oldest ? undefined : revision;
  }

  /** Returns the deletions after a revision, oldest first. */
  tombstones(since: number): Tombstone[] {
    return this.#tombstonesSince.all(since);
  }

  /** Returns the strong ETag of the list of all resources of a kind. */
  listEtag(kind: RevisionKind): string {
    return `"${this.#state().database_id}-${kind}-${this.#kindRevision.get(kind)?.revision ?? 0}"`;
  }

  #state(): StateRow {
    const row = this.#read.get();
    if (row === undefined) throw new Error("the table state is empty");
    return row;
  }
}
