import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { loadAll } from "js-yaml";
import { API_VERSION } from "../../src/api/group.js";
import { repositoryRoot } from "../../tools/repository-root.js";
import { waitUntil } from "../../tools/wait-until.js";
import type { TestObject } from "../support/kube.js";
import { expectCalmLog } from "../support/operator-log.js";
import { hasSshServer, type SshKeyPair, SshServer } from "../support/ssh-server.js";
import { condition, configMap, type LiveRepository, World } from "../support/world.js";

describe("A GitRepository over SSH (needs an OpenSSH server)", function () {
  this.timeout(120_000);
  let world: World;
  let server: SshServer;
  let key: SshKeyPair;
  let passphrase: string;

  before(async function () {
    if (!hasSshServer()) return this.skip();
    world = await World.create("ssh");
    server = await SshServer.start();
    passphrase = world.canary();
    key = await server.keyPair("ed25519", passphrase);
    await server.authorize([key]);
  });
  after(async () => {
    await world?.remove();
    await server?.stop();
  });

  /** Writes the Secret, as `flux create secret git` makes it. */
  const secret = async (pair: SshKeyPair, values: Record<string, string> = {}): Promise<void> => {
    world.canaries.push(...pair.privateKey.split("\n").slice(1, -2));
    await world.kube.apply({
      apiVersion: "v1",
      kind: "Secret",
      metadata: { name: "flux-system", namespace: world.namespace },
      stringData: {
        identity: pair.privateKey,
        "identity.pub": pair.publicKey,
        known_hosts: values.known_hosts ?? (await server.knownHosts()),
        password: passphrase,
        ...values,
      },
    });
  };
  const ready = (status: string, reason: string): Promise<LiveRepository> =>
    world.kube.until<LiveRepository>(
      world.repositoryRef("shop"),
      `Ready=${status} ${reason}`,
      (object) => condition(object, "Ready")?.status === status && condition(object, "Ready")?.reason === reason,
    );

  it("is applied with the Secret of Flux as it is, and a poll takes one connection", async () => {
    const repo = await server.createRepository("shop");
    const commit = await repo.commit({ "a.yaml": configMap("shop", { v: "1" }) }, "first");
    await secret(key);
    await world.kube.apply({
      apiVersion: API_VERSION,
      kind: "GitRepository",
      metadata: { name: "shop", namespace: world.namespace },
      spec: { url: repo.url, ref: { branch: "main" }, interval: "1h", secretRef: { name: "flux-system" } },
    });
    await world.app("shop", "shop", ".");
    await world.synced("shop", commit);
    const before = await server.sessions();
    await world.poll("shop");
    expect(await server.sessions()).to.equal(before + 1);
  });

  it("names the key that the server rejects, and recovers when the Secret changes", async () => {
    const next = await server.keyPair("ecdsa");
    await server.authorize([next]);
    await world.poll("shop");
    const refused = condition(await ready("False", "AuthenticationFailed"), "Ready")?.message ?? "";
    expect(refused)
      .to.match(/rejects the key ED25519 SHA256:\S+/)
      .and.contain("stays in use");
    await secret(next);
    await ready("True", "Fetched");
    key = next;
  });

  it("accepts no other host key than the one in known_hosts", async () => {
    await server.setHostKey("ecdsa");
    await world.poll("shop");
    const changed = condition(await ready("False", "HostKeyChanged"), "Ready")?.message ?? "";
    expect(changed)
      .to.contain(await server.fingerprint())
      .and.contain("known_hosts");
    const about = async (): Promise<string> => (await world.events("shop")).join("\n");
    await waitUntil({ what: "an Event", timeoutMs: 60_000 }, async () => (await about()).includes("HostKeyChanged"));
    await secret(key);
    await ready("True", "Fetched");
    const known_hosts = await server.knownHosts();
    await secret(key, { known_hosts: known_hosts.replaceAll("[127.0.0.1]", "[git.example.com]") });
    const unknown = condition(await ready("False", "HostKeyUnknown"), "Ready")?.message ?? "";
    expect(unknown)
      .to.contain(await server.fingerprint())
      .and.contain("ssh-keyscan");
    await secret(key);
    await ready("True", "Fetched");
  });

  it("reports a key that cannot be used, without a connection", async () => {
    const known_hosts = await server.knownHosts();
    const before = (await server.log()).length;
    await secret(key, { known_hosts, identity: "PuTTY-User-Key-File-3: ssh-ed25519\n" });
    const repository = await ready("False", "InvalidCredential");
    expect(condition(repository, "Ready")?.message).to.match(/key identity that is in PuTTY's format/);
    expect(condition(repository, "Stalled")?.status).to.equal("True");
    expect((await server.log()).slice(before)).not.to.contain("Connection from");
    await secret(key);
    await ready("True", "Fetched");
    await expectCalmLog(world.operator);
  });

  it("accepts the examples of the documentation", async () => {
    const page = await readFile(join(repositoryRoot(), "docs/git/authentication.md"), "utf8");
    const examples = [...page.matchAll(/^```yaml\n(.*?)^```$/gms)].flatMap(([, text = ""]) => loadAll(text));
    expect(examples.length).to.be.greaterThan(2);
    for (const [index, example] of (examples as TestObject[]).entries()) {
      const metadata = { ...example.metadata, name: `example-${index}`, namespace: world.namespace };
      const isRepository = example.kind === "GitRepository";
      await world.kube.create({
        ...example,
        metadata,
        ...(isRepository ? { spec: { ...(example.spec as object), suspend: true } } : {}),
      });
      await world.kube.delete({ apiVersion: example.apiVersion, kind: example.kind, ...metadata });
    }
  });
});
