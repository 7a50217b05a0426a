import type { Reason } from "../../api/reasons.js";
import { type ErrorClass, OverseerError } from "../../base/errors.js";

/** Why a set cannot be reconciled: a template, parameter or generator that must be corrected, or a source that is not available. */
export class AppSetError extends OverseerError {
  constructor(reason: Reason, message: string, retry: ErrorClass = "terminal") {
    super(message, { code: "APP_SET", reason, class: retry });
  }
}

/** Something is being read for the first time: an event follows soon. */
export class PendingError extends AppSetError {
  constructor(message: string) {
    super("GeneratorFailed", message, "retryable");
  }
}
