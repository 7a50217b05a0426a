import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, readdir, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { artefactKey, cacheRoot, findInstalled, installOnce } from "../../../tools/cache.js";

const ETCD = { name: "etcd", version: "v1.0.0", arch: "amd64" };

describe("tools: cache", () => {
  let root: string;

  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), "overseer-test-cache-"));
  });

  afterEach(() => rm(root, { recursive: true, force: true }));

  /** An installation that counts how often it runs. */
  function counted() {
    const build = async (folder: string) => {
      build.runs++;
      await writeFile(join(folder, "etcd"), "program");
      await new Promise((resolve) => setImmediate(resolve));
    };
    build.runs = 0;
    return build;
  }

  it("is below XDG_CACHE_HOME, unless that is relative", () => {
    expect(cacheRoot({ XDG_CACHE_HOME: "/x", HOME: "/home/a" })).to.equal("/x/overseer-gitops");
    expect(cacheRoot({ HOME: "/home/a" })).to.equal("/home/a/.cache/overseer-gitops");
    expect(cacheRoot({ XDG_CACHE_HOME: "x", HOME: "/home/a" })).to.equal("/home/a/.cache/overseer-gitops");
  });

  it("has a key of its own for each name, version and processor", () => {
    expect(artefactKey(ETCD)).to.equal("etcd-v1.0.0-linux-amd64");
    expect(artefactKey({ ...ETCD, version: "v1.0.1" })).not.to.equal(artefactKey(ETCD));
    expect(artefactKey({ ...ETCD, arch: "arm64" })).not.to.equal(artefactKey(ETCD));
    expect(() => artefactKey({ ...ETCD, version: "../../etc" })).to.throw("invalid name");
  });

  it("installs once, also for several callers at the same time", async () => {
    const build = counted();
    const folders = await Promise.all([1, 2, 3, 4].map(() => installOnce(ETCD, build, { root })));
    expect(new Set(folders).size).to.equal(1);
    expect(build.runs).to.equal(1);
    expect(await installOnce(ETCD, build, { root })).to.equal(folders[0]);
    expect(build.runs).to.equal(1);
  });

  it("leaves nothing behind when the installation fails, and tries again next time", async () => {
    const fail = async (folder: string) => {
      await writeFile(join(folder, "etcd"), "half");
      throw new Error("no such release");
    };
    const error = await installOnce(ETCD, fail, { root }).catch((reason: unknown) => reason);
    expect(String(error)).to.contain("no such release");
    expect(await findInstalled(ETCD, root)).to.equal(undefined);
    expect(await readdir(join(root, "staging"))).to.deep.equal([]);
    await installOnce(ETCD, counted(), { root });
    expect(await findInstalled(ETCD, root)).to.be.a("string");
  });

  it("replaces what a crash has left shorter than it was, without its list, or gone", async () => {
    const damages = [
      (folder: string) => truncate(join(folder, "etcd"), 3),
      (folder: string) => rm(join(folder, "etcd")),
      (folder: string) => rm(join(folder, ".complete.json")),
      (folder: string) => writeFile(join(folder, ".complete.json"), '{"etcd'),
    ];
    for (const damage of damages) {
      const folder = await installOnce(ETCD, counted(), { root });
      await damage(folder);
      expect(await findInstalled(ETCD, root)).to.equal(undefined);
      const build = counted();
      await installOnce(ETCD, build, { root });
      expect(build.runs).to.equal(1);
      expect(await readFile(join(folder, "etcd"), "utf8")).to.equal("program");
      expect(await readdir(join(root, "staging"))).to.deep.equal([]);
    }
  });

  it("takes over from a process that was killed in the middle, and removes what it left", async () => {
    const module = new URL("../../../tools/cache.js", import.meta.url).href;
    const script = `
      import { installOnce } from ${JSON.stringify(module)};
      await installOnce(${JSON.stringify(ETCD)}, () => { console.log("installing"); return new Promise(() => setInterval(() => {}, 1000)); },
        { root: ${JSON.stringify(root)} });`;
    const holder = spawn(process.execPath, ["--input-type=module", "-e", script], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    await once(holder.stdout, "data");
    expect(await readdir(join(root, "staging"))).to.have.length(1);

    const build = counted();
    const waitedFor: string[] = [];
    const installed = installOnce(ETCD, build, {
      root,
      onWait: (pid) => {
        waitedFor.push(pid);
        holder.kill("SIGKILL");
      },
    });
    expect(await installed).to.be.a("string");
    expect(waitedFor).to.deep.equal([String(holder.pid)]);
    expect(build.runs).to.equal(1);
    expect(await readdir(join(root, "staging"))).to.deep.equal([]);
  });

  it("leaves other artefacts being installed alone", async () => {
    await mkdir(join(root, "staging", "etcd-v1.0.0-linux-amd64-debug~1"), { recursive: true });
    await installOnce(ETCD, counted(), { root });
    expect(await readdir(join(root, "staging"))).to.deep.equal(["etcd-v1.0.0-linux-amd64-debug~1"]);
  });
});
