/** Why a child process returned no result. */
export type ChildFault = "cannot-start" | "timeout" | "output";

/** A child could not be started, or was killed for exceeding a limit. The caller converts it into a user-facing error. */
export class ChildError extends Error {
  readonly fault: ChildFault;
  /** System error code if the child could not be started, for example `ENOENT`. */
  readonly code: string | undefined;

  constructor(fault: ChildFault, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = "ChildError";
    this.fault = fault;
    this.code = cause instanceof Error && "code" in cause ? String(cause.code) : undefined;
  }
}
