import { messageOf, OverseerError } from "../base/errors.js";
import { CommandError, EXIT, type ExitCode, UsageError } from "./exit-codes.js";
import { plainText } from "./output/plain-text.js";

/** What a person reads about an error, and the exit code. */
export interface ErrorReport {
  readonly message: string;
  readonly exitCode: ExitCode;
}

const CODES: Readonly<Record<string, ExitCode>> = {
  KUBE_401: EXIT.noConnection,
  KUBE_403: EXIT.notAllowed,
  KUBE_404: EXIT.notAllowed,
  KUBE_429: EXIT.noConnection,
  KUBE_502: EXIT.noConnection,
  KUBE_503: EXIT.noConnection,
  KUBE_504: EXIT.noConnection,
  KUBE_UNREACHABLE: EXIT.noConnection,
  KUBE_NO_CONFIG: EXIT.noConnection,
  KUBE_BAD_CONFIG: EXIT.noConnection,
  CORE_UNREACHABLE: EXIT.noConnection,
  CORE_TIMEOUT: EXIT.noConnection,
  CORE_UNAUTHENTICATED: EXIT.noConnection,
  CORE_FORBIDDEN: EXIT.notAllowed,
  CORE_NOT_FOUND: EXIT.notAllowed,
};

/** Explains an error in one message without a stack; undefined for a defect of the program. */
export function reportOf(error: unknown): ErrorReport | undefined {
  const message = plainText(messageOf(error));
  if (error instanceof CommandError) return { message, exitCode: error.exitCode };
  if (error instanceof UsageError) return { message, exitCode: EXIT.usage };
  if (error instanceof OverseerError) return { message, exitCode: CODES[error.code] ?? EXIT.failed };
  return undefined;
}
