import { expect } from "chai";
import type { GitRepo } from "../../support/git-server.js";
import { hasSshServer, SshServer } from "../../support/ssh-server.js";
import { condition, configMap } from "../../support/world.js";
import { Arena, doc } from "./arena.js";

for (const engine of ["native", "isomorphic"]) {
  describe(`The signatures of a range of commits, with the ${engine} engine`, function () {
    this.timeout(120_000);
    let arena: Arena;
    let repo: GitRepo;

    before(async () => {
      arena = await Arena.create(`range-${engine}`, [`--git-engine=${engine}`]);
      await arena.secret({ "ada.pub": arena.ada.publicKey });
      repo = await arena.world.git.createRepository("shop");
      // Commits from before the verification need no signature.
      for (const v of ["a", "b", "c"]) await repo.commit(doc(v), v);
      await arena.signers.commit(repo, arena.ada, doc("1"), "first");
      await arena.follow("shop", repo, { mode: "Range" });
      await arena.world.synced("shop", await repo.head());
    });
    after(() => arena?.remove());

    it("are all checked, with one small request more", async () => {
      const { world, signers, ada } = arena;
      for (const v of ["2", "3"]) await signers.commit(repo, ada, doc(v), v);
      const commit = await signers.commit(repo, ada, doc("4"), "4");
      const before = world.git.count();
      await world.poll("shop");
      await world.synced("shop", commit);
      const message = condition(await arena.verdict("shop", "True", "Verified"), "Verified")?.message ?? "";
      expect(message).to.contain("all 3 commits since");
      // ls-refs, the fetch (two of native Git), the capabilities once, and the history.
      expect(world.git.count() - before).to.be.at.most(5);
      const again = world.git.count();
      await world.poll("shop");
      expect(world.git.count() - again).to.equal(1);
    });

    it("include those that a merge brings in", async () => {
      const { world, signers, ada } = arena;
      const base = await repo.head();
      const hidden = await repo.commit({ "b.yaml": configMap("b", {}) }, "unsigned", { branch: "side" });
      const merge = await signers.commit(repo, ada, { "b.yaml": configMap("b", {}) }, "merge", {
        parents: [base, hidden],
      });
      const message = await arena.refused("shop", "Unsigned");
      expect(message).to.contain(hidden.slice(0, 12)).and.contain(`spec.verify.since to ${merge}`);
      expect((await world.poke("shop")).status?.applied?.commit).to.equal(base);
      await world.kube.patch(world.repositoryRef("shop"), { spec: { verify: { since: merge } } });
      await world.synced("shop", merge);
    });

    it("do not let a forced push go back to an older commit, also after a restart", async () => {
      const { world, signers, ada } = arena;
      const good = await repo.head();
      await repo.setBranch("main", `${good}~2`);
      const message = await arena.refused("shop", "NotADescendant");
      expect(message).to.contain(`${good.slice(0, 12)}, the last verified commit`);
      await world.operator.stop();
      await world.operator.start();
      await arena.refused("shop", "NotADescendant");
      expect((await world.poke("shop")).status?.applied?.commit).to.equal(good);
      await repo.setBranch("main", good);
      const commit = await signers.commit(repo, ada, doc("6"), "on top");
      await world.poll("shop");
      await world.synced("shop", commit);
    });
  });
}

describe("The signatures of a range over SSH (needs an OpenSSH server)", function () {
  this.timeout(120_000);
  let arena: Arena;
  let server: SshServer;

  before(async function () {
    if (!hasSshServer()) return this.skip();
    server = await SshServer.start();
    arena = await Arena.create("range-ssh");
  });
  after(async () => {
    await arena?.remove();
    await server?.stop();
  });

  it("are read with one connection", async () => {
    const { world, signers, ada, eve } = arena;
    const key = await server.keyPair("ed25519");
    world.canaries.push(...key.privateKey.split("\n").slice(1, -2));
    await server.authorize([key]);
    await arena.secret({ "ada.pub": ada.publicKey });
    await world.kube.apply({
      apiVersion: "v1",
      kind: "Secret",
      metadata: { name: "deploy", namespace: world.namespace },
      stringData: { identity: key.privateKey, known_hosts: await server.knownHosts() },
    });
    const repo = await server.createRepository("shop");
    const first = await signers.commit(repo, ada, doc("1"), "first");
    await arena.follow("shop", repo, { mode: "Range" }, { secretRef: { name: "deploy" } });
    await world.synced("shop", first);
    const bad = await signers.commit(repo, eve, doc("2"), "by eve");
    await signers.commit(repo, ada, doc("3"), "by ada");
    expect(await arena.refused("shop", "UntrustedKey")).to.contain(bad.slice(0, 12));
    await arena.secret({ "ada.pub": ada.publicKey, "eve.pub": eve.publicKey });
    await world.synced("shop", await repo.head());
  });
});
