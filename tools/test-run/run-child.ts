import { fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { ProcessGuard } from "../process-guard.js";
import { identify } from "../process-identity.js";
import type { ChildMessage, ParentMessage, TestResult } from "./messages.js";

/** How to run one child. */
export interface ChildOptions {
  /** Compiled test files. */
  readonly files: readonly string[];
  /** For messages: which tests these are. */
  readonly name: string;
  readonly env: NodeJS.ProcessEnv;
  readonly timeoutMs: number;
  /** Ends the child when this process dies. */
  readonly guard: ProcessGuard;
  readonly signal: AbortSignal;
}

/** How a child ended, besides what its tests said. */
export interface ChildOutcome {
  readonly results: readonly TestResult[];
  /** What is wrong with the child itself: crashed, hung, did not end, said nothing. */
  readonly problems: readonly string[];
}

/** How long a child that hangs may take to say what it has open. */
const ANSWER_MS = 3_000;

/** Runs test files in a process of their own and waits until it is gone, whatever it takes. */
export function runChild(options: ChildOptions): Promise<ChildOutcome> {
  const { files, name, env, timeoutMs, guard, signal } = options;
  const main = fileURLToPath(new URL("./child.js", import.meta.url));
  const child = fork(main, [...files], { env, execArgv: ["--enable-source-maps"], detached: true });
  const identity = child.pid === undefined ? undefined : identify(child.pid);
  if (identity) guard.add(identity);
  const results: TestResult[] = [];
  const problems: string[] = [];
  let current = "loading the files";
  let done = false;
  const kill = () => {
    try {
      if (child.pid !== undefined) process.kill(-child.pid, "SIGKILL");
    } catch {
      child.kill("SIGKILL");
    }
  };
  const say = (problem: string) => problems.push(`${name}: ${problem}`);
  const timer = setTimeout(() => {
    say(`not done after ${timeoutMs / 1000} s; it was at: ${done ? "its end" : current}`);
    child.send({ ask: "handles" } satisfies ParentMessage, () => {});
    setTimeout(kill, ANSWER_MS);
  }, timeoutMs);
  signal.addEventListener("abort", kill);
  child.on("message", (message: ChildMessage) => {
    if (message.kind === "began") current = message.title;
    else if (message.kind === "done") done = true;
    else if (message.kind === "ended") results.push(message.result);
    else {
      const list = message.handles.length === 0 ? "nothing that can be named" : message.handles.join("; ");
      say(`${message.why === "asked" ? "open" : "does not end after its last test; open"}: ${list}`);
      kill();
    }
  });
  return new Promise((resolve) => {
    child.on("error", (error) => say(`cannot be started: ${error.message}`));
    child.once("close", (code, signalName) => {
      clearTimeout(timer);
      signal.removeEventListener("abort", kill);
      if (identity) guard.remove(identity);
      const failed = results.some((result) => result.state === "failed");
      const ending = signalName === null ? `exit code ${code}` : `signal ${signalName}`;
      if (signal.aborted) say("was interrupted");
      else if (!done && problems.length === 0) say(`ended with ${ending} at: ${current}`);
      else if (done && problems.length === 0 && code !== 0 && !failed) say(`ended with ${ending} after its last test`);
      resolve({ results, problems });
    });
  });
}
