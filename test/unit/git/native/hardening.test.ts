import { chmod, mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { systemClock } from "../../../../src/base/clock.js";
import { silentLogger } from "../../../../src/base/logger.js";
import { NativeGitEngine } from "../../../../src/git/native/engine.js";
import { USUAL_PATH } from "../../../../src/git/native/find-git.js";
import { GitProgram } from "../../../../src/git/native/program.js";
import { pktLine } from "../../../../src/git/protocol/pkt-line.js";
import { gitRemote } from "../../../../src/git/remote.js";
import { type Certificates, makeCertificates } from "../../../support/certificates.js";
import { type GitRepo, type GitServer, startGitServer } from "../../../support/git-server.js";
import { expectGitError } from "../support/expect-error.js";
import { startFront } from "../support/front.js";
import { removeTemporaryDirectories, temporaryDirectory } from "../support/temporary.js";

after(() => removeTemporaryDirectories());

describe("NativeGitEngine: what its children are given", function () {
  this.timeout(30_000);
  const signal = new AbortController().signal;
  let server: GitServer;
  let repo: GitRepo;
  let commit: string;
  let folder: string;
  let executable: string;

  before(async () => {
    server = await startGitServer();
    repo = await server.createRepository("apps");
    commit = await repo.commit(
      { "a.yaml": "a: 1\n", ".gitmodules": '[submodule "x"]\n\tpath = x\n\turl = ../x\n' },
      "first",
    );
    folder = await temporaryDirectory();
    executable = join(folder, "git-recorded");
    const record = `{ printf '%s\\037' "$@"; printf '\\036'; env; printf '\\035'; ls -l "$GIT_DIR"; printf '\\034'; }`;
    await writeFile(executable, `#!/bin/sh\n${record} >> '${folder}/record'\nexec git "$@"\n`);
    await chmod(executable, 0o755);
  });
  after(() => server.stop());
  beforeEach(() => writeFile(join(folder, "record"), ""));

  /** Arguments, environment and listing of the repository's directory of each child, in their order. */
  async function recorded(): Promise<{ args: string[]; env: Record<string, string>; files: string }[]> {
    const text = await readFile(join(folder, "record"), "utf8");
    return text
      .split("\x1c")
      .slice(0, -1)
      .map((one) => {
        const [args = "", rest = ""] = one.split("\x1e");
        const [env = "", files = ""] = rest.split("\x1d");
        const lines = env.split("\n").map((line) => [line.split("=")[0] ?? "", line.replace(/^[^=]*=/, "")] as const);
        return { args: args.split("\x1f").slice(0, -1), env: Object.fromEntries(lines), files };
      });
  }

  async function engine(): Promise<NativeGitEngine> {
    const cacheDir = await temporaryDirectory();
    return new NativeGitEngine({ cacheDir, executable, clock: systemClock, logger: silentLogger });
  }

  it("is an environment made from nothing, and arguments without any secret", async () => {
    process.env.OVERSEER_TEST_CANARY = "canary";
    process.env.GIT_SSH_COMMAND = "canary";
    const made = await engine();
    try {
      const remote = gitRemote(repo.url, { username: "u", password: "canary-password" });
      await made.fetch(remote, { commit, ref: undefined }, signal);
      await made.open(remote, commit);
    } finally {
      delete process.env.OVERSEER_TEST_CANARY;
      delete process.env.GIT_SSH_COMMAND;
      await made.close();
    }
    const children = await recorded();
    expect(children.map(({ args }) => args[0])).to.deep.equal(["fetch", "rev-list", "cat-file"]);
    const secret = Buffer.from("u:canary-password").toString("base64");
    for (const { args, env } of children) {
      expect(args.join(" "))
        .not.to.match(/canary/)
        .and.not.include(secret);
      const names = Object.keys(env).filter(
        (name) => !/^GIT_CONFIG_(KEY|VALUE)_\d+$|^(PWD|OLDPWD|SHLVL|_|)$/.test(name),
      );
      expect(names).to.have.members(
        [
          "PATH",
          "HOME",
          "LC_ALL",
          "GIT_DIR",
          "GIT_OBJECT_DIRECTORY",
          "GIT_CONFIG_NOSYSTEM",
          "GIT_CONFIG_GLOBAL",
        ].concat(
          ["GIT_ATTR_NOSYSTEM", "GIT_TERMINAL_PROMPT", "GIT_ALLOW_PROTOCOL", "GIT_NO_LAZY_FETCH", "GIT_CONFIG_COUNT"],
          ["GIT_NO_REPLACE_OBJECTS", "GIT_HTTP_USER_AGENT", "GIT_ALLOC_LIMIT"],
          "GIT_ALTERNATE_OBJECT_DIRECTORIES" in env ? ["GIT_ALTERNATE_OBJECT_DIRECTORIES"] : [],
        ),
      );
      expect(env).to.include({ PATH: USUAL_PATH, GIT_ALLOW_PROTOCOL: "http:https", GIT_TERMINAL_PROMPT: "0" });
      expect(JSON.stringify(env).includes(secret)).to.equal(args[0] === "fetch");
    }
  });

  it("are certificates in files that only we can read, and that are gone afterwards", async function () {
    const certificates: Certificates | undefined = makeCertificates();
    if (certificates === undefined) return this.skip();
    const { ca, server: pair, client } = certificates;
    const front = await startFront(server.url, undefined, { ...pair, ca });
    const made = await engine();
    try {
      const credential = { ca, clientCert: client.cert, clientKey: client.key };
      const remote = gitRemote(repo.url.replace(server.url, front.url), credential);
      await made.fetch(remote, { commit, ref: undefined }, signal);
    } finally {
      await made.close();
      await front.stop();
    }
    const [fetch, ...others] = await recorded();
    for (const name of ["ca.pem", "tls.crt", "tls.key"]) {
      expect(fetch?.files).to.match(new RegExp(`^-rw------- .* ${name}$`, "m"));
    }
    const key = Object.values(fetch?.env ?? {}).find((value) => value.endsWith("/tls.key")) ?? "";
    expect(await readFile(key).catch((error: NodeJS.ErrnoException) => error.code)).to.equal("ENOENT");
    expect(JSON.stringify(others)).not.to.include("tls.key");
  });

  it("is nothing of what a server says with a secret in it", async () => {
    const made = await engine();
    const front = await startFront(server.url, ({ method, headers }) =>
      method === "POST"
        ? {
            status: 200,
            headers: { "content-type": "application/x-git-upload-pack-result" },
            body: pktLine(`ERR nothing for ${headers.authorization}`),
          }
        : undefined,
    );
    try {
      const remote = gitRemote(repo.url.replace(server.url, front.url), { bearerToken: "canary" });
      const error = await expectGitError("GIT_REMOTE_FAILED", () =>
        made.fetch(remote, { commit, ref: undefined }, signal),
      );
      expect(error.message).to.include("nothing for ***");
      expect(`${error.message} ${String(error.cause)}`).not.to.include("canary");
    } finally {
      await made.close();
      await front.stop();
    }
  });

  it("is no repository that a server has put a hook or settings into: nothing but packs is kept", async () => {
    const made = await engine();
    const remote = gitRemote(repo.url);
    await made.fetch(remote, { commit, ref: undefined }, signal);
    const { env } = (await recorded())[1] ?? {};
    expect(env?.HOME).to.equal(env?.GIT_DIR);
    const snapshot = await made.open(remote, commit);
    expect(await snapshot?.treeAt(".gitmodules")).to.have.property("kind", "file");
    await made.close();
  });
});

describe("GitProgram", () => {
  const options = { path: USUAL_PATH, maxAllocation: 2 ** 20, silenceSeconds: 1 };
  const signal = new AbortController().signal;

  async function place(): Promise<{ directory: string; objects: string }> {
    const directory = await temporaryDirectory();
    await mkdir(join(directory, "refs"));
    await writeFile(join(directory, "HEAD"), "ref: refs/heads/none\n");
    const objects = join(directory, "objects");
    await mkdir(join(objects, "pack"), { recursive: true });
    return { directory, objects };
  }

  it("says so when there is no such program", async () => {
    const git = new GitProgram({ ...options, executable: "no-such-git" });
    const error = await expectGitError("GIT_STORE_UNWRITABLE", async () =>
      git.run({ ...(await place()), args: ["version"], signal }),
    );
    expect(error.message).to.include("ENOENT");
  });

  it("ends a child whose output nobody wants, and throws what was thrown", async () => {
    const git = new GitProgram({ ...options, executable: "git" });
    const end = new Error("enough");
    const where = await place();
    const work = git.run({
      ...where,
      args: ["cat-file", "--batch"],
      input: "x\n".repeat(1_000_000),
      signal,
      onOutput: () => {
        throw end;
      },
    });
    expect(await work.catch((error: unknown) => error)).to.equal(end);
  });

  it("lets no child allocate more than it may", async () => {
    const git = new GitProgram({ ...options, executable: "git" });
    const where = await place();
    // A pack that announces four billion objects.
    const input = "PACK\0\0\0\u0002\u007f\u007f\u007f\u007f";
    const { code, stderr } = await git.run({ ...where, args: ["index-pack", "--stdin"], input, signal });
    expect(code).to.equal(128);
    expect(stderr).to.match(/over limit/);
  });

  it("keeps the end of what a child says, and no more", async () => {
    const git = new GitProgram({ ...options, executable: "git" });
    const args = ["rev-parse", "--verify", `${"x".repeat(50_000)}-end`];
    const { stderr } = await git.run({ ...(await place()), args, signal });
    expect(stderr.length).to.be.at.most(16_384);
  });
});
