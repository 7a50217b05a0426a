import { createReadStream } from "node:fs";
import { createInterface } from "node:readline";
import { CommandError, EXIT } from "../../exit-codes.js";
import { fileFault } from "../../file-fault.js";

/** Yields the lines of files, `-` for standard input, without empty ones. Throws CommandError if a file cannot be read. */
export async function* readLines(files: readonly string[]): AsyncGenerator<string> {
  for (const file of files) {
    const input = file === "-" ? process.stdin : createReadStream(file);
    try {
      for await (const line of createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY }))
        if (line.trim() !== "") yield line;
    } catch (error) {
      throw new CommandError(`${file} cannot be read: ${fileFault(error)}`, EXIT.failed);
    }
  }
}

/** Returns the record in a line as text: the line itself, or the field `audit` of a line of the log. Undefined for other lines. */
export function recordIn(line: string): string | undefined {
  try {
    const { hash, audit } = JSON.parse(line) as { readonly hash?: unknown; readonly audit?: unknown };
    if (typeof hash === "string") return line;
    return typeof audit === "object" && audit !== null ? JSON.stringify(audit) : undefined;
  } catch {
    return undefined;
  }
}
