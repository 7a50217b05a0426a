import { execFile } from "node:child_process";
import { mkdtemp, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { load } from "js-yaml";
import { createProgram } from "../../../src/cli/program.js";
import { VERSION } from "../../../src/version.js";
import { krewManifest } from "../../../tools/cli-package/krew.js";
import { writeNpmLayout } from "../../../tools/cli-package/npm-layout.js";
import { repositoryRoot } from "../../../tools/repository-root.js";
import { runCommand } from "../../../tools/run-command.js";

/** CPU time that the program may add to the start of Node.js, in seconds. About 0.04 on an idle machine. */
const MAX_START_SECONDS = 0.12;

describe("the npm package of the command line", function () {
  this.timeout(180_000);
  let folder: string;
  let program: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "overseer-package-"));
    program = join(folder, "package/overseer.mjs");
    await writeNpmLayout(repositoryRoot(), join(folder, "package"));
  });
  after(() => rm(folder, { recursive: true, force: true }));

  const run = (file: string, ...args: string[]): Promise<string> =>
    runCommand(file, args, { cwd: folder, env: { PATH: process.env.PATH, HOME: folder } });

  it("packs the program, its parts, the licence and the completion for kubectl", async () => {
    const packed = JSON.parse(await run("npm", "pack", "./package", "--json", "--ignore-scripts")) as {
      files: { path: string; mode: number }[];
    }[];
    const files = new Map((packed[0]?.files ?? []).map(({ path, mode }) => [path, mode]));
    expect([...files.keys()]).to.include.members([
      "LICENSE",
      "README.md",
      "package.json",
      "overseer.mjs",
      "kubectl_complete-overseer",
    ]);
    expect([...files.keys()].filter((path) => path.startsWith("lib/")).length).to.be.greaterThan(10);
    expect((files.get("kubectl_complete-overseer") ?? 0) & 0o111).to.not.equal(0);
  });

  it("runs under both names, alone, and prints the help of every command", async () => {
    expect(await run(program, "version")).to.equal(`${VERSION}\n`);
    await symlink(program, join(folder, "kubectl-overseer"));
    expect(await run(join(folder, "kubectl-overseer"), "--help")).to.include("Usage: kubectl overseer");
    const names = createProgram("overseer", () => {}).commands.map((command) => command.name());
    for (const name of names.slice(0, 3))
      expect(await run(program, name, "--help"), name).to.include(`Usage: overseer ${name}`);
    expect(await run(program, "help")).to.match(
      new RegExp(names.map((name) => `(?=[\\s\\S]*^ {2}${name}\\b)`).join(""), "m"),
    );
    expect(
      await run(program, "render", join(repositoryRoot(), "examples/overseer-gitops/k8s"), "-o", "name"),
    ).to.include("deployment.apps/");
  });

  it("starts fast: version costs little more CPU time than Node.js alone", async () => {
    const node = await leastCpu(["-e", "0"]);
    const version = await leastCpu([program, "version"]);
    expect(version - node).to.be.below(MAX_START_SECONDS);
  });
});

describe("the krew manifest", () => {
  it("has the fields that krew requires", () => {
    const archive = { os: "linux", arch: "amd64", uri: "https://example.com/overseer.tar.gz", sha256: "0".repeat(64) };
    const manifest = load(krewManifest("1.2.3", [archive])) as {
      metadata: { name: string };
      spec: {
        version: string;
        shortDescription: string;
        description: string;
        platforms: { files: { from: string }[]; sha256: string }[];
      };
    };
    expect(manifest.metadata.name).to.equal("overseer");
    expect(manifest.spec.version).to.equal("v1.2.3");
    expect(manifest.spec.shortDescription.length).to.be.at.most(50);
    expect(manifest.spec.description.split("\n").every((line) => line.length <= 80)).to.equal(true);
    expect(manifest.spec.platforms[0]?.files.map(({ from }) => from)).to.deep.equal(["overseer", "LICENSE"]);
    expect(manifest.spec.platforms[0]?.sha256).to.equal(archive.sha256);
  });
});

/** The least of five runs of Node.js: other processes can only add to it. */
async function leastCpu(args: readonly string[]): Promise<number> {
  const seconds: number[] = [];
  for (let index = 0; index < 5; index++) seconds.push(await cpuOf(args));
  return Math.min(...seconds);
}

/** CPU time of a run, user and system, in seconds, as bash measures it. */
function cpuOf(args: readonly string[]): Promise<number> {
  const script = 'TIMEFORMAT="%U %S"; time "$@" >/dev/null';
  return new Promise((done, fail) => {
    execFile("bash", ["-c", script, "bash", process.execPath, ...args], (error, _, stderr) => {
      const [user, system] = stderr.trim().split(" ").map(Number);
      if (error || user === undefined || system === undefined) fail(error ?? new Error(stderr));
      else done(user + system);
    });
  });
}
