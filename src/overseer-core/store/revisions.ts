import type { ChangeKind } from "../../api/core/changes.js";
import type { ChangeNotifier } from "./change-notifier.js";
import type { Database } from "./database.js";

/** Kinds of resources that have revisions; tokens have them too, but nobody is told of their changes. */
export type RevisionKind = ChangeKind | "token";

/** A row that was deleted. */
export interface Tombstone {
  readonly kind: ChangeKind;
  readonly id: string;
}

/** Deletions that are remembered. Who last asked before the oldest of them is given everything anew. */
export const MAX_TOMBSTONES = 10_000;

interface StateRow {
  readonly database_id: string;
  readonly revision: number;
  readonly changed: number;
  readonly oldest: number;
}

/**
 * The one counter that every write takes its revision from, in the transaction of that write. ETags are made of it, and
 * cursors, which begin with the id of the database, so that one of another database is known as such.
 */
export class Revisions {
  readonly #database;
  readonly #bell: ChangeNotifier;
  readonly #read;
  readonly #count;
  readonly #countUnseen;
  readonly #markKind;
  readonly #kindRevision;
  readonly #bury;
  readonly #tooOld;
  readonly #forget;
  readonly #raiseOldest;
  readonly #buried;

  constructor(database: Database, bell: ChangeNotifier) {
    this.#database = database;
    this.#bell = bell;
    this.#read = database.query<StateRow>("SELECT database_id, revision, changed, oldest FROM state");
    this.#count = database.query<{ revision: number }>(
      "UPDATE state SET revision = revision + 1, changed = revision + 1 RETURNING revision",
    );
    this.#countUnseen = database.query<{ revision: number }>(
      "UPDATE state SET revision = revision + 1 RETURNING revision",
    );
    this.#markKind = database.query("INSERT OR REPLACE INTO kind_revisions (kind, revision) VALUES (?, ?)");
    this.#kindRevision = database.query<{ revision: number }>("SELECT revision FROM kind_revisions WHERE kind = ?");
    this.#bury = database.query("INSERT INTO tombstones (revision, kind, id) VALUES (?, ?, ?)");
    this.#tooOld = database.query<{ revision: number }>(
      "SELECT revision FROM tombstones ORDER BY revision DESC LIMIT 1 OFFSET ?",
    );
    this.#forget = database.query("DELETE FROM tombstones WHERE revision <= ?");
    this.#raiseOldest = database.query("UPDATE state SET oldest = ?");
    this.#buried = database.query<Tombstone>("SELECT kind, id FROM tombstones WHERE revision > ? ORDER BY revision");
  }

  /** The revision of a write that is under way. */
  next(kind: RevisionKind): number {
    const counter = kind === "token" ? this.#countUnseen : this.#count;
    const revision = counter.get()?.revision ?? 0;
    this.#markKind.run(kind, revision);
    if (kind !== "token") this.#database.afterCommit(() => this.#bell.ring());
    return revision;
  }

  /** Remembers a deletion that is under way. */
  bury(kind: RevisionKind, id: string): void {
    const revision = this.next(kind);
    if (kind === "token") return;
    this.#bury.run(revision, kind, id);
    const cut = this.#tooOld.get(MAX_TOMBSTONES)?.revision;
    if (cut === undefined) return;
    this.#forget.run(cut);
    this.#raiseOldest.run(cut);
  }

  /** Where the changes are now. */
  cursor(): string {
    const { database_id: id, changed } = this.#state();
    return `${id}-${changed}`;
  }

  /** The revision of a cursor; undefined when it is none of ours, or so old that deletions since are forgotten. */
  since(cursor: string | undefined): number | undefined {
    const { database_id: id, changed, oldest } = this.#state();
    const [prefix, digits = ""] = cursor?.split("-") ?? [];
    if (prefix !== id || !/^[0-9]{1,15}$/.test(digits)) return undefined;
    const revision = Number(digits);
    return revision > changed || revision < oldest ? undefined : revision;
  }

  /** Deletions after a revision, the oldest first. */
  tombstones(since: number): Tombstone[] {
    return this.#buried.all(since);
  }

  /** The strong ETag of the list of all resources of a kind. */
  listEtag(kind: RevisionKind): string {
    return `"${this.#state().database_id}-${kind}-${this.#kindRevision.get(kind)?.revision ?? 0}"`;
  }

  #state(): StateRow {
    const row = this.#read.get();
    if (row === undefined) throw new Error("the table state is empty");
    return row;
  }
}
