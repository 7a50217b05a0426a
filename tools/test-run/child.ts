import { readFile } from "node:fs/promises";
import { join, relative } from "node:path";
import { pathToFileURL } from "node:url";
import Mocha from "mocha";
import { repositoryRoot } from "../repository-root.js";
import { openHandles } from "./handles.js";
import type { ChildMessage, ParentMessage, TestResult } from "./messages.js";

/** How long after the last test this process may take to end by itself: what is open then is a leak. */
const END_WITHIN_MS = 15_000;

interface MochaSettings {
  readonly timeout: number;
  readonly require?: readonly string[];
}

/** What mocha gives to listeners: a test or a hook. */
type Runnable = Mocha.Test | Mocha.Hook;

/**
 * `node build/tools/test-run/child.js FILE…`: runs compiled test files as `npx mocha` would, with the settings of
 * .mocharc.json, tells its parent about each test, and ends only when nothing is left open.
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
    tell({ kind: "done" });
    setTimeout(() => tell({ kind: "handles", why: "still-open", handles: openHandles() }), END_WITHIN_MS).unref();
  });
  const sourceOf = (file: string | undefined) =>
    relative(join(root, "build"), file ?? files[0] ?? "").replace(/\.js$/, ".ts");
  const ended = (test: Runnable, state: TestResult["state"], error?: unknown) => {
    const { file, duration } = test;
    const result = { file: sourceOf(file ?? test.parent?.file), title: test.fullTitle(), state, ms: duration ?? 0 };
    tell({ kind: "ended", result: error === undefined ? result : { ...result, error: describeError(error) } });
  };
  runner.on("test", (test) => tell({ kind: "began", title: test.fullTitle() }));
  runner.on("hook", (hook) => tell({ kind: "began", title: hook.fullTitle() }));
  runner.on("pass", (test) => ended(test, "passed"));
  runner.on("pending", (test) => ended(test, "skipped"));
  runner.on("fail", (test, error) => ended(test, "failed", error));
}

function tell(message: ChildMessage): void {
  process.send?.(message);
}

/** The stack, and what chai expected where it says so. */
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
  if (message.ask === "handles") tell({ kind: "handles", why: "asked", handles: openHandles() });
});
// Listening must not keep this process alive.
process.channel?.unref();
// As the mocha command does: the test that runs fails, or this process does. Mocha alone would swallow it.
process.on("unhandledRejection", (reason) => {
  throw reason;
});
// Without a parent nobody would count the results.
process.on("disconnect", () => process.exit(1));

await main(process.argv.slice(2));
