import { DatabaseSync, type DatabaseSyncInstance } from "@photostructure/sqlite";
import { messageOf, OverseerError } from "../../base/errors.js";

/** A value that SQLite keeps. */
export type SqlValue = string | number | null | Uint8Array;

/** A statement, prepared once. */
export interface Query<Row> {
  /** The first row. */
  get(...values: readonly SqlValue[]): Row | undefined;
  all(...values: readonly SqlValue[]): Row[];
  /** Runs it; gives the number of rows that it changed. */
  run(...values: readonly SqlValue[]): number;
}

/** Codes of SQLite: somebody else holds the file; it is no database. */
const BUSY = 5;
const CORRUPT = 11;
const NOT_A_DATABASE = 26;

/**
 * A SQLite file that this process has to itself. What a transaction wrote is on the disk when `transaction` returns:
 * write-ahead log, `synchronous=FULL`. The lock is the kernel's, so that it goes with the process, however that ends.
 */
export class Database {
  readonly #sqlite: DatabaseSyncInstance;
  #depth = 0;
  #afterCommit: (() => void)[] = [];

  private constructor(sqlite: DatabaseSyncInstance) {
    this.#sqlite = sqlite;
  }

  /**
   * Opens or makes the file and takes its lock. Throws a terminal OverseerError: CORE_DATA_LOCKED when another process has
   * it, CORE_DATA_UNREADABLE when it cannot be used.
   */
  static open(path: string): Database {
    let sqlite: DatabaseSyncInstance | undefined;
    try {
      sqlite = new DatabaseSync(path);
      sqlite.exec("PRAGMA locking_mode = EXCLUSIVE");
      sqlite.exec("PRAGMA journal_mode = WAL");
      sqlite.exec("PRAGMA synchronous = FULL");
      sqlite.exec("PRAGMA foreign_keys = ON");
      sqlite.exec("PRAGMA secure_delete = ON");
      sqlite.exec("BEGIN EXCLUSIVE; COMMIT");
      return new Database(sqlite);
    } catch (error) {
      sqlite?.close();
      throw openError(path, error);
    }
  }

  /** Prepares a statement. `Row` is what its columns are; nobody checks that but the tests. */
  query<Row>(sql: string): Query<Row> {
    const statement = this.#sqlite.prepare(sql);
    return {
      get: (...values) => statement.get(...values) as Row | undefined,
      all: (...values) => statement.all(...values) as Row[],
      run: (...values) => Number(statement.run(...values).changes),
    };
  }

  /** Runs statements that give nothing, such as those of a migration. Never with a text from outside. */
  execute(sql: string): void {
    this.#sqlite.exec(sql);
  }

  /** All that `work` writes, or nothing of it. Inside another transaction it is part of that one. */
  transaction<T>(work: () => T): T {
    if (this.#depth > 0) return work();
    this.#sqlite.exec("BEGIN IMMEDIATE");
    this.#depth++;
    let result: T;
    try {
      result = work();
      this.#sqlite.exec("COMMIT");
    } catch (error) {
      this.#afterCommit = [];
      if (this.#sqlite.isTransaction) this.#sqlite.exec("ROLLBACK");
      throw error;
    } finally {
      this.#depth--;
    }
    const after = this.#afterCommit;
    this.#afterCommit = [];
    for (const call of after) call();
    return result;
  }

  /** Calls `call` once the present transaction is on the disk; never if it is rolled back. */
  afterCommit(call: () => void): void {
    this.#afterCommit.push(call);
  }

  /** Writes the log into the file and lets the lock go. */
  close(): void {
    this.#sqlite.close();
  }
}

function openError(path: string, error: unknown): OverseerError {
  const code = error instanceof Error && "errcode" in error ? Number(error.errcode) & 0xff : undefined;
  if (code === BUSY) {
    return new OverseerError(`${path} is in use by another process: each needs a data directory of its own (--data)`, {
      code: "CORE_DATA_LOCKED",
      reason: "DataLocked",
      class: "terminal",
      cause: error,
    });
  }
  const broken = code === CORRUPT || code === NOT_A_DATABASE;
  const advice = broken
    ? "it is damaged or no database: restore it from a backup"
    : "see that this user may write there";
  return new OverseerError(`cannot open ${path}: ${messageOf(error)}; ${advice}`, {
    code: "CORE_DATA_UNREADABLE",
    reason: "DataUnreadable",
    class: "terminal",
    cause: error,
  });
}
