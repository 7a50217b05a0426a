import type { Reporter } from "../overseer/reporter.js";
import type { Environment } from "./environment.js";
import { warn } from "./findings.js";
import type { ServiceModel } from "./model.js";
import { shellWords } from "./shell-words.js";
import { partsOf } from "./text.js";
import { textOf, textsOf } from "./values.js";

/** Entry point and arguments of a container. */
export interface Command {
  readonly command?: readonly string[];
  readonly args?: readonly string[];
}

/**
 * Returns the command of a service. In both worlds, an entry point removes the command of the image; an empty entry point means
 * that the command is the whole process.
 */
export function commandOf({ service, report }: ServiceModel, environment: Environment): Command {
  const entrypoint = wordsOf(service.entrypoint, report.at("entrypoint"));
  const command = wordsOf(service.command, report.at("command"));
  const expand = (words: readonly string[]): string[] => words.map((word) => environment.expandable(partsOf(word)));
  if (command?.length === 0 && entrypoint === undefined)
    warn(
      report.at("command"),
      "is empty and has no effect: the command of the image cannot be removed without an entrypoint",
    );
  const args = command === undefined || command.length === 0 ? undefined : expand(command);
  if (entrypoint === undefined) return args === undefined ? {} : { args };
  if (entrypoint.length > 0) return { command: expand(entrypoint), ...(args === undefined ? {} : { args }) };
  if (args !== undefined) return { command: args };
  warn(report.at("entrypoint"), "is empty and has no effect: set command to the process that the container runs");
  return {};
}

function wordsOf(value: unknown, report: Reporter): readonly string[] | undefined {
  if (value === undefined || value === null) return undefined;
  const text = textOf(value);
  if (text === undefined) return textsOf(value);
  const split = shellWords(text);
  if (split === undefined) report.problem("cannot be split into words: close quotes, and put parentheses into quotes");
  if (split?.operator !== undefined)
    warn(
      report,
      `ends before ${split.operator}, as in Compose, which runs no shell: use a list with sh, -c and the command`,
    );
  return split?.words ?? [];
}
