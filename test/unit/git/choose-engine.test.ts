import { chmod, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { systemClock } from "../../../src/base/clock.js";
import { type Logger, silentLogger } from "../../../src/base/logger.js";
import { type ChosenGitEngine, chooseGitEngine, type GitEnginePreference } from "../../../src/git/choose-engine.js";
import { IsomorphicGitEngine } from "../../../src/git/isomorphic/engine.js";
import { findGit, judgeVersion } from "../../../src/git/native/find-git.js";
import { SparseGitEngine } from "../../../src/git/sparse/sparse-engine.js";
import { removeTemporaryDirectories, temporaryDirectory } from "./support/temporary.js";

after(() => removeTemporaryDirectories());

const PATH = "/usr/bin:/bin";

describe("chooseGitEngine", () => {
  const warnings: string[] = [];
  const logger: Logger = { ...silentLogger, warn: (message) => void warnings.push(message) };
  beforeEach(() => warnings.splice(0));

  async function choose(preference: GitEnginePreference, executable?: string): Promise<ChosenGitEngine> {
    const cacheDir = await temporaryDirectory();
    const options = { preference, cacheDir, logger, clock: systemClock };
    return chooseGitEngine(executable === undefined ? options : { ...options, executable });
  }

  it("chooses the native engine if git is available, and reports its version", async () => {
    for (const preference of ["auto", "native"] as const) {
      const { engine, kind, note } = await choose(preference);
      expect(engine).to.be.instanceOf(SparseGitEngine);
      expect(kind).to.equal("native");
      expect(note).to.match(/^git \d+\.\d+/);
    }
    expect(warnings).to.deep.equal([]);
  });

  it("falls back to the isomorphic engine, with a warning if the native one was requested", async () => {
    for (const [preference, warned] of [
      ["auto", 0],
      ["native", 1],
    ] as const) {
      const { engine, kind, note } = await choose(preference, "no-such-git");
      expect(engine).to.be.instanceOf(IsomorphicGitEngine);
      expect({ kind, note }).to.deep.equal({ kind: "isomorphic", note: "git is not installed" });
      expect(warnings).to.have.length(warned);
    }
  });

  it("chooses the isomorphic engine on request, without checking for git", async () => {
    const { engine, note } = await choose("isomorphic", "no-such-git");
    expect(engine).to.be.instanceOf(IsomorphicGitEngine);
    expect(note).to.equal("chosen by the configuration");
  });
});

describe("findGit", () => {
  it("checks the version", () => {
    const usable = (text: string): boolean => judgeVersion(text).usable;
    for (const version of ["2.31.0", "2.39.5", "2.39.5 (Apple Git-154)", "2.50.1.windows.1", "2.31.rc0", "3.0.0"]) {
      expect(usable(`git version ${version}\n`), version).to.equal(true);
    }
    for (const text of ["git version 2.30.9", "git version 1.99.0", "git version", "", "bash: git: not found"]) {
      expect(usable(text), text).to.equal(false);
    }
    expect(judgeVersion("git version 2.17.1\n")).to.deep.equal({ usable: false, why: "is 2.17.1, older than 2.31" });
  });

  it("never throws, whatever it finds", async () => {
    const folder = await temporaryDirectory();
    const file = join(folder, "git");
    await writeFile(file, "no program");
    expect(await findGit(file, PATH))
      .to.have.property("why")
      .that.includes("EACCES");
    for (const body of ["exit 3", "exec cat /dev/zero", "echo 'git version 2.20.0'", ":"]) {
      await writeFile(file, `#!/bin/sh\n${body}\n`);
      await chmod(file, 0o755);
      expect(await findGit(file, PATH), body).to.have.property("usable", false);
    }
  });
});
