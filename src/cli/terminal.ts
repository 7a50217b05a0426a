import { createInterface } from "node:readline/promises";
import { CommandError, EXIT } from "./exit-codes.js";
import { plainText } from "./output/plain-text.js";

/** Writes data: to stdout. */
export function print(text: string): void {
  process.stdout.write(text);
}

/** Writes a remark for the person: to stderr, so that data can be piped. */
export function say(text: string): void {
  process.stderr.write(`${plainText(text)}\n`);
}

/** Writes a remark unless --quiet is set. */
export function hint(flags: { readonly quiet?: boolean }, text: string): void {
  if (flags.quiet !== true) say(text);
}

/**
 * Asks a question that must be answered with yes. Without a terminal, nothing is asked: --yes is required.
 *
 * @throws CommandError if the answer is another, or there is no terminal.
 */
export async function confirm(question: string, flags: { readonly yes?: boolean }): Promise<void> {
  if (flags.yes === true) return;
  if (!process.stdin.isTTY || !process.stderr.isTTY)
    throw new CommandError(
      `${question} Nothing was done: there is no terminal to ask on, so --yes is required`,
      EXIT.usage,
    );
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const answer = await terminal.question(`${plainText(question)} [y/N] `);
    if (!/^y(es)?$/i.test(answer.trim())) throw new CommandError("nothing was done", EXIT.failed);
  } finally {
    terminal.close();
  }
}
