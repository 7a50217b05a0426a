import { expect } from "chai";
import type { RawObject } from "../../../src/kube/object.js";
import { yamlExamples } from "../../support/doc-examples.js";
import type { GitRepo } from "../../support/git-server.js";
import type { TestObject } from "../../support/kube.js";
import { condition, configMap, type LiveRepository } from "../../support/world.js";
import { Arena, doc } from "./arena.js";

describe("The signature of HEAD", function () {
  this.timeout(120_000);
  let arena: Arena;
  let repo: GitRepo;

  before(async () => {
    arena = await Arena.create("verify");
  });
  after(() => arena?.remove());

  it("is awaited while the Secret does not exist, and then accepted at once", async () => {
    const { world, signers, ada } = arena;
    repo = await world.git.createRepository("shop");
    const commit = await signers.commit(repo, ada, doc("1"), "first");
    await arena.follow("shop", repo, {});
    const missing = await arena.verdict("shop", "False", "SecretNotFound");
    expect(condition(missing, "Verified")?.message).to.contain("spec.verify.secretRef");
    await arena.secret({ "ada.pub": ada.publicKey });
    await world.synced("shop", commit);
    const repository = await arena.verdict("shop", "True", "Verified");
    expect(condition(repository, "Verified")?.message)
      .to.contain(commit.slice(0, 12))
      .and.contain("ada@example.com")
      .and.contain(ada.fingerprint);
    expect(repository.status?.verified?.[0]).to.include({ ref: "branch=main", commit, signer: "ada@example.com" });
  });

  it("is required of each new commit: an unsigned one is not deployed and named", async () => {
    const { world } = arena;
    const good = await repo.head();
    const commit = await repo.commit(doc("2"), "unsigned", { author: "Mallory <mallory@example.com>" });
    const message = await arena.refused("shop", "Unsigned");
    expect(message).to.contain(commit.slice(0, 12)).and.contain("Mallory <mallory@example.com>").and.contain("sign it");
    expect(message).to.contain(`main@sha1:${good.slice(0, 12)} stays in use`);
    const repository = await world.kube.get<LiveRepository>(world.repositoryRef("shop"));
    expect(condition(repository ?? {}, "Fetched")?.status).to.equal("True");
    expect((await world.poke("shop")).status?.applied?.commit).to.equal(good);
    expect(await arena.applied("shop")).to.equal("1");
    await world.told("shop", `Unsigned: ${message.split("; main@")[0]}`);
  });

  it("by a key that is not trusted is accepted as soon as the Secret has the key", async () => {
    const { world, signers, ada, eve } = arena;
    const commit = await signers.commit(repo, eve, doc("3"), "by eve");
    expect(await arena.refused("shop", "UntrustedKey")).to.contain(eve.fingerprint);
    await arena.secret({ "ada.pub": ada.publicKey, "eve.pub": eve.publicKey });
    await world.synced("shop", commit);
  });

  it("is judged again when a key is removed, so that an app that is edited gets nothing from it", async () => {
    const { world, ada } = arena;
    const requests = world.git.count();
    await world.kube.patch(
      { apiVersion: "v1", kind: "Secret", namespace: world.namespace, name: "keys" },
      { data: { "eve.pub": null } },
    );
    const repository = await arena.verdict("shop", "False", "UntrustedKey");
    expect(condition(repository, "Verified")?.message).to.contain("no verified revision is in use");
    expect(repository.status?.revision).to.equal(undefined);
    expect(world.git.count() - requests).to.be.at.most(2);
    await world.untilCondition("shop", "Ready", "False", "UntrustedKey");
    // Drift is still reverted to what was applied.
    await world.kube.patch(world.configMap("shop"), { data: { v: "drift" } });
    await world.kube.until<RawObject & { data?: Record<string, string> }>(
      world.configMap("shop"),
      "is reverted",
      (object) => object.data?.v === "3",
    );
    expect(ada.publicKey).to.be.a("string");
  });

  it("decides after a restart too, with the last verified revision", async () => {
    const { world, signers, ada } = arena;
    const good = await signers.commit(repo, ada, doc("4"), "by ada");
    await world.poll("shop");
    await world.synced("shop", good);
    await repo.commit(doc("5"), "unsigned again");
    await world.operator.stop();
    await world.operator.start();
    await arena.verdict("shop", "False", "Unsigned");
    const app = await world.poke("shop");
    expect(app.status?.applied?.commit).to.equal(good);
    expect(await arena.applied("shop")).to.equal("4");
  });

  it("is checked for refs of apps as well", async () => {
    const { world, signers, ada } = arena;
    await repo.commit(doc("x"), "unsigned", { branch: "topic" });
    await world.app("topic", "shop", ".", {
      source: { repositoryRef: { name: "shop" }, path: ".", ref: { branch: "topic" } },
    });
    const app = await world.untilCondition("topic", "Ready", "False", "Unsigned");
    expect(condition(app, "Ready")?.message).to.contain("is not signed");
    const commit = await signers.commit(repo, ada, { "b.yaml": configMap("topic", {}), "a.yaml": null }, "signed", {
      branch: "topic",
    });
    await world.poll("shop");
    await world.synced("topic", commit);
  });

  it("is configured as the documentation shows", async () => {
    const [repository, range, keys] = yamlExamples<TestObject>("docs/git/signatures.md");
    if (repository === undefined || range === undefined || keys === undefined) throw new Error("an example is missing");
    const spec = { ...(repository.spec as object), suspend: true };
    for (const object of [
      keys,
      { ...repository, spec },
      { ...repository, spec: { ...spec, ...(range.spec as object) } },
    ])
      await arena.world.kube.apply({ ...object, metadata: { name: "example", namespace: arena.world.namespace } });
    await arena.world.kube.delete(arena.world.repositoryRef("example"));
  });

  it("needs keys that can be read, and names the one that cannot", async () => {
    const { signers } = arena;
    await arena.secret({ "broken.pub": "ssh-ed25519 AAAA" });
    const repository = await arena.verdict("shop", "False", "InvalidVerificationKeys");
    expect(condition(repository, "Verified")?.message).to.contain("damaged SSH key in line 1 of broken.pub");
    expect(condition(repository, "Stalled")?.status).to.equal("True");
    const key = await signers.openpgp("Flux User <flux@example.com>");
    await arena.world.kube.apply({
      apiVersion: "v1",
      kind: "Secret",
      metadata: { name: "pgp", namespace: arena.world.namespace },
      stringData: { "author.asc": key.publicKey },
    });
    const pgp = await arena.world.git.createRepository("pgp");
    const commit = await signers.commit(pgp, key, { "a.yaml": configMap("pgp", {}) }, "by gpg");
    await arena.follow("pgp", pgp, { secretRef: { name: "pgp" } });
    await arena.world.synced("pgp", commit);
  });
});
