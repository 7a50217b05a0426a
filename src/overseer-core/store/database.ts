import { backup, DatabaseSync, type DatabaseSyncInstance } from "@photostructure/sqlite";
import { messageOf, OverseerError } from "../../base/errors.js";
import { ProblemError } from "../../http/problem.js";

/** A SQLite value. */
export type SqlValue = string | number | null | Uint8Array;

/** A prepared statement. */
export interface Query<Row> {
  /** Returns the first row. */
  get(...values: readonly SqlValue[]): Row | undefined;
  all(...values: readonly SqlValue[]): Row[];
  /** Runs the statement; returns the number of changed rows. */
  run(...values: readonly SqlValue[]): number;
}

/** SQLite result codes: the file is locked, corrupt or not a database; the disk is full. */
const BUSY = 5;
const CORRUPT = 11;
const NOT_A_DATABASE = 26;
const FULL = 13;

/**
 * A SQLite file locked by this process. Transactions are durable when `transaction` returns (write-ahead log,
 * `synchronous=FULL`). The lock is held by the kernel, so it is released however the process ends.
 */
export class Database {
  readonly #sqlite: DatabaseSyncInstance;
  #depth = 0;
  #afterCommit: (() => void)[] = [];

  private constructor(sqlite: DatabaseSyncInstance) {
    this.#sqlite = sqlite;
  }

  /**
   * Opens or creates the file and locks it. Throws a terminal OverseerError: CORE_DATA_LOCKED if another process holds
   * the lock, CORE_DATA_UNREADABLE if the file cannot be used.
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

  /** Prepares a statement. `Row` must match its columns; this is not checked at runtime. */
  query<Row>(sql: string): Query<Row> {
    const statement = this.#sqlite.prepare(sql);
    return {
      get: (...values) => statement.get(...values) as Row | undefined,
      all: (...values) => statement.all(...values) as Row[],
      run: (...values) => Number(statement.run(...values).changes),
    };
  }

  /** Runs statements without results, such as migrations. The text must be trusted. */
  execute(sql: string): void {
    this.#sqlite.exec(sql);
  }

  /**
   * Runs `work` in a transaction. A nested call joins the outer transaction. Throws and rolls back if `work` is asynchronous, and
   * DISK_FULL if there is no space for what it writes.
   */
  transaction<T>(work: () => T): T {
    if (this.#depth > 0) return work();
    this.#sqlite.exec("BEGIN IMMEDIATE");
    this.#depth++;
    let result: T;
    try {
      result = work();
      if (result instanceof Promise) throw new Error("a transaction cannot be asynchronous");
      this.#sqlite.exec("COMMIT");
    } catch (error) {
      this.#afterCommit = [];
      if (this.#sqlite.isTransaction) this.#sqlite.exec("ROLLBACK");
      throw codeOf(error) === FULL ? diskFull() : error;
    } finally {
      this.#depth--;
    }
    const callbacks = this.#afterCommit;
    this.#afterCommit = [];
    for (const callback of callbacks) callback();
    return result;
  }

  /** Calls `callback` after the current transaction has committed; never if it is rolled back. */
  afterCommit(callback: () => void): void {
    this.#afterCommit.push(callback);
  }

  /** Writes a consistent copy to a new file while other statements run. What is written meanwhile may be part of it. */
  async copyTo(path: string): Promise<void> {
    await backup(this.#sqlite, path);
  }

  /** Checkpoints the log and releases the lock. */
  close(): void {
    this.#sqlite.close();
  }
}

/** Returns the result code of SQLite; undefined for other errors. */
function codeOf(error: unknown): number | undefined {
  return error instanceof Error && "errcode" in error ? Number(error.errcode) & 0xff : undefined;
}

function diskFull(): ProblemError {
  return new ProblemError(
    "DISK_FULL",
    "the disk of the Core is full: nothing was changed; free space on the file system of its data directory, and repeat the request",
  );
}

function openError(path: string, error: unknown): OverseerError {
  const code = codeOf(error);
  if (code === BUSY) {
    return new OverseerError(`${path} is in use by another process: set another data directory with --data`, {
      code: "CORE_DATA_LOCKED",
      reason: "DataLocked",
      class: "terminal",
      cause: error,
    });
  }
  const corrupt = code === CORRUPT || code === NOT_A_DATABASE;
  const remedy = corrupt
    ? "the file is damaged or not a database: restore it from a backup"
    : "check that this user can write to it";
  return new OverseerError(`cannot open ${path}: ${messageOf(error)}; ${remedy}`, {
    code: "CORE_DATA_UNREADABLE",
    reason: "DataUnreadable",
    class: "terminal",
    cause: error,
  });
}
