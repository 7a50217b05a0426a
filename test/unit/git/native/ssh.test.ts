import { mkdir, readdir, utimes } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { systemClock } from "../../../../src/base/clock.js";
import { silentLogger } from "../../../../src/base/logger.js";
import { credentialFromSecret } from "../../../../src/git/credentials/credentials.js";
import type { GitRemote, RemoteRefs } from "../../../../src/git/engine.js";
import type { GitErrorCode } from "../../../../src/git/errors.js";
import { IsomorphicGitEngine } from "../../../../src/git/isomorphic/engine.js";
import { NativeGitEngine } from "../../../../src/git/native/engine.js";
import { gitRemote } from "../../../../src/git/remote.js";
import type { GitRepo } from "../../../support/git-server.js";
import { hasSshServer, type SshKeyPair, SshServer } from "../../../support/ssh-server.js";
import { expectGitError } from "../support/expect-error.js";
import { removeTemporaryDirectories, temporaryDirectory } from "../support/temporary.js";

const PREFIXES = ["HEAD", "refs/heads/main", "refs/tags/"];
const signal = new AbortController().signal;

describe("NativeGitEngine over SSH (needs an OpenSSH server)", function () {
  this.timeout(60_000);
  let server: SshServer;
  let repo: GitRepo;
  let key: SshKeyPair;
  let knownHosts: string;
  let engine: NativeGitEngine;
  let cacheDir: string;
  let keys: string;
  const usual = process.env.TMPDIR;

  before(async function () {
    if (!hasSshServer()) return this.skip();
    server = await SshServer.start();
    repo = await server.createRepository("team/apps");
    await repo.commit({ "a.yaml": "a: 1\n" }, "first");
    await repo.tag("v1", { message: "annotated" });
    key = await server.keyPair("ed25519");
    knownHosts = await server.knownHosts();
    cacheDir = await temporaryDirectory();
    // Of its own, since it is searched for keys that are left over; with one of a process that was killed an hour ago.
    keys = await temporaryDirectory();
    process.env.TMPDIR = keys;
    const stale = join(keys, "overseer-gitops-ssh-killed");
    await mkdir(stale);
    await utimes(stale, Date.now() / 1000 - 3600, Date.now() / 1000 - 3600);
    engine = new NativeGitEngine({ cacheDir, clock: systemClock, logger: silentLogger });
  });
  after(async () => {
    if (usual === undefined) delete process.env.TMPDIR;
    else process.env.TMPDIR = usual;
    await engine?.close();
    await server?.stop();
    await removeTemporaryDirectories();
  });
  beforeEach(() => server.authorize([key]));
  afterEach(async () => {
    expect(await readdir(keys), "no key is left on disk").to.deep.equal([]);
  });

  const remote = (values: Readonly<Record<string, string>>, url = repo.url): GitRemote => {
    const data = Object.entries(values).map(([name, value]) => [name, Buffer.from(value).toString("base64")] as const);
    return gitRemote(url, credentialFromSecret(Object.fromEntries(data), { where: "Secret team/git", url }));
  };
  const list = (at: GitRemote): Promise<RemoteRefs> => engine.listRefs(at, PREFIXES, signal);
  const refused = async (code: GitErrorCode, at: GitRemote, ...says: readonly RegExp[]): Promise<void> => {
    const error = await expectGitError(code, () => list(at));
    for (const pattern of says) expect(error.message).to.match(pattern);
    expect(error.message).not.to.contain("overseer-gitops-ssh-");
  };

  it("lists refs and fetches a commit, with one connection each", async () => {
    const at = remote({ identity: key.privateKey, known_hosts: knownHosts });
    const before = await server.sessions();
    const { refs, head } = await list(at);
    const commit = await repo.head();
    expect(Object.fromEntries(refs)).to.deep.equal({
      HEAD: commit,
      "refs/heads/main": commit,
      "refs/tags/v1": commit,
    });
    expect(head).to.equal("refs/heads/main");
    expect(await server.sessions()).to.equal(before + 1);
    await engine.fetch(at, { commit, ref: "refs/heads/main" }, signal);
    expect(await server.sessions()).to.equal(before + 2);
    const snapshot = await engine.open(at, commit);
    expect(await snapshot?.listNames((await snapshot.treeAt(""))?.id ?? "")).to.deep.equal(["a.yaml"]);
  });

  it("accepts keys of each type, under the names that Flux, Argo CD and Kubernetes use", async () => {
    const cases = [
      { name: "identity", pair: await server.keyPair("ecdsa", "", "-b", "384"), passphrase: undefined },
      { name: "sshPrivateKey", pair: await server.keyPair("rsa", "", "-b", "2048"), passphrase: undefined },
      {
        name: "ssh-privatekey",
        pair: await server.keyPair("rsa", "", "-b", "2048", "-m", "PEM"),
        passphrase: undefined,
      },
      { name: "identity", pair: await server.keyPair("ed25519", "open sesame '\"$x"), passphrase: "open sesame '\"$x" },
      { name: "identity", pair: await server.keyPair("ecdsa", "sesame", "-m", "PEM"), passphrase: "sesame" },
      {
        name: "identity",
        pair: await server.keyPair("rsa", "sesame", "-b", "2048", "-m", "PKCS8"),
        passphrase: "sesame",
      },
    ];
    await server.authorize(cases.map(({ pair }) => pair));
    for (const { name, pair, passphrase } of cases) {
      const text = pair.privateKey.trimEnd().replaceAll("\n", "\r\n");
      const password = passphrase === undefined ? {} : { password: passphrase };
      const { refs } = await list(remote({ [name]: text, known_hosts: knownHosts, ...password, "identity.pub": "x" }));
      expect(refs.has("refs/heads/main"), name).to.equal(true);
    }
  });

  it("accepts a known_hosts file with hashed hosts, or with a certificate authority", async () => {
    await list(remote({ identity: key.privateKey, known_hosts: await server.knownHosts({ hashed: true }) }));
    try {
      await server.setHostKey("ecdsa", { ca: true });
      await list(remote({ identity: key.privateKey, known_hosts: await server.authorityLine() }));
    } finally {
      await server.setHostKey("ed25519");
    }
    const changed = remote({ identity: key.privateKey, known_hosts: knownHosts });
    const fingerprint = await server.fingerprint();
    await refused("GIT_HOST_KEY_CHANGED", changed, /has changed/, /ssh-ed25519 host key SHA256:/, /intercepted/);
    const error = await expectGitError("GIT_HOST_KEY_CHANGED", () =>
      engine.fetch(changed, { commit: "1".repeat(40), ref: undefined }, signal),
    );
    expect(error.message).to.contain(fingerprint);
    knownHosts = await server.knownHosts();
  });

  it("names type and fingerprint of an unknown host key, and what to add", async () => {
    const other = knownHosts.replaceAll(/^\[127\.0\.0\.1\]/gm, "[git.example.com]");
    const at = remote({ identity: key.privateKey, known_hosts: other });
    await refused("GIT_HOST_KEY_UNKNOWN", at, /is not known/, /ssh-keyscan -p \d+ 127\.0\.0\.1/, /known_hosts/);
    const error = await expectGitError("GIT_HOST_KEY_UNKNOWN", () => list(at));
    expect(error.message).to.contain(`ssh-ed25519 host key ${await server.fingerprint()}`);
    const revoked = `@revoked * ${knownHosts.split("\n")[0]?.split(" ").slice(1).join(" ")}\n${knownHosts}`;
    await refused("GIT_HOST_KEY_CHANGED", remote({ identity: key.privateKey, known_hosts: revoked }), /@revoked/);
  });

  it("names the key that the server rejects, and a wrong passphrase", async () => {
    await server.authorize([]);
    await refused(
      "GIT_AUTH_FAILED",
      remote({ identity: key.privateKey, known_hosts: knownHosts }),
      /rejects the key ED25519 SHA256:\S+ of user/,
      /deploy key/,
    );
    const encrypted = await server.keyPair("ed25519", "right");
    await server.authorize([encrypted]);
    const values = { identity: encrypted.privateKey, known_hosts: knownHosts };
    await refused(
      "GIT_AUTH_FAILED",
      remote({ ...values, password: "canary" }),
      /cannot be decrypted: check its passphrase/,
    );
    expect((await list(remote({ ...values, password: "right" }))).refs.size).to.equal(3);
  });

  it("reports a missing repository, an unreachable server, and one that refuses to serve", async () => {
    const secret = { identity: key.privateKey, known_hosts: knownHosts };
    await refused(
      "GIT_REPOSITORY_NOT_FOUND",
      remote(secret, server.url("nothing")),
      /does not exist, or is not visible/,
    );
    await refused("GIT_UNREACHABLE", remote(secret, "ssh://git@127.0.0.1:9/x"), /refused the connection/);
    const quoted = remote(secret, `${repo.url.slice(0, -4)}';touch%20x;'`);
    await refused("GIT_REPOSITORY_NOT_FOUND", quoted, /does not exist/);
  });

  it("says that the native engine or OpenSSH is missing", async () => {
    const at = remote({ identity: key.privateKey, known_hosts: knownHosts });
    const other = new IsomorphicGitEngine({ cacheDir, clock: systemClock, logger: silentLogger });
    const native = await expectGitError("GIT_TRANSPORT_UNSUPPORTED", () => other.listRefs(at, PREFIXES, signal));
    expect(native.message).to.contain("only the native Git engine supports");
    const bare = new NativeGitEngine({ cacheDir, clock: systemClock, logger: silentLogger, path: cacheDir });
    const missing = await expectGitError("GIT_TRANSPORT_UNSUPPORTED", () => bare.listRefs(at, PREFIXES, signal));
    expect(missing.message).to.contain("install openssh-client");
  });

  it("ends at once when the poll is aborted", async () => {
    const aborted = new AbortController();
    const at = remote({ identity: key.privateKey, known_hosts: knownHosts });
    const work = engine.listRefs(at, PREFIXES, aborted.signal);
    aborted.abort(new Error("stopped"));
    expect(await work.catch((error: unknown) => String(error))).to.equal("Error: stopped");
  });
});
