import { existsSync } from "node:fs";
import { join } from "node:path";
import { repositoryRoot } from "./repository-root.js";
import { runCommand } from "./run-command.js";
import { testFiles } from "./test-run/select.js";

/**
 * The unit tests that belong to changed files, by their sources' paths: the file or folder of `test/unit` that mirrors a
 * changed source, and changed unit tests themselves. The house rules always belong to a change.
 */
export function testsOfChange(changed: readonly string[], exists: (path: string) => boolean): string[] {
  const tests = new Set(["test/house"]);
  for (const path of changed) {
    if (!path.endsWith(".ts")) continue;
    const mirror = path.startsWith("src/") ? `test/unit/${path.slice("src/".length)}` : `test/unit/${path}`;
    const candidates = path.startsWith("test/unit/")
      ? [path]
      : [mirror.replace(/\.ts$/, ".test.ts"), mirror.slice(0, mirror.lastIndexOf("/"))];
    const found = candidates.find(exists);
    if (found !== undefined) tests.add(found);
  }
  return [...tests].sort();
}

/** Files that differ from `base`, as committed, changed, or new. */
async function changedFiles(root: string, base: string): Promise<string[]> {
  const git = async (...args: string[]) => (await runCommand("git", args, { cwd: root })).split("\n").filter(Boolean);
  const [fork = "HEAD"] = await git("merge-base", base, "HEAD");
  return [...(await git("diff", "--name-only", fork)), ...(await git("ls-files", "--others", "--exclude-standard"))];
}

/** `node build/tools/changed-tests.js [BASE]`: prints what `ONLY` of `make test-unit` should be for this work tree. */
if (process.argv[1]?.endsWith("changed-tests.js")) {
  const root = repositoryRoot();
  const changed = await changedFiles(root, process.argv[2] ?? "main");
  const only = testsOfChange(
    changed,
    (path) => existsSync(join(root, path)) && testFiles(root, "unit", [path]).length > 0,
  );
  process.stdout.write(`${only.join(" ")}\n`);
}
