import { readFile } from "node:fs/promises";
import { join, relative } from "node:path";
import { pathToFileURL } from "node:url";
import Mocha from "mocha";
import { repositoryRoot } from "../repository-root.js";
import { openHandles } from "./handles.js";
import type { ChildMessage, ParentMessage, TestResult } from "./messages.js";

/** Time to exit after the last test; handles that are still open then are leaks. */
const EXIT_TIMEOUT_MS = 15_000;

interface MochaSettings {
  readonly timeout: number;
  readonly require?: readonly string[];
}

/** A test or a hook. */
type Runnable = Mocha.Test | Mocha.Hook;

/**
 * `node build/tools/test-run/child.js FILE…`: runs compiled test files like `npx mocha`, with the settings of .mocharc.json.
 * Reports each test to its parent, and exits when no handles are open.
 */
async function main(files: readonly string[]): Promise<void> {
  const root = repositoryRoot();
  const settings = JSON.parse(await readFile(join(root, ".mocharc.json"), "utf8")) as MochaSettings;
  const mocha = new Mocha({ timeout: settings.timeout, forbidOnly: true, reporter: class {} as never });
  if (process.env.GREP) mocha.grep(new RegExp(process.env.GREP));
  for (const path of settings.require ?? []) {
    const { mochaHooks } = (await import(pathToFileURL(join(root, path)).href)) as {
      mochaHooks?: Mocha.RootHookObject;
    };
    if (mochaHooks !== undefined) mocha.rootHooks(mochaHooks);
  }
  for (const file of files) mocha.addFile(file);
  await mocha.loadFilesAsync();
  const runner = mocha.run((failures) => {
    process.exitCode = failures === 0 ? 0 : 1;
    send({ kind: "done" });
    setTimeout(() => send({ kind: "handles", why: "still-open", handles: openHandles() }), EXIT_TIMEOUT_MS).unref();
  });
  const sourceOf = (file: string | undefined) =>
    relative(join(root, "build"), file ?? files[0] ?? "").replace(/\.js$/, ".ts");
  const ended = (test: Runnable, state: TestResult["state"], error?: unknown) => {
    const { file, duration } = test;
    const result = { file: sourceOf(file ?? test.parent?.file), title: test.fullTitle(), state, ms: duration ?? 0 };
    send({ kind: "ended", result: error === undefined ? result : { ...result, error: describeError(error) } });
  };
  runner.on("test", (test) => send({ kind: "began", title: test.fullTitle() }));
  runner.on("hook", (hook) => send({ kind: "began", title: hook.fullTitle() }));
  runner.on("pass", (test) => ended(test, "passed"));
  runner.on("pending", (test) => ended(test, "skipped"));
  runner.on("fail", (test, error) => ended(test, "failed", error));
}

function send(message: ChildMessage): void {
  process.send?.(message);
}

/** Returns the stack, and the expected and actual values of chai. */
function describeError(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { actual, expected, showDiff } = error as { actual?: unknown; expected?: unknown; showDiff?: boolean };
  const text = error.stack ?? error.message;
  if (showDiff === false || (actual === undefined && expected === undefined)) return text;
  return `${text}\nexpected: ${show(expected)}\nactual:   ${show(actual)}`;
}

function show(value: unknown): string {
  const text = typeof value === "string" ? value : (JSON.stringify(value, null, 1) ?? String(value));
  return text.length > 4_000 ? `${text.slice(0, 4_000)}…` : text;
}

process.on("message", (message: ParentMessage) => {
  if (message.ask === "handles") send({ kind: "handles", why: "asked", handles: openHandles() });
});
// The listener must not keep this process alive.
process.channel?.unref();
// Like the mocha command: fails the running test or this process. Mocha itself would swallow the rejection.
process.on("unhandledRejection", (reason) => {
  throw reason;
});
// Without a parent the results would be lost.
process.on("disconnect", () => process.exit(1));

await main(process.argv.slice(2));
