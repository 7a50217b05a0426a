import { OverseerError } from "../base/errors.js";

/** Exit code of a process that was started with a setting it cannot use. */
export const USAGE_EXIT_CODE = 2;

/** A setting that cannot be used. The message names the flag or variable, and what was expected; it never shows a value that may be secret. */
export class ConfigError extends OverseerError {
  readonly exitCode = USAGE_EXIT_CODE;

  constructor(message: string, code: "CONFIG_UNKNOWN_FLAG" | "CONFIG_INVALID" | "CONFIG_MISSING_VALUE") {
    super(message, { code, reason: "InvalidConfiguration", class: "terminal" });
  }
}
