import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { Journal } from "../../../src/overseer-core/agent/journal.js";
import { readJson, writeJson } from "../../../src/overseer-core/agent/private-file.js";
import { repositoryRoot } from "../../../tools/repository-root.js";
import { makeTemporaryFolder, type TemporaryFolder } from "../../../tools/temporary-folder.js";

describe("files of the agent", () => {
  let folder: TemporaryFolder;
  beforeEach(async () => {
    folder = await makeTemporaryFolder("overseer-agent-files-");
  });
  afterEach(() => folder.remove());

  it("stay as they were when the system stores only a part of a new one", () => {
    const file = join(folder.path, "file.json");
    writeJson(file, ["old"]);
    const module = join(repositoryRoot(), "build/src/overseer-core/agent/private-file.js");
    const script = `import { writeJson } from ${JSON.stringify(module)}; writeJson(process.argv[1], ["x".repeat(3000)]);`;
    const command = 'ulimit -f 1 && exec "$0" --input-type=module --eval "$1" "$2"';
    const run = spawnSync("bash", ["-c", command, process.execPath, script, file], { encoding: "utf8" });
    expect(run.status, run.stderr).to.equal(1);
    expect(run.stderr).to.match(/EFBIG/);
    expect(readJson(file)).to.deep.equal(["old"]);
    expect(readdirSync(folder.path)).to.deep.equal(["file.json"]);
  });

  it("are moved aside when the stored result of a job is damaged", () => {
    const journal = new Journal(folder.path);
    const ended = { jobId: "job", end: { status: "completed" as const }, from: 0, lines: [] };
    journal.done(ended);
    const file = join(folder.path, "journal.json");
    const text = readFileSync(file, "utf8").slice(0, 20);
    writeFileSync(file, text);
    const damaged: string[] = [];
    const note = (path: string): void => {
      damaged.push(path);
    };
    expect(journal.unreported(note)).to.equal(undefined);
    expect(damaged).to.deep.equal([`${file}.damaged`]);
    expect(readFileSync(`${file}.damaged`, "utf8")).to.equal(text);
    journal.done(ended);
    expect(journal.unreported(note)).to.deep.equal(ended);
    expect(damaged).to.have.length(1);
  });
});
