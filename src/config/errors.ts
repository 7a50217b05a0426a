import { OverseerError } from "../base/errors.js";

/** Exit code for an invalid setting. */
export const USAGE_EXIT_CODE = 2;

/** An invalid setting. The message names the flag or variable and the expected value, and contains no secret. */
export class ConfigError extends OverseerError {
  readonly exitCode = USAGE_EXIT_CODE;

  constructor(message: string, code: "CONFIG_UNKNOWN_FLAG" | "CONFIG_INVALID" | "CONFIG_MISSING_VALUE") {
    super(message, { code, reason: "InvalidConfiguration", class: "terminal" });
  }
}
