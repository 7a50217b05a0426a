import { hostname } from "node:os";
import { z } from "zod";
import { type CoreSnapshot, MAX_SNAPSHOTS } from "../../../api/core/app-backup.js";
import type { Clock } from "../../../base/clock.js";
import { ChildError } from "../../../child/child-error.js";
import { findProgram } from "../../../child/confinement.js";
import { runChild } from "../../../child/run-child.js";
import { pause } from "../pause.js";
import { BackupError } from "./backup-error.js";
import { resticSecrets } from "./restic-env.js";

const Snapshot = z.object({
  id: z.string(),
  short_id: z.string(),
  time: z.string(),
  hostname: z.string().default(""),
  tags: z.array(z.string()).nullish(),
  /** ID before its tags were changed. */
  original: z.string().optional(),
  paths: z.array(z.string()),
});
/** A stored backup as restic describes it. */
export type Snapshot = z.infer<typeof Snapshot>;

/** Summary of `restic backup --json`, its last line. */
const Summary = z.object({
  message_type: z.literal("summary"),
  snapshot_id: z.string(),
  total_bytes_processed: z.number(),
});

/** Options of restic. */
export interface ResticOptions {
  /** Directories to search for `restic`. */
  readonly path: string;
  /** Variables for every call: the home directory. */
  readonly env: Readonly<Record<string, string>>;
  readonly cacheDir: string;
  /** Name of the node. Nodes can share a repository. */
  readonly node: string;
  readonly clock: Clock;
}

/** Time for one command: a first backup over a slow link takes hours. */
const TIMEOUT_MS = 48 * 60 * 60_000;
const MAX_OUTPUT = 16 * 1024 * 1024;
/** Longest part of the output of restic in an error. */
const MAX_TEXT = 600;
/** Another node prunes the shared repository: wait this long for its lock. Locks of dead processes on other machines expire after 30 minutes. */
const LOCK_WAIT_MS = 35 * 60_000;
/** The same while an app may be stopped. `prepare` has waited before. */
const STOPPED_LOCK_WAIT_MS = 60_000;
const LOCK_RETRY_MS = 5_000;
/** Incomplete backups that are removed at a time. */
const MAX_FORGOTTEN = 500;
/** Tag of backups until they are verified, so that one that failed at any moment never counts as complete. */
const INCOMPLETE = "overseer-incomplete";
const DAY_MS = 24 * 60 * 60_000;

/**
 * Stores and restores directories by the program restic. Repository and credentials are in the environment of each call and nowhere else.
 * If this process dies, the kernel ends restic, so that a copy never goes on while the app is started again. Methods throw
 * BackupError, or the reason of the signal.
 */
export class Restic {
  readonly #options: ResticOptions;
  readonly #repository: Readonly<Record<string, string>>;
  readonly #signal: AbortSignal;

  constructor(options: ResticOptions, repository: Readonly<Record<string, string>>, signal: AbortSignal) {
    this.#options = options;
    this.#repository = repository;
    this.#signal = signal;
  }

  /**
   * Verifies that the repository can be opened, and removes locks of processes that no longer exist. Creates the repository if
   * `mayCreate`. `waitForLocks`: waits until no other process uses it.
   */
  async prepare(mayCreate: boolean, waitForLocks: boolean): Promise<void> {
    const { code, text } = await this.#try(["unlock"]);
    if (code !== 0) {
      const missing =
        code === 10 || /is there a repository at|specified key does not exist|config file does not exist/i.test(text);
      if (!missing || /wrong password|no key found/i.test(text)) throw failure("unlock", code, text);
      if (!mayCreate) {
        throw new BackupError(
          `the repository does not exist, although backups were stored in it: check that its disk is mounted; to begin with a new one, set the secret backup.RESTIC_REPOSITORY again (${text})`,
        );
      }
      await this.#run(["init"]);
    }
    // Has no effect, and needs the repository for itself, as the check and the retention after the copy do.
    if (waitForLocks) await this.#run(["tag", "--remove", INCOMPLETE, "--tag", "overseer-none"]);
  }

