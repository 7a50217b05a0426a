import { parseArgs } from "node:util";
import { ConfigError } from "./errors.js";
import { nearest } from "./nearest.js";
import { OPTIONS, type Option, SETTINGS, type SettingName } from "./options.js";

/** Environment variables of the process. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** The unparsed value of one setting, and where it came from. */
export interface RawSetting {
  readonly text: string;
  /** `--flag`, or the name of the environment variable. */
  readonly from: string;
}

/** Settings from the command line and the environment, before validation. */
export interface RawSettings {
  readonly show: "help" | "version" | undefined;
  readonly settings: ReadonlyMap<SettingName, RawSetting>;
}

/**
 * Reads the flags and variables in the table of options. If a flag is repeated, the last one is used. An empty
 * variable counts as unset, since manifests often contain such variables.
 *
 * @throws ConfigError for an unknown flag (suggesting a similar one), a missing value, or a positional argument.
 */
export function readCommandLine(argv: readonly string[], env: Environment): RawSettings {
  const given = parseFlags(argv);
  const settings = new Map<SettingName, RawSetting>();
  for (const option of SETTINGS) {
    const flag = given.get(option.flag);
    const variable = option.env === undefined ? undefined : env[option.env];
    if (flag !== undefined) settings.set(option.flag, { text: flag, from: `--${option.flag}` });
    else if (variable && option.env !== undefined) settings.set(option.flag, { text: variable, from: option.env });
  }
  return { show: given.has("help") ? "help" : given.has("version") ? "version" : undefined, settings };
}

/** Returns the value of each flag on the command line; empty for a flag that takes no value. */
function parseFlags(argv: readonly string[]): Map<string, string> {
  const options = Object.fromEntries(
    OPTIONS.map((option: Option) => [
      option.flag,
      { type: option.value === undefined ? ("boolean" as const) : ("string" as const) },
    ]),
  );
  const { tokens } = parseArgs({ args: [...argv], options, strict: false, allowPositionals: true, tokens: true });
  const given = new Map<string, string>();
  for (const token of tokens) {
    if (token.kind === "positional")
      throw new ConfigError(`unexpected argument ${JSON.stringify(token.value)}; see --help`, "CONFIG_UNKNOWN_FLAG");
    if (token.kind === "option") given.set(token.name, flagValue(token.name, token.rawName, token.value));
  }
  return given;
}

function flagValue(name: string, rawName: string, value: string | undefined): string {
  const option: Option | undefined = OPTIONS.find(({ flag }) => flag === name);
  if (option === undefined) throw unknownFlag(name, rawName);
  if (option.value === undefined) {
    if (value !== undefined) throw new ConfigError(`--${name} takes no value`, "CONFIG_INVALID");
    return "";
  }
  if (value === undefined || value.startsWith("--")) {
    throw new ConfigError(`--${name} needs a value: --${name}=${option.value}`, "CONFIG_MISSING_VALUE");
  }
  return value;
}

function unknownFlag(name: string, rawName: string): ConfigError {
  const similar = nearest(
    name,
    OPTIONS.map(({ flag }) => flag),
  );
  const hint = similar === undefined ? "see --help" : `did you mean --${similar}?`;
  return new ConfigError(`unknown flag ${rawName}: ${hint}`, "CONFIG_UNKNOWN_FLAG");
}
