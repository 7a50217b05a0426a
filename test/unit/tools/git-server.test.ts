import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect } from "chai";
import type { GitFault } from "../../../tools/git-faults.js";
import { gitEnvironment } from "../../../tools/git-repository.js";
import { type GitServer, type GitServerOptions, startGitServer } from "../../../tools/git-server.js";
import { holdRequests } from "../../support/git-server.js";

const run = promisify(execFile);

/** What the native client says: its standard error and whether it was content. */
interface Outcome {
  readonly ok: boolean;
  readonly text: string;
}

describe("tools: git server", function () {
  this.timeout(30_000);
  let server: GitServer;
  let scratch: string;

  beforeEach(async () => {
    scratch = await mkdtemp(join(tmpdir(), "overseer-test-git-"));
  });

  afterEach(async () => {
    await server.stop();
    await rm(scratch, { recursive: true, force: true });
  });

  async function start(options: GitServerOptions = {}): Promise<void> {
    server = await startGitServer(options);
  }

  async function git(...args: string[]): Promise<Outcome> {
    const options = { cwd: scratch, env: gitEnvironment() };
    return run("git", args, options).then(
      ({ stdout, stderr }) => ({ ok: true, text: stdout + stderr }),
      (error: { stderr: string }) => ({ ok: false, text: error.stderr }),
    );
  }

  const clone = (url: string, folder: string, ...more: string[]) => git("clone", "--quiet", ...more, url, folder);

  it("serves commits that change, add and delete files", async () => {
    await start();
    const repo = await server.createRepository("team/apps");
    await repo.commit({ "a.yaml": "a: 1\n", "dir/b.yaml": "b: 1\n", 'we"ird\nname ü': "x" }, "first");
    const second = await repo.commit({ "a.yaml": "a: 2\n", dir: null, absent: null }, "second\n\nwith a body");
    expect((await clone(repo.url, "work")).text).to.equal("");
    expect(await readFile(join(scratch, "work/a.yaml"), "utf8")).to.equal("a: 2\n");
    expect(await readFile(join(scratch, 'work/we"ird\nname ü'), "utf8")).to.equal("x");
    expect(await stat(join(scratch, "work/dir")).catch(() => "gone")).to.equal("gone");
    expect((await git("-C", "work", "log", "--format=%H %an %s")).text.split("\n")[0]).to.equal(
      `${second} Overseer Demo second`,
    );
    expect(await repo.head()).to.equal(second);
    expect((await git("-C", "work", "fsck", "--strict")).ok).to.equal(true);
  });

  it("keeps the order of commits that are asked for at the same time", async () => {
    await start();
    const repo = await server.createRepository("apps");
    const ids = await Promise.all([1, 2, 3, 4, 5].map((n) => repo.commit({ "n.txt": String(n) }, `commit ${n}`)));
    expect((await repo.git("log", "--format=%H", "--reverse")).split("\n")).to.deep.equal(ids);
  });

  it("has branches, tags, modes, bytes and rewritten history", async () => {
    await start();
    const repo = await server.createRepository("apps", { defaultBranch: "trunk" });
    const first = await repo.commit(
      { run: { content: "#!/bin/sh\n", mode: "100755" }, bytes: new Uint8Array([0, 255]) },
      "1",
    );
    await repo.commit({ link: { content: "run", mode: "120000" } }, "2");
    await repo.tag("v1", { at: first });
    await repo.tag("v2", { message: "second" });
    await repo.commit({ c: "c" }, "on a branch", { branch: "feature", parent: first });
    const forced = await repo.forcePush({ d: "d" }, "instead of 2");
    const listed = await repo.git("ls-tree", "-r", "--format=%(objectmode) %(path)", "trunk");
    expect(listed.split("\n")).to.deep.equal(["100644 bytes", "100644 d", "100755 run"]);
    expect(await repo.git("rev-parse", "trunk^")).to.equal(first);
    expect(await repo.head()).to.equal(forced);
    expect(await repo.git("rev-parse", "feature^")).to.equal(first);
    const root = await repo.commit({ z: "z" }, "a new beginning", { parent: null });
    expect(await repo.git("rev-list", "--max-parents=0", "trunk")).to.equal(root);
    await repo.deleteBranch("feature");
    const refs = (await git("ls-remote", "--symref", repo.url)).text;
    expect(refs)
      .to.match(/^ref: refs\/heads\/trunk\tHEAD$/m)
      .and.not.contain("feature");
    expect(refs).to.contain("refs/tags/v2^{}");
  });

  it("takes pushes, shallow and partial clones, in protocol 0 and 2", async () => {
    await start();
    const repo = await server.createRepository("apps");
    await repo.commit({ a: "1" }, "1");
    await repo.commit({ a: "2" }, "2");
    expect((await clone(repo.url, "shallow", "--depth=1")).ok).to.equal(true);
    expect((await clone(repo.url, "partial", "--filter=blob:none", "--no-checkout")).text).not.to.contain(
      "filtering not",
    );
    expect((await git("-c", "protocol.version=0", "clone", "--quiet", repo.url, "old")).ok).to.equal(true);
    await git("-C", "old", "commit", "--quiet", "--allow-empty", "-m", "3");
    expect((await git("-C", "old", "push", "--quiet", "origin", "HEAD")).text).to.equal("");
    expect(await repo.git("log", "-1", "--format=%s")).to.equal("3");
    expect(server.count("push")).to.equal(1);
    expect(server.requests.map((one) => one.method)).to.contain("POST");
    server.clearRequests();
    expect(server.count()).to.equal(0);
  });

  it("asks for a credential", async () => {
    await start({ auth: { username: "me", password: "s3cret" } });
    const repo = await server.createRepository("apps");
    await repo.commit({ a: "1" }, "1");
    expect((await clone(repo.url, "none")).ok).to.equal(false);
    expect((await clone(repo.url.replace("//", "//me:wrong@"), "wrong")).ok).to.equal(false);
    expect((await clone(repo.url.replace("//", "//me:s3cret@"), "right")).ok).to.equal(true);
  });

  it("refuses names that leave its folder", async () => {
    await start();
    const error = await server.createRepository("../x").catch((reason: unknown) => reason);
    expect(String(error)).to.contain("invalid repository name");
    const answer = await fetch(`${server.url}/..%2f..%2fetc/info/refs?service=git-upload-pack`);
    expect(answer.status).to.be.oneOf([403, 404, 500]);
  });

  const spoiled: readonly [GitFault["kind"], GitFault, RegExp][] = [
    ["cut", { kind: "cut" }, /RPC failed|early EOF|disconnect/],
    ["end", { kind: "end" }, /early EOF|disconnect|invalid index-pack/],
    ["flip", { kind: "flip" }, /inflate|corrupt|SHA1|bad object|inconsistency|too-short|index-pack|unpack/i],
    ["fatal", { kind: "fatal", message: "disk on fire" }, /disk on fire/],
    ["status", { kind: "status", status: 503 }, /503/],
  ];
  for (const [name, fault, says] of spoiled) {
    for (const protocol of ["0", "2"]) {
      it(`spoils one fetch by the fault \`${name}\` in protocol ${protocol}, and is well again`, async () => {
        await start();
        const repo = await server.createRepository("apps");
        const noise = Array.from({ length: 50 }, (_, n) => [`f${n}`, `${n} ${Math.random()}`.repeat(40)]);
        await repo.commit(Object.fromEntries(noise), "1");
        server.setFault((request) => (request.kind === "fetch" ? fault : undefined));
        const broken = await git("-c", `protocol.version=${protocol}`, "clone", repo.url, "broken");
        expect(broken.ok).to.equal(false);
        expect(broken.text).to.match(says);
        server.setFault(undefined);
        expect((await clone(repo.url, "fine")).ok).to.equal(true);
      });
    }
  }

  it("delays a request until it is released", async () => {
    await start();
    const repo = await server.createRepository("apps");
    await repo.commit({ a: "1" }, "1");
    const held = holdRequests();
    const arrived = new Promise<void>((resolve) => {
      server.setFault(() => {
        resolve();
        return { kind: "delay", until: held.until };
      });
    });
    let done = false;
    const listed = git("ls-remote", repo.url).finally(() => {
      done = true;
    });
    await arrived;
    expect(done).to.equal(false);
    held.release();
    expect((await listed).ok).to.equal(true);
  });

  it("stops while a request is delayed", async () => {
    await start();
    const repo = await server.createRepository("apps");
    const arrived = new Promise<void>((resolve) => {
      server.setFault(() => {
        resolve();
        return { kind: "delay", until: new Promise(() => {}) };
      });
    });
    const listed = git("ls-remote", repo.url);
    await arrived;
    await server.stop();
    expect((await listed).ok).to.equal(false);
    await start();
  });
});
