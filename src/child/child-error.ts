/** Why a child gave no result. */
export type ChildFault = "cannot-start" | "timeout" | "output";

/** A child that could not be started, or was killed for exceeding a limit. The caller turns it into an error for people. */
export class ChildError extends Error {
  readonly fault: ChildFault;
  /** The system's code where the child could not be started, for example `ENOENT`. */
  readonly code: string | undefined;

  constructor(fault: ChildFault, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = "ChildError";
    this.fault = fault;
    this.code = cause instanceof Error && "code" in cause ? String(cause.code) : undefined;
  }
}
