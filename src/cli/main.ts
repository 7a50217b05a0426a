import { basename } from "node:path";
import { CommanderError } from "commander";
import { EXIT, type ExitCode } from "./exit-codes.js";
import { flagsAfterCommand } from "./flags.js";
import { createProgram } from "./program.js";
import { reportOf } from "./report-error.js";

/** Runs a command line; returns the exit code. Data goes to stdout, everything else to stderr. */
async function main(argv: readonly string[]): Promise<number> {
  const name = programName(argv[1]);
  let code: ExitCode = EXIT.done;
  const program = createProgram(name, (given) => {
    code = given;
  });
  const options = program.commands.flatMap((command) => command.options);
  const takesValue = (flag: string): boolean =>
    options.some(({ short, long, required }) => required && (short === flag || long === flag));
  const [first, ...words] = argv.slice(2);
  try {
    // Not a command of the program, which would read the flags among the words.
    if (first === "__complete") {
      const { runComplete } = await import("./verbs/completion/run-complete.js");
      await runComplete(program, words);
      return code;
    }
    await program.parseAsync(flagsAfterCommand(argv.slice(2), takesValue), { from: "user" });
    return code;
  } catch (error) {
    if (error instanceof CommanderError) {
      if (error.exitCode === 0) return EXIT.done;
      process.stderr.write(`Run "${name} --help" for the usage.\n`);
      return EXIT.usage;
    }
    const report = reportOf(error);
    if (report === undefined) return reportDefect(name, error);
    process.stderr.write(`${name}: ${report.message}\n`);
    return report.exitCode;
  }
}

/** How the program was called: as a plug-in of kubectl it is a file named `kubectl-overseer`. */
function programName(path = ""): string {
  // A single executable is known by argv0: its path is that of a file, not of the link to it.
  const isPlugin = [path, process.argv0].some((name) => basename(name).startsWith("kubectl-"));
  return isPlugin ? "kubectl overseer" : "overseer";
}

/** An error that no command expects. Its stack is for those who can do something about it. */
function reportDefect(name: string, error: unknown): ExitCode {
  const { stack, message } = error instanceof Error ? error : new Error(String(error));
  const detail = process.env.OVERSEER_DEBUG === undefined ? `${message}; set OVERSEER_DEBUG=1 for the stack` : stack;
  process.stderr.write(`${name}: this is a defect of the program, please report it: ${detail}\n`);
  return EXIT.failed;
}

// A reader that closes its end early, such as head, is no error.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code === "EPIPE") process.exit(EXIT.done);
  throw error;
});
process.once("SIGINT", () => process.exit(EXIT.interrupted));
// No top-level await: the single executable is a CommonJS program.
void main(process.argv).then((code) => {
  process.exitCode = code;
});
