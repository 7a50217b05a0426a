import { randomUUID } from "node:crypto";
import type { Clock } from "../base/clock.js";
import { messageOf } from "../base/errors.js";
import type { Logger } from "../base/logger.js";
import type { AuditFile } from "./audit-file.js";
import { type AuditFound, type AuditSearch, type AuditSearcher, searchMemory } from "./audit-query.js";
import { type AuditEntry, type AuditRecord, type ChainPosition, nextRecord } from "./record.js";
import { searchFiles } from "./search-files.js";

/** Records audited actions. */
export interface AuditSink {
  /**
   * Records an action. Resolves when it is stored: with files, when it is on disk. Rejects if it cannot be stored; callers that act for
   * users should then refuse the action.
   */
  record(entry: AuditEntry): Promise<void>;
}

/** Options of the trail. */
export interface AuditTrailOptions {
  readonly clock: Clock;
  /** Each record is logged as `audit` at info. */
  readonly logger: Logger;
  /** Files; undefined for the log only. */
  readonly file: AuditFile | undefined;
  /** Called for each record that could not be stored. */
  readonly onFailure: () => void;
}

/** Records that are kept in memory without files. */
const MAX_RECENT = 1_000;

interface Pending {
  readonly record: AuditRecord;
  readonly done: () => void;
  readonly failed: (error: unknown) => void;
}

/**
 * The audit trail of a process: a chain of records in the log and, if configured, in files. Records that come while others are written
 * are written together, so that the cost of a disk flush is shared.
 */
export class AuditTrail implements AuditSink, AuditSearcher {
  readonly #options: AuditTrailOptions;
  readonly stored: "files" | "memory";
  /** Without files, the latest records, the oldest first. */
  readonly #recent: AuditRecord[] = [];
  #begins: string;
  #position: ChainPosition;
  #pending: Pending[] = [];
  #writing: Promise<void> | undefined;

  constructor(options: AuditTrailOptions) {
    this.#options = options;
    this.#position = options.file?.position ?? { chain: randomUUID(), number: 0, hash: "" };
    this.stored = options.file === undefined ? "memory" : "files";
    this.#begins = new Date(options.clock.now()).toISOString();
  }

  get begins(): string | undefined {
    return this.stored === "memory" ? this.#begins : undefined;
  }

  /** Looks for records, newest first: in the files, or in what is left in memory. */
  async search(search: AuditSearch): Promise<AuditFound> {
    const { file } = this.#options;
    return file === undefined ? searchMemory(this.#recent, search) : searchFiles(file.dir, search);
  }

  record(entry: AuditEntry): Promise<void> {
    const record = nextRecord(entry, this.#position, this.#options.clock.now());
    this.#position = record;
    const stored = new Promise<void>((done, failed) => {
      this.#pending.push({ record, done, failed });
    });
    this.#writing ??= this.#write();
    return stored;
  }

  /** Waits until everything is stored. */
  async flush(): Promise<void> {
    while (this.#writing !== undefined) await this.#writing;
  }

  async #write(): Promise<void> {
    // Records of the same turn of the event loop are written together.
    await Promise.resolve();
    while (this.#pending.length > 0) {
      const batch = this.#pending;
      this.#pending = [];
      try {
        await this.#options.file?.append(batch.map(({ record }) => record));
        for (const { record, done } of batch) {
          if (this.stored === "memory") this.#remember(record);
          this.#options.logger.info("audit", { audit: record });
          done();
        }
      } catch (error) {
        this.#fail([...batch, ...this.#pending], error);
      }
    }
    // In the same turn as the check above: a record that comes later begins to write again.
    this.#writing = undefined;
  }

  #remember(record: AuditRecord): void {
    this.#recent.push(record);
    if (this.#recent.length <= MAX_RECENT) return;
    this.#recent.shift();
    this.#begins = this.#recent[0]?.time ?? this.#begins;
  }

  /** Rejects records. The chain goes on after the last one that is stored. */
  #fail(records: readonly Pending[], error: unknown): void {
    const { logger, onFailure, file } = this.#options;
    this.#pending = [];
    if (file) this.#position = file.position;
    logger.error("audit records cannot be stored", { records: records.length, error: messageOf(error) });
    for (const { failed } of records) {
      onFailure();
      failed(error);
    }
  }
}
