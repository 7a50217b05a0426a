import { spawn } from "node:child_process";

/** A command failed or could not be started. */
export class CommandError extends Error {
  readonly code: "COMMAND_NOT_FOUND" | "COMMAND_FAILED";
  /** Captured stdout and stderr. */
  readonly output: string;

  constructor(code: "COMMAND_NOT_FOUND" | "COMMAND_FAILED", message: string, output: string) {
    super(message);
    this.name = "CommandError";
    this.code = code;
    this.output = output;
  }
}

/** Options of a command. */
export interface RunOptions {
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
  /** Standard input. Defaults to empty. */
  readonly input?: string | Uint8Array;
}

/** Maximum size of captured stderr. */
const KEPT_STDERR = 8_192;

/**
 * Runs a program without a shell and returns its stdout. Throws a `CommandError` with the last lines of stderr if it is
 * missing or fails.
 */
export function runCommand(command: string, args: readonly string[], options: RunOptions = {}): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      stdio: ["pipe", "pipe", "pipe"],
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
      ...(options.env === undefined ? {} : { env: options.env }),
    });
    const stdout: Buffer[] = [];
    let stderr = "";
    child.stdout.on("data", (chunk: Buffer) => stdout.push(chunk));
    child.stderr.on("data", (chunk: Buffer) => {
      stderr = (stderr + chunk.toString("utf8")).slice(-KEPT_STDERR);
    });
    child.stdin.on("error", () => {});
    child.stdin.end(options.input ?? "");
    child.on("error", (error: NodeJS.ErrnoException) => {
      const code = error.code === "ENOENT" ? "COMMAND_NOT_FOUND" : "COMMAND_FAILED";
      reject(new CommandError(code, `cannot run ${command}: ${error.message}`, ""));
    });
    child.on("close", (status, signal) => {
      const text = Buffer.concat(stdout).toString("utf8");
      if (status === 0) resolve(text);
      else reject(failure(command, args, signal ?? `exit code ${status}`, stderr || text));
    });
  });
}

function failure(command: string, args: readonly string[], how: string, output: string): CommandError {
  const lines = output.trimEnd().split("\n").slice(-12).join("\n");
  return new CommandError("COMMAND_FAILED", `${command} ${args[0] ?? ""} ended with ${how}:\n${lines}`, output);
}
