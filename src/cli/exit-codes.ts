/** Exit codes of the command line. Documented; they never change. */
export const EXIT = {
  /** The command did what it was asked to do. */
  done: 0,
  /** The answer is no: the source cannot be rendered. */
  failed: 1,
  /** The command line is wrong. */
  usage: 2,
} as const;

/** The command line names something that is not there, or contradicts itself. */
export class UsageError extends Error {}