  /** Stores directories of an app, as an incomplete backup until `keep` is called. Throws BackupError if a file could not be read. */
  async backup(app: string, paths: readonly string[]): Promise<{ id: string; sizeBytes: number }> {
    const tags = ["--tag", tagOf(app), "--tag", INCOMPLETE];
    const args = ["backup", "--json", "--host", this.#options.node, ...tags, "--", ...paths];
    const { code, text, output } = await this.#unlocked(args, STOPPED_LOCK_WAIT_MS);
    const summary = output
      .split("\n")
      .flatMap((line) => Summary.safeParse(parseJson(line)).data ?? [])
      .at(-1);
    if (code === 0 && summary !== undefined) {
      return { id: summary.snapshot_id, sizeBytes: summary.total_bytes_processed };
    }
    if (code !== 3) throw failure("backup", code, text);
    throw new BackupError(
      `some files could not be read, so that the backup is incomplete; set stop or preHooks in its policy if the app changes files while they are copied: ${text}`,
    );
  }

  /**
   * Makes a backup a complete one, and removes those of the app on this node that are older by more than `days`. The newest three complete ones
   * always stay. Returns the new ID. Throws BackupError, and removes nothing, if another backup is newer: a clock is wrong then, and
   * the age of backups says nothing.
   */
  async keep(app: string, stored: string, days: number): Promise<string> {
    await this.#run(["tag", "--remove", INCOMPLETE, stored]);
    const own = (await this.snapshots(app)).filter(({ hostname }) => hostname === this.#options.node);
    const [newest] = own;
    const kept = own.find((one) => !isIncomplete(one) && one.original?.startsWith(stored));
    if (kept === undefined || newest === undefined) {
      throw new BackupError(
        `the repository does not contain backup ${stored} that was just stored in it: check what else changes it`,
      );
    }
    if (Date.parse(kept.time) < Date.parse(newest.time)) {
      throw new BackupError(
        `backup ${newest.short_id} has the time ${newest.time}, which is after the one that was just made at ${kept.time}: correct the clock of the node, and delete the backups with a false time by restic forget; until then, no old backup is deleted`,
      );
    }
    const oldest = Date.parse(kept.time) - days * DAY_MS;
    const failed = own.filter((one) => isIncomplete(one) && Date.parse(one.time) < oldest).map(({ id }) => id);
    if (failed.length > 0) await this.#run(["forget", ...failed.slice(0, MAX_FORGOTTEN)]);
    const group = ["--host", this.#options.node, "--tag", tagOf(app), "--group-by", "host,tags"];
    await this.#run(["forget", ...group, "--keep-last", "3", "--keep-within", `${days}d`, "--prune"]);
    return kept.short_id;
  }

  /** Verifies the structure of the repository, and a random part of its data. */
  async check(): Promise<void> {
    const { code, text } = await this.#unlocked(["check", "--read-data-subset=2%"]);
    if (code === 0) return;
    if (!/contains errors|returned errors/i.test(text)) throw failure("check", code, text);
    throw new BackupError(`the repository is damaged, its backups may be unusable (restic check): ${text}`);
  }

  /** Returns the backups of an app, newest first, of all nodes. */
  async snapshots(app: string): Promise<Snapshot[]> {
    const output = await this.#run(["snapshots", "--json", "--tag", tagOf(app)]);
    const { data: list } = z.array(Snapshot).nullable().safeParse(parseJson(output));
    if (list === undefined)
      throw new BackupError("restic snapshots printed what is not a list of backups: check the version of restic");
    return (list ?? []).sort((a, b) => Date.parse(b.time) - Date.parse(a.time));
  }

  /** Returns a small file of a backup. */
  async dump(snapshot: string, path: string): Promise<string> {
    return this.#run(["dump", snapshot, path]);
  }

  /** Restores a directory of a backup below `target`, with its whole path, and compares what was written with the backup. */
  async restore(snapshot: string, path: string, target: string): Promise<void> {
    await this.#run(["restore", snapshot, "--verify", "--target", target, "--include", escapePattern(path)]);
  }

  async #run(args: readonly string[]): Promise<string> {
    const { code, text, output } = await this.#unlocked(args);
    if (code !== 0) throw failure(args[0] ?? "", code, text);
    return output;
  }

  /** Runs a command, again while another process holds a lock. */
  async #unlocked(
    args: readonly string[],
    waitMs = LOCK_WAIT_MS,
  ): Promise<{ code: number | undefined; text: string; output: string }> {
    const { clock } = this.#options;
    const deadline = clock.monotonic() + waitMs;
    for (;;) {
      const result = await this.#try(args);
      if (!isLocked(result.code, result.text) || clock.monotonic() > deadline) return result;
      await pause(clock, LOCK_RETRY_MS, this.#signal);
      await this.#try(["unlock"]);
    }
  }

  async #try(args: readonly string[]): Promise<{ code: number | undefined; text: string; output: string }> {
    const { path, env, cacheDir, clock } = this.#options;
    const places = path.split(":");
    const program = await findProgram("restic", places);
    if (program === undefined) throw new BackupError("the program restic is missing on the node: install restic");
    const setpriv = await findProgram("setpriv", places);
    if (setpriv === undefined) throw new BackupError("the program setpriv is missing on the node: install util-linux");
    const chunks: Buffer[] = [];
    let size = 0;
    try {
      const { code, stderr } = await runChild({
        program: setpriv,
        args: ["--pdeathsig", "KILL", "--", program, "--cache-dir", cacheDir, "--cleanup-cache", ...args],
        env: { ...env, PATH: path, ...this.#repository, RESTIC_PROGRESS_FPS: "0.1" },
        timeout: { clock, ms: TIMEOUT_MS },
        signal: this.#signal,
        onOutput: (chunk) => {
          size += chunk.length;
          chunks.push(chunk);
          // Only the end counts: progress of a long backup comes before.
          while (chunks.length > 1 && size - (chunks[0]?.length ?? 0) > MAX_OUTPUT) size -= chunks.shift()?.length ?? 0;
        },
      });
      if (code === undefined) throw new BackupError(`restic ${args[0]} was killed: check the memory of the node`);
      const output = Buffer.concat(chunks).toString("utf8");
      return { code, output, text: this.#shown(stderr.trim() === "" ? output : stderr) };
    } catch (error) {
      if (error instanceof ChildError) throw new BackupError(`restic ${args[0]}: ${error.message}`);
      throw error;
    }
  }

  #shown(text: string): string {
    let shown = text.trim().slice(-MAX_TEXT * 2);
    for (const secret of resticSecrets(this.#repository)) shown = shown.replaceAll(secret, "***");
    return shown.replaceAll(/\s*\n\s*/g, "; ").slice(-MAX_TEXT);
  }
}

/** Whether a snapshot was not verified, or some files could not be read when it was made. */
export function isIncomplete({ tags }: Snapshot): boolean {
  return tags?.includes(INCOMPLETE) ?? false;
}

/** Returns snapshots as they are reported. */
export function reported(snapshots: readonly Snapshot[]): CoreSnapshot[] {
  return snapshots.slice(0, MAX_SNAPSHOTS).map((snapshot) => ({
    id: snapshot.short_id,
    time: new Date(snapshot.time).toISOString(),
    node: snapshot.hostname || hostname(),
    incomplete: isIncomplete(snapshot),
  }));
}

function failure(command: string, code: number | undefined, text: string): BackupError {
  if (/wrong password|no key found/i.test(text)) {
    return new BackupError("the repository cannot be opened: the secret backup.RESTIC_PASSWORD is not its password");
  }
  if (isLocked(code, text)) {
    return new BackupError(
      `another process uses the repository, such as a long backup of another node, so that restic ${command} cannot run: ${text}`,
    );
  }
  return new BackupError(`restic ${command} failed with code ${code}: ${text}`);
}

function isLocked(code: number | undefined, text: string): boolean {
  return code === 11 || (code !== 0 && /already locked|unable to create lock/i.test(text));
}

function tagOf(app: string): string {
  return `overseer-app=${app}`;
}

/** Escapes the characters of a path that have a meaning in patterns of restic. */
function escapePattern(path: string): string {
  return path.replaceAll(/[\\*?[]/g, "\\$&");
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
