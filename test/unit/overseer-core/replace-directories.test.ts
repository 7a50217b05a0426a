import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { DirectoryReplacer, stagingOf } from "../../../src/overseer-core/agent/backup/replace-directories.js";
import { sameMounts } from "../../../src/overseer-core/agent/docker/backup-manifest.js";
import { repositoryRoot } from "../../../tools/repository-root.js";
import { makeTemporaryFolder, type TemporaryFolder } from "../../../tools/temporary-folder.js";

/** Replaces the directories `a` and `b`, and dies at the call of `fs` with this number, or has no space for that write of progress. */
const SCRIPT = `
  import fs from "node:fs";
  import { syncBuiltinESMExports } from "node:module";
  const [folder, module, dieAt, fullAt] = process.argv.slice(1);
  let calls = 0;
  let writes = 0;
  const { openSync } = fs;
  fs.openSync = (path, ...rest) => {
    if (path.endsWith(".new") && ++writes === Number(fullAt)) throw Object.assign(new Error("no space"), { code: "ENOSPC" });
    return openSync(path, ...rest);
  };
  for (const name of ["renameSync", "rmSync"]) {
    const real = fs[name];
    fs[name] = (...args) => {
      if (++calls === Number(dieAt)) process.kill(process.pid, "SIGKILL");
      return real(...args);
    };
  }
  syncBuiltinESMExports();
  const { DirectoryReplacer, stagingOf } = await import(module);
  const replacer = new DirectoryReplacer(folder + "/progress.json");
  replacer.replace("job", ["a", "b"].map((name) => ({ target: folder + "/" + name, content: stagingOf(folder + "/" + name) + "/in" })), () => {});
  replacer.finish();
`;

describe("directories that are replaced together", () => {
  let folder: TemporaryFolder;
  beforeEach(async () => {
    folder = await makeTemporaryFolder("overseer-replace-");
    for (const name of ["a", "b"]) {
      const target = join(folder.path, name);
      for (const [path, text] of [
        [target, "old"],
        [join(stagingOf(target), "in"), "new"],
      ] as const) {
        mkdirSync(path, { recursive: true });
        writeFileSync(join(path, "file"), text);
      }
    }
  });
  afterEach(() => folder.remove());

  const content = (): string[] => ["a", "b"].map((name) => readFileSync(join(folder.path, name, "file"), "utf8"));
  const replacer = () => new DirectoryReplacer(join(folder.path, "progress.json"));
  const run = (dieAt: number, fullAt = 0) => {
    const module = join(repositoryRoot(), "build/src/overseer-core/agent/backup/replace-directories.js");
    const args = ["--input-type=module", "--eval", SCRIPT, folder.path, module, String(dieAt), String(fullAt)];
    return spawnSync(process.execPath, args, { encoding: "utf8" });
  };

  it("have their new content, and nothing is left", () => {
    expect(run(0)).to.include({ status: 0, stderr: "" });
    expect(content()).to.deep.equal(["new", "new"]);
    expect(readdirSync(folder.path)).to.have.members(["a", "b", "progress.json"]);
    expect(replacer().replacedBy("job")).to.equal(true);
    expect(replacer().replacedBy("other")).to.equal(false);
  });

  for (let dieAt = 1; dieAt <= 12; dieAt++) {
    it(`have all their old or all their new content after a crash at call ${dieAt}`, () => {
      const { signal, status } = run(dieAt);
      const replaced = replacer().replacedBy("job");
      replacer().recover();
      replacer().recover();
      expect(content()).to.deep.equal(replaced ? ["new", "new"] : ["old", "old"]);
      expect(readdirSync(folder.path).filter((name) => name.startsWith(".overseer-old"))).to.deep.equal([]);
      // The loop ends behind the last call.
      if (dieAt < 11) expect(signal, String(status)).to.equal("SIGKILL");
      else expect(existsSync(join(folder.path, "progress.json"))).to.equal(true);
    });
  }

  it("have their old content at once when the disk has no space for the progress", () => {
    for (const write of [1, 2]) {
      expect(run(0, write).stderr).to.match(/no space/);
      expect(content(), `write ${write}`).to.deep.equal(["old", "old"]);
      expect(existsSync(join(folder.path, "progress.json"))).to.equal(false);
    }
  });

  it("stay as they are if one cannot be replaced", () => {
    const target = (name: string): string => join(folder.path, name);
    const pairs = [
      { target: target("a"), content: join(stagingOf(target("a")), "in") },
      { target: target("b"), content: join(folder.path, "absent") },
    ];
    expect(() => replacer().replace("job", pairs, () => {})).to.throw("ENOENT");
    expect(content()).to.deep.equal(["old", "old"]);
  });

  it("have their old content again if a mount would lead elsewhere by a link in the new one", () => {
    const a = join(folder.path, "a");
    const pairs = [{ target: a, content: join(stagingOf(a), "in") }];
    const mounted = [a, join(a, "none/sub"), join(a, "sub"), join(folder.path, "b")];
    mkdirSync(join(a, "sub"));
    symlinkSync(folder.path, join(stagingOf(a), "in", "sub"));
    expect(() => replacer().replace("job", pairs, sameMounts(mounted, "1a2b"))).to.throw(
      `a container of the app mounts ${a}/sub, which leads elsewhere with the content of backup 1a2b, as by a symbolic`,
    );
    expect(content()).to.deep.equal(["old", "old"]);
    expect(replacer().replacedBy("job")).to.equal(false);
    rmSync(join(a, "sub"), { recursive: true });
    symlinkSync(folder.path, join(a, "sub"));
    mkdirSync(join(stagingOf(a), "in"), { recursive: true });
    symlinkSync(folder.path, join(stagingOf(a), "in", "sub"));
    replacer().replace("job", pairs, sameMounts(mounted, "1a2b"));
    expect(replacer().replacedBy("job")).to.equal(true);
  });

  it("are not touched while there is old content that nobody knows", () => {
    mkdirSync(join(folder.path, ".overseer-old-a"));
    const pairs = [{ target: join(folder.path, "a"), content: join(stagingOf(join(folder.path, "a")), "in") }];
    expect(() => replacer().replace("job", pairs, () => {})).to.throw(
      /overseer-old-a exists, which no restore of this agent has left/,
    );
    expect(content()).to.deep.equal(["old", "old"]);
  });
});
