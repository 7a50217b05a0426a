import { chmod, mkdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { WorkingTree } from "../../../src/cli/render/working-tree.js";
import { runCommand } from "../../../tools/run-command.js";
import { makeTemporaryFolder, type TemporaryFolder } from "../../../tools/temporary-folder.js";

describe("a work tree", () => {
  let folder: TemporaryFolder;
  const git = (...args: string[]): Promise<string> =>
    runCommand("git", ["-C", folder.path, "-c", "user.name=a", "-c", "user.email=a@example.com", ...args]);
  before(async () => {
    folder = await makeTemporaryFolder("work-tree-");
    await git("init", "--quiet");
    await mkdir(join(folder.path, "site/a/b"), { recursive: true });
    // Git sorts the folder a behind a.txt and before a0.
    for (const name of ["site/a.txt", "site/a0", "site/a/b/ä", "site/a/run", "README.md"])
      await writeFile(join(folder.path, name), `content of ${name}\n`);
    await chmod(join(folder.path, "site/a/run"), 0o755);
    await symlink("../a0", join(folder.path, "site/a/link"));
  });
  after(() => folder.remove());

  it("knows the IDs that Git gives to folders, before and after a commit", async () => {
    const before = await WorkingTree.open(folder.path);
    await git("add", "--all");
    await git("commit", "--quiet", "--message=site");
    const after = await WorkingTree.openCommit(folder.path, "HEAD");
    for (const path of ["", "site", "site/a", "site/a/b"]) {
      const id = (await git("rev-parse", `HEAD:${path}`)).trim();
      expect([await before.treeId(path), await after.treeId(path)], path).to.deep.equal([id, id]);
    }
  });
});
