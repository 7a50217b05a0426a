/** Exit codes of the command line. Documented; they never change. */
export const EXIT = {
  /** The command did what it was asked to do. */
  done: 0,
  /** The answer is no: differs, not ready, rejected, failed, or the source cannot be rendered. */
  failed: 1,
  /** The command line is wrong. */
  usage: 2,
  /** No connection to the cluster, or not signed in. */
  noConnection: 3,
  /** Not found, or not allowed. */
  notAllowed: 4,
  /** Not done in time. */
  timeout: 5,
  /** Ended by Ctrl+C. */
  interrupted: 130,
} as const;

/** An exit code. */
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** The command line names something that is not there, or contradicts itself. */
export class UsageError extends Error {}

/** An error with an exit code of its own. The message says what, where and what to do. */
export class CommandError extends Error {
  readonly exitCode: ExitCode;

  constructor(message: string, exitCode: ExitCode) {
    super(message);
    this.exitCode = exitCode;
  }
}
