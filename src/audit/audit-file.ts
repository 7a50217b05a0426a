import { randomUUID } from "node:crypto";
import { type FileHandle, mkdir, open, readdir, readFile, rename, rm, truncate } from "node:fs/promises";
import { join } from "node:path";
import { messageOf, OverseerError } from "../base/errors.js";
import { type AuditRecord, type ChainPosition, parseRecord } from "./record.js";

/** Options of the audit files. */
export interface AuditFileOptions {
  /** Directory, which is created if it does not exist. Only one process may write to it. */
  readonly dir: string;
  /** Size in bytes at which a new file begins. */
  readonly maxBytes: number;
  /** Number of complete files to keep besides the current one. */
  readonly maxFiles: number;
}

/** Name of the file that records are appended to. */
export const CURRENT_FILE = "audit.jsonl";
/** Names of complete files, with the number of their last record. */
export const COMPLETE_FILE = /^audit-(\d{12})\.jsonl$/;

/** Append-only files of audit records, of which `audit.jsonl` is the current one. A line is acknowledged when it is on disk. */
export class AuditFile {
  readonly #options: AuditFileOptions;
  /** Where the next record continues. */
  position: ChainPosition = { chain: randomUUID(), number: 0, hash: "" };
  #file: FileHandle | undefined;
  #bytes = 0;

  constructor(options: AuditFileOptions) {
    this.#options = options;
  }

  /** Directory of the files. */
  get dir(): string {
    return this.#options.dir;
  }

  /**
   * Opens the current file and continues its chain. Removes an incomplete last line, which was never acknowledged. Throws a terminal
   * OverseerError if the directory cannot be written, or a complete line was changed.
   */
  async open(): Promise<void> {
    const { dir } = this.#options;
    try {
      await mkdir(dir, { recursive: true, mode: 0o700 });
      await this.#recover();
      this.#file = await open(join(dir, CURRENT_FILE), "a", 0o600);
    } catch (error) {
      if (error instanceof OverseerError) throw error;
      throw new OverseerError(`cannot write audit records to ${dir}: ${messageOf(error)}; set another --audit-dir`, {
        ...{ code: "AUDIT_UNAVAILABLE", reason: "AuditUnavailable", class: "terminal", cause: error },
      });
    }
  }

  /** Appends records, and resolves when they are on disk. */
  async append(records: readonly AuditRecord[]): Promise<void> {
    if (this.#file === undefined) throw new Error("the audit file is not open");
    const text = records.map((record) => `${JSON.stringify(record)}\n`).join("");
    const before = this.#bytes;
    try {
      await this.#file.appendFile(text);
      await this.#file.datasync();
    } catch (error) {
      // Nothing after a torn line could be read.
      await this.#file.truncate(before).catch(() => {});
      throw error;
    }
    this.#bytes += Buffer.byteLength(text);
    const last = records.at(-1);
    if (last !== undefined) this.position = last;
    if (this.#bytes >= this.#options.maxBytes) await this.#rotate();
  }

  async close(): Promise<void> {
    await this.#file?.close();
    this.#file = undefined;
  }

  async #recover(): Promise<void> {
    const { dir } = this.#options;
    const text = await readFile(join(dir, CURRENT_FILE), "utf8").catch(() => "");
    const complete = text.slice(0, text.lastIndexOf("\n") + 1);
    this.#bytes = Buffer.byteLength(complete);
    if (complete !== text) await truncate(join(dir, CURRENT_FILE), this.#bytes);
    const last = complete === "" ? await this.#lastOfOlder() : complete.trimEnd().split("\n").at(-1);
    if (last === undefined) return;
    const record = parseRecord(last);
    if (record !== undefined) this.position = record;
    else
      throw new OverseerError(
        `the last audit record in ${dir} was changed: move the files away and restart, to begin a new chain`,
        {
          ...{ code: "AUDIT_BROKEN", reason: "AuditBroken", class: "terminal" },
        },
      );
  }

  async #lastOfOlder(): Promise<string | undefined> {
    const newest = (await this.#completeFiles()).at(-1);
    if (newest === undefined) return undefined;
    return (await readFile(join(this.#options.dir, newest), "utf8")).trimEnd().split("\n").at(-1);
  }

  /** Complete files, oldest first. */
  async #completeFiles(): Promise<string[]> {
    return (await readdir(this.#options.dir)).filter((name) => COMPLETE_FILE.test(name)).sort();
  }

  /** Begins a new file. If that fails, the current one grows, and the next append tries again. */
  async #rotate(): Promise<void> {
    const { dir, maxFiles } = this.#options;
    const before = this.#file;
    try {
      await rename(join(dir, CURRENT_FILE), join(dir, `audit-${String(this.position.number).padStart(12, "0")}.jsonl`));
      this.#file = await open(join(dir, CURRENT_FILE), "a", 0o600);
      this.#bytes = 0;
      await before?.close();
      const files = await this.#completeFiles();
      for (const name of files.slice(0, Math.max(0, files.length - maxFiles))) await rm(join(dir, name));
    } catch {
      // The records are on disk already.
    }
  }
}
