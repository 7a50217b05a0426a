import type { CoreAppObserved } from "../../api/core/app.js";
import type { CoreBackupResult, CoreDataWork } from "../../api/core/app-backup.js";
import { messageOf } from "../../base/errors.js";

/** A project to deploy. */
export interface Deployment {
  /** Name of the app, unique on the node. */
  readonly project: string;
  readonly version: number;
  /** Compose document, with unresolved references to secrets. */
  readonly compose: string;
  /** Secret values by name. They must not be written to disk or logs. */
  readonly secrets: ReadonlyMap<string, string>;
  /** Credentials of registries: Docker configurations in JSON by the name of their secret. The same applies to them. */
  readonly pullSecrets: ReadonlyMap<string, string>;
  /**
   * Why a version is deployed that was deployed before: to revert drift, or after a newer version failed. It then runs the images that
   * it ran before, also if their names stand for newer ones now. To revert drift, containers without drift are kept.
   */
  readonly again?: "drift" | "fallback";
}

/** Appends a line to the log of a job. */
export type LogLine = (line: string) => void;

/** Result of a job. */
export interface RunResult {
  readonly runner: string;
  /** Running services; for a removal, the stopped ones. */
  readonly services: readonly string[];
  /** Existing named volumes, also after a removal. */
  readonly volumes: readonly string[];
  /** Images by service, each with its digest or ID, if the runner has images. */
  readonly images?: Readonly<Record<string, string>>;
}

/** Options of a failed deployment. */
export interface RunErrorOptions {
  /** Whether services were changed before the failure, so that the previous version has to be deployed again. */
  readonly changed?: boolean;
}

/** A failed deployment or removal. The message never contains a secret value. */
export class RunError extends Error {
  readonly code = "RUN_FAILED";
  /** Whether services were changed before the failure, so that the previous version has to be deployed again. */
  readonly changed: boolean;

  constructor(message: string, options: RunErrorOptions = {}) {
    super(message);
    this.name = "RunError";
    this.changed = options.changed ?? false;
  }
}

/** A failure that may be temporary or lasting. A job that fails with it again and again has failed. */
export class RecurringError extends Error {}

/** What a runner reports about the node and its apps without being asked. */
export interface RunnerReports {
  /** Sets why the node cannot run jobs; null if it can. */
  problem(text: string | null): void;
  /**
   * Sets the state of an app. `redeploy` requests a deployment of the version that runs, to revert drift. `volumes`: its anonymous volumes.
   */
  app(name: string, observed: CoreAppObserved | null, redeploy: boolean, volumes?: readonly string[]): void;
}

/** A backup or restore of the data of an app. */
export interface DataJob {
  readonly id: string;
  readonly app: string;
  readonly work: CoreDataWork;
  /** Secrets of the backup program by name. They must not be written to disk, logs or arguments. */
  readonly secrets: ReadonlyMap<string, string>;
}

/**
 * Stores and restores the data of apps. Both can be repeated after a crash. They throw RunError on failure, the abort reason when
 * `signal` is aborted, and other errors for temporary failures after which they are to be repeated.
 */
export interface DataRunner {
  backup(job: DataJob, log: LogLine, signal: AbortSignal): Promise<CoreBackupResult>;
  restore(job: DataJob, log: LogLine, signal: AbortSignal): Promise<{ readonly restored: readonly string[] }>;
}

/**
 * Runs Compose documents on a node. `deploy` and `remove` are idempotent and can be repeated after a crash. They throw RunError on
 * failure, the abort reason when `signal` is aborted, and other errors for temporary failures after which they are to be repeated.
 */
export interface Runner {
  readonly name: "docker" | "simulated";
  readonly data: DataRunner;
  /** Runs the services of this document and stops all other services of the project. */
  deploy(deployment: Deployment, log: LogLine, signal: AbortSignal): Promise<RunResult>;
  /** Stops all services of a project. Its named volumes remain. */
  remove(project: string, log: LogLine, signal: AbortSignal): Promise<RunResult>;
  /** Reports the state of the node and its apps until `signal` is aborted. */
  watch?(reports: RunnerReports, signal: AbortSignal): Promise<void>;
}

/** Whether a write failed because the disk, or the quota of the user, is full. */
export function isDiskFull(error: unknown): boolean {
  return error instanceof Error && "code" in error && (error.code === "ENOSPC" || error.code === "EDQUOT");
}

/** Explains such an error. `next`: what to do when there is space again, as in `deploy again`. */
export function diskFullText(error: unknown, next: string): string {
  return `the disk of the node is full: free space, then ${next} (${messageOf(error)})`;
}
