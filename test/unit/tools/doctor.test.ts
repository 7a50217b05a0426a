import { execFile } from "node:child_process";
import { chmod, mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { bundles } from "../../../tools/binary-catalog.js";
import { artefactKey } from "../../../tools/cache.js";
import { repositoryRoot } from "../../../tools/repository-root.js";
import { runCommand } from "../../../tools/run-command.js";
import { currentArchitecture } from "../../../tools/versions.js";

/** Programs that every Linux has. */
const BASICS = ["uname", "sed", "awk", "df", "cat", "tar"];

describe("tools: doctor", () => {
  let home: string;
  let bin: string;

  beforeEach(async () => {
    home = await mkdtemp(join(tmpdir(), "overseer-test-doctor-"));
    bin = join(home, "bin");
    await mkdir(bin);
    for (const name of BASICS) await link(name);
  });

  afterEach(() => rm(home, { recursive: true, force: true }));

  /** Makes a program of this machine visible to the doctor. */
  async function link(name: string): Promise<void> {
    await symlink((await runCommand("sh", ["-c", `command -v ${name}`])).trim(), join(bin, name));
  }

  async function fake(path: string, says = ""): Promise<void> {
    await writeFile(path, `#!/bin/sh\necho '${says}'\n`);
    await chmod(path, 0o755);
  }

  function doctor(env: NodeJS.ProcessEnv = {}): Promise<{ readonly code: number; readonly lines: readonly string[] }> {
    const script = join(repositoryRoot(), "tools", "doctor.sh");
    return new Promise((resolve) => {
      execFile("/bin/sh", [script], { env: { PATH: bin, HOME: home, ...env } }, (error, stdout, stderr) => {
        expect(stderr).to.equal("");
        resolve({ code: error === null ? 0 : 1, lines: stdout.trimEnd().split("\n") });
      });
    });
  }

  it("names everything that is missing, with the remedy, on a machine without Node", async () => {
    const { code, lines } = await doctor();
    expect(code).to.equal(1);
    for (const what of ["Node.js >= 20.19", "npm", "git", "make"]) {
      expect(lines.find((line) => line.startsWith(`MISSING  ${what}: `))).to.match(/install/);
    }
    expect(lines.join("\n")).to.match(/MISSING {2}(Go >= 1\.25 or )?internet access: needed once for .*kube-apiserver/);
  });

  it("is content with a machine that has all, and asks for no Go when the cache has the binaries", async () => {
    for (const name of ["git", "make"]) await link(name);
    for (const [name, says] of [
      ["node", "v20.19.0"],
      ["npm", ""],
    ] as const)
      await fake(join(bin, name), says);
    const arch = currentArchitecture();
    for (const bundle of bundles(arch)) {
      const folder = join(home, ".cache/overseer-gitops/bin", artefactKey({ ...bundle, arch }));
      await mkdir(folder, { recursive: true });
      for (const program of bundle.programs) await fake(join(folder, program));
      await writeFile(join(folder, ".complete.json"), "{}");
    }
    const { code, lines } = await doctor();
    expect(lines.filter((line) => !line.startsWith("ok"))).to.deep.equal([]);
    expect(code).to.equal(0);
  });

  it("is content with KUBEBUILDER_ASSETS instead of the cache", async () => {
    const assets = join(home, "assets");
    await mkdir(assets);
    for (const bundle of bundles(currentArchitecture())) {
      for (const program of bundle.programs) await fake(join(assets, program));
    }
    const { lines } = await doctor({ KUBEBUILDER_ASSETS: assets });
    expect(lines.join("\n")).to.contain("ok       binaries of the control plane");
  });

  it("compares versions of Node and Go number by number", async () => {
    for (const [version, good] of [
      ["v20.18.9", false],
      ["v20.19.0", true],
      ["v9.99.0", false],
      ["v22.1.0", true],
    ] as const) {
      await fake(join(bin, "node"), version);
      const { lines } = await doctor();
      expect(
        lines.some((line) => line.startsWith(`ok       Node.js ${version}`)),
        version,
      ).to.equal(good);
    }
    if (currentArchitecture() !== "amd64") return;
    await fake(join(bin, "go"), "go1.9.7");
    expect((await doctor()).lines.join("\n"))
      .to.contain("MISSING  ")
      .and.contain("needed once for");
    await fake(join(bin, "go"), "go1.25.0");
    expect((await doctor()).lines.join("\n")).to.contain("ok       binaries: will be built with go1.25.0");
  });

  it("names a missing awk, and does not guess at what it would have told", async () => {
    await rm(join(bin, "awk"));
    const { code, lines } = await doctor();
    expect(code).to.equal(1);
    expect(lines.filter((line) => line.startsWith("MISSING  awk: "))).to.have.length(1);
    expect(lines.join("\n")).not.to.match(/has 0|GB of free disk space|GB of memory/);
  });

  it("names a cache that cannot be made, and the variable that moves it", async () => {
    await writeFile(join(home, "file"), "");
    const { lines } = await doctor({ XDG_CACHE_HOME: join(home, "file/cache") });
    expect(lines.join("\n")).to.match(
      /MISSING {2}a directory for the cache: \S*\/file is not a directory; .*XDG_CACHE_HOME/,
    );
    // Whoever is root may write everywhere but to /proc.
    const inProc = await doctor({ XDG_CACHE_HOME: "/proc/1/cache" });
    expect(inProc.lines.join("\n")).to.match(
      /MISSING {2}a directory for the cache: .* is not writable; .*XDG_CACHE_HOME/,
    );
  });

  it("names a TMPDIR that does not exist or is a file", async () => {
    const missing = (await doctor({ TMPDIR: join(home, "nowhere") })).lines.join("\n");
    expect(missing).to.match(
      /MISSING {2}a directory for temporary files: \S*\/nowhere does not exist; create it, or set TMPDIR/,
    );
    await writeFile(join(home, "file"), "");
    expect((await doctor({ TMPDIR: join(home, "file") })).lines.join("\n")).to.match(
      /MISSING {2}a directory for temporary files: \S*\/file is not a directory; .*TMPDIR/,
    );
    expect((await doctor({ TMPDIR: home })).lines.join("\n")).to.include(
      `ok       temporary files: ${home} is writable`,
    );
  });
});
