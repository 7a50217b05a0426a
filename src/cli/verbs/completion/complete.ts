import type { Command, Option } from "commander";
import { findKind, KINDS, type Kind } from "../../kinds.js";

/** A word that completes the command line. */
export interface Candidate {
  readonly value: string;
  readonly description?: string;
}

/** What is wanted from the cluster: names of objects, of namespaces, or of contexts. */
export type Lookup =
  | { readonly of: "names"; readonly kind: Kind }
  | { readonly of: "namespaces" }
  | { readonly of: "contexts" };

/** Candidates that are known, or what to look up. */
export interface Completion {
  readonly candidates: readonly Candidate[];
  readonly lookup?: Lookup;
  /** Let the shell complete file names. */
  readonly files?: boolean;
}

/** Flags whose values come from the cluster or from disk. */
const FILE_FLAGS: ReadonlySet<string> = new Set([
  "--kubeconfig",
  "--file",
  "--values",
  "--age-key-file",
  "--kubectl",
  "--helm",
]);

/** Kinds of the names that a command takes; the first argument of get and describe is a kind. */
const NAMED: Readonly<Record<string, Kind>> = {
  freeze: KINDS.environment,
  unfreeze: KINDS.environment,
  ...Object.fromEntries(
    ["plan", "approve", "reject", "withdraw", "break-glass", "acknowledge"].map((name) => [name, KINDS.change]),
  ),
  ...Object.fromEntries(
    [
      "why",
      "history",
      "events",
      "tree",
      "logs",
      "sync",
      "rollback",
      "promote",
      "pin",
      "unpin",
      "refresh",
      "wait",
      "suspend",
      "pause",
      "resume",
      "export",
      "diff",
    ].map((name) => [name, KINDS.app]),
  ),
};

/**
 * Returns what may follow on a command line: `words` are those behind the program, the last one is the word at the cursor, which may be
 * empty.
 */
export function complete(program: Command, words: readonly string[]): Completion {
  const current = words.at(-1) ?? "";
  const { command, values } = walk(program, words.slice(0, -1));
  const before = words.at(-2) ?? "";
  const waiting = before.startsWith("-") && !before.includes("=") ? optionOf(command, before) : undefined;
  if (waiting?.required) return valuesOf(waiting, current);
  if (/^--[^=]+=/.test(current)) {
    const flag = current.slice(0, current.indexOf("="));
    const option = optionOf(command, flag);
    if (option === undefined) return { candidates: [] };
    const { candidates, ...rest } = valuesOf(option, current.slice(flag.length + 1));
    return { ...rest, candidates: candidates.map(({ value, ...more }) => ({ value: `${flag}=${value}`, ...more })) };
  }
  if (current.startsWith("-")) return { candidates: matching(flagsOfCommand(command), current) };
  if (command.commands.length > 0 && values.length === 0)
    return { candidates: matching(subcommands(command), current) };
  return argumentOf(command, values, current);
}

/** The command that the words lead to, and the arguments behind it. */
function walk(
  program: Command,
  words: readonly string[],
): { readonly command: Command; readonly values: readonly string[] } {
  let command = program;
  const values: string[] = [];
  for (let index = 0; index < words.length; index++) {
    const word = words[index] ?? "";
    if (word.startsWith("-")) {
      if (!word.includes("=") && optionOf(command, word)?.required) index++;
      continue;
    }
    const next = values.length === 0 ? command.commands.find((one) => one.name() === word) : undefined;
    if (next === undefined) values.push(word);
    else command = next;
  }
  return { command, values };
}

function optionOf(command: Command, flag: string): Option | undefined {
  // Flags of the connection may stand before the command.
  const options = command.options.length > 1 ? command.options : command.commands.flatMap((one) => one.options);
  return options.find(({ short, long }) => short === flag || long === flag);
}

function valuesOf(option: Option, current: string): Completion {
  if (option.argChoices !== undefined)
    return {
      candidates: matching(
        option.argChoices.map((value) => ({ value })),
        current,
      ),
    };
  if (option.long === "--namespace") return { candidates: [], lookup: { of: "namespaces" } };
  if (option.long === "--context") return { candidates: [], lookup: { of: "contexts" } };
  if (option.long === "--to") return { candidates: [], lookup: { of: "names", kind: KINDS.change } };
  return { candidates: [], ...(option.long !== undefined && FILE_FLAGS.has(option.long) ? { files: true } : {}) };
}

function flagsOfCommand(command: Command): readonly Candidate[] {
  return [
    ...command.options.flatMap(({ long, description }) => (long === undefined ? [] : [{ value: long, description }])),
    { value: "--help", description: "print the help" },
  ];
}

function subcommands(command: Command): readonly Candidate[] {
  return command.commands.map((one) => ({ value: one.name(), description: one.summary() }));
}

function argumentOf(command: Command, values: readonly string[], current: string): Completion {
  const name = command.name();
  if (name === "render" || name === "validate" || name === "parity") return { candidates: [], files: true };
  if (name === "completion" && values.length === 0)
    return {
      candidates: matching(
        ["bash", "zsh", "fish", "powershell"].map((value) => ({ value })),
        current,
      ),
    };
  if (name !== "get" && name !== "describe") {
    const kind = NAMED[name];
    return kind === undefined ? { candidates: [] } : { candidates: [], lookup: { of: "names", kind } };
  }
  const [first] = values;
  if (first === undefined)
    return {
      candidates: matching(
        Object.values<Kind>(KINDS).map(({ plural, kind }) => ({ value: plural, description: kind })),
        current,
      ),
    };
  const kind = findKind(first);
  return kind === undefined ? { candidates: [] } : { candidates: [], lookup: { of: "names", kind } };
}

/** The candidates that begin with a word. */
export function matching(candidates: readonly Candidate[], word: string): readonly Candidate[] {
  return candidates.filter(({ value }) => value.startsWith(word));
}

/**
 * Formats candidates in the protocol of cobra, which kubectl reads from plug-ins as well: one a line, with a tab before its
 * description, and the last line tells the shell whether to complete file names.
 */
export function formatCandidates(candidates: readonly Candidate[], files = false): string {
  const lines = candidates.map(({ value, description }) =>
    description === undefined || description === "" ? value : `${value}\t${description.replaceAll(/\s+/g, " ")}`,
  );
  return [...lines, files ? ":0" : ":4", ""].join("\n");
}
