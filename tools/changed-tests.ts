import { existsSync } from "node:fs";
import { join } from "node:path";
import { repositoryRoot } from "./repository-root.js";
import { runCommand } from "./run-command.js";
import { testFiles } from "./test-run/select.js";

/**
 * Returns the unit tests affected by changed files: the file or directory of `test/unit` that mirrors a changed source,
 * and changed unit tests. The house tests are always included.
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

/** Returns the files that differ from `base`: committed, modified or new. */
async function changedFiles(root: string, base: string): Promise<string[]> {
  const git = async (...args: string[]) => (await runCommand("git", args, { cwd: root })).split("\n").filter(Boolean);
  const [fork = "HEAD"] = await git("merge-base", base, "HEAD");
  return [...(await git("diff", "--name-only", fork)), ...(await git("ls-files", "--others", "--exclude-standard"))];
}

/** `node build/tools/changed-tests.js [BASE]`: prints the value of `ONLY` for `make test-unit` in this work tree. */
if (process.argv[1]?.endsWith("changed-tests.js")) {
  const root = repositoryRoot();
  const changed = await changedFiles(root, process.argv[2] ?? "main");
  const only = testsOfChange(
    changed,
    (path) => existsSync(join(root, path)) && testFiles(root, "unit", [path]).length > 0,
  );
  process.stdout.write(`${only.join(" ")}\n`);
}
