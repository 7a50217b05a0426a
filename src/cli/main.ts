import { basename } from "node:path";
import { Command, CommanderError } from "commander";
import { messageOf, OverseerError } from "../base/errors.js";
import { VERSION } from "../version.js";
import { EXIT, UsageError } from "./exit-codes.js";
import { addRender } from "./render/command.js";

/** Runs a command line; returns the exit code. Data goes to stdout, everything else to stderr. */
async function main(argv: readonly string[]): Promise<number> {
  const name = programName(argv[1]);
  const program = new Command(name)
    .description("Command line of Overseer GitOps.")
    .version(VERSION, "-V, --version", "print the version and exit")
    .helpOption("-h, --help", "print this help and exit")
    .showSuggestionAfterError()
    .showHelpAfterError(`Run "${name} --help" for the usage.`)
    .exitOverride();
  addRender(program);
  try {
    await program.parseAsync(argv);
    return EXIT.done;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done : EXIT.usage;
    if (error instanceof UsageError) return report(name, error, EXIT.usage);
    if (error instanceof OverseerError) return report(name, error, EXIT.failed);
    throw error;
  }
}

/** How the program was called: as a plug-in of kubectl it is a file named `kubectl-overseer`. */
function programName(path = ""): string {
  return basename(path).startsWith("kubectl-") ? "kubectl overseer" : "overseer";
}

function report(name: string, error: Error, code: number): number {
  process.stderr.write(`${name}: ${messageOf(error)}\n`);
  return code;
}

// A reader that closes its end early, such as head, is no error.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code === "EPIPE") process.exit(EXIT.done);
  throw error;
});
process.exitCode = await main(process.argv);
