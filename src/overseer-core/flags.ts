import { parseArgs } from "node:util";
import { OverseerError } from "../base/errors.js";

/** One flag of a program. */
export interface Flag {
  readonly name: string;
  /** Placeholder for the value in the help. If unset, the flag takes no value. */
  readonly value?: string;
  readonly help: string;
  readonly fallback?: string;
  readonly required?: true;
}

/** Values of the flags on the command line; empty for a flag that takes no value. */
export type FlagValues = ReadonlyMap<string, string>;

/** Parses a command line. Throws CORE_FLAG_INVALID for an unknown flag, a missing value or a missing required flag. */
export function readFlags(flags: readonly Flag[], argv: readonly string[]): FlagValues {
  const options = Object.fromEntries(
    flags.map(({ name, value }) => [name, { type: value === undefined ? ("boolean" as const) : ("string" as const) }]),
  );
  let values: Record<string, unknown>;
  try {
    values = parseArgs({ args: [...argv], options: { ...options, help: { type: "boolean" } } }).values;
  } catch (error) {
    throw flagError(error instanceof Error ? error.message : String(error));
  }
  const given = new Map<string, string>();
  for (const { name, fallback } of flags) if (fallback !== undefined) given.set(name, fallback);
  for (const [name, value] of Object.entries(values)) given.set(name, typeof value === "string" ? value : "");
  if (given.has("help")) return given;
  const missing = flags.find(({ name, required }) => required && !given.get(name));
  if (missing !== undefined) throw flagError(`required flag --${missing.name} ${missing.value ?? ""} is not set`);
  return given;
}

/** Returns the text of `--help`. */
export function flagHelp(usage: string, flags: readonly Flag[]): string {
  const lines = flags.map(({ name, value, help, fallback, required }) => {
    const facts = required ? " (required)" : fallback === undefined ? "" : ` (default: ${fallback})`;
    return `  --${name}${value === undefined ? "" : ` ${value}`}\n      ${help}${facts}`;
  });
  return `${usage}\n\nFlags:\n${lines.join("\n")}\n`;
}

/** Parses a duration like `45s`, `2m` or `12h` to milliseconds. Throws CORE_FLAG_INVALID. */
export function durationFlag(flags: FlagValues, name: string): number {
  const match = /^([0-9]{1,6})(ms|s|m|h)$/.exec(flags.get(name) ?? "");
  const factor = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 }[match?.[2] ?? ""];
  const ms = Number(match?.[1]) * (factor ?? 0);
  if (factor === undefined || ms <= 0) throw flagError(`--${name}: expected a duration like 45s`);
  return ms;
}

/** Returns a terminal error for an invalid command line; the exit code is 2. */
export function flagError(message: string): OverseerError {
  return new OverseerError(`${message}; see --help`, {
    code: "CORE_FLAG_INVALID",
    reason: "FlagInvalid",
    class: "terminal",
  });
}
