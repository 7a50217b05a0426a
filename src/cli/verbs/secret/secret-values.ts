import { readFile } from "node:fs/promises";
import { UsageError } from "../../exit-codes.js";
import { fileFault } from "../../file-fault.js";

const KEY = /^[-._a-zA-Z0-9]{1,253}$/;
const FORMS = "KEY=- (standard input), KEY=@FILE or KEY=env:VARIABLE";
/** A Secret takes 1 MiB. */
const MAX_BYTES = 1024 * 1024;

/** Where values come from besides files. */
export interface ValueSources {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly stdin: () => Promise<Buffer>;
}

/**
 * Reads the values of a Secret, in base64. Values are never arguments: these are visible to other users of the machine and in the history of
 * the shell, and a CI system may print them.
 *
 * @throws UsageError that quotes no value.
 */
export async function readValues(items: readonly string[], sources: ValueSources): Promise<Record<string, string>> {
  if (items.length === 0) throw new UsageError(`there is no value: give ${FORMS}`);
  const found: Record<string, string> = {};
  let isStdinRead = false;
  for (const [index, item] of items.entries()) {
    const [key = "", ...rest] = item.split("=");
    const from = rest.join("=");
    if (!KEY.test(key) || rest.length === 0) throw new UsageError(`value ${index + 1} is not of the form ${FORMS}`);
    if (from === "-" && isStdinRead) throw new UsageError(`${key}: standard input can be read for one key only`);
    if (from === "-") isStdinRead = true;
    const bytes = await readValue(key, from, sources);
    if (bytes.length === 0) throw new UsageError(`${key}: the value is empty`);
    if (bytes.length > MAX_BYTES) throw new UsageError(`${key}: the value has more than 1 MiB`);
    found[key] = bytes.toString("base64");
  }
  return found;
}

async function readValue(key: string, from: string, { env, stdin }: ValueSources): Promise<Buffer> {
  if (from === "-") return withoutNewline(await stdin());
  if (from.startsWith("@")) {
    try {
      return await readFile(from.slice(1));
    } catch (error) {
      throw new UsageError(`${key}: the file cannot be read: ${fileFault(error)}`);
    }
  }
  if (from.startsWith("env:")) {
    const value = env[from.slice(4)];
    if (value === undefined) throw new UsageError(`${key}: there is no variable ${from.slice(4)}`);
    return Buffer.from(value);
  }
  throw new UsageError(
    `${key}: values must not be arguments, which other users and logs can show: give ${FORMS}; if the value was a real one, replace it`,
  );
}

/** `echo` and editors end a text with a newline that is no part of a password. */
function withoutNewline(bytes: Buffer): Buffer {
  if (bytes.at(-1) !== 0x0a || bytes.indexOf(0x0a) !== bytes.length - 1) return bytes;
  return bytes.subarray(0, bytes.at(-2) === 0x0d ? -2 : -1);
}
