import { expect } from "chai";
import type { GitRepo } from "../../support/git-server.js";
import { condition } from "../../support/world.js";
import { Arena, doc } from "./arena.js";

describe("The signature of a tag", function () {
  this.timeout(120_000);
  let arena: Arena;
  let repo: GitRepo;

  before(async () => {
    arena = await Arena.create("tag");
    await arena.secret({ "ada.pub": arena.ada.publicKey });
    repo = await arena.world.git.createRepository("shop");
  });
  after(() => arena?.remove());

  it("is enough for a commit that is not signed itself, and a restart keeps it", async () => {
    const { world, signers, ada } = arena;
    const commit = await repo.commit(doc("1"), "unsigned");
    await signers.tag(repo, ada, "v1.0.0", commit);
    await arena.follow("shop", repo, { mode: "Tag" }, { ref: { semver: "1.x" } });
    await world.synced("shop", commit);
    const message = condition(await arena.verdict("shop", "True", "Verified"), "Verified")?.message;
    expect(message).to.contain("the tag v1.0.0 is signed by ada@example.com");
  });

  it("does not count under another name, and a tag without one is refused", async () => {
    const { world, signers, ada } = arena;
    const good = await repo.head();
    await repo.git("update-ref", "refs/tags/v1.2.0", await repo.git("rev-parse", "refs/tags/v1.0.0"));
    expect(await arena.refused("shop", "InvalidSignature")).to.contain("the tag object of another name");
    const newer = await repo.commit(doc("2"), "unsigned");
    await repo.tag("v1.3.0", { at: newer });
    expect(await arena.refused("shop", "Unsigned")).to.contain("not annotated");
    await repo.tag("v1.4.0", { at: newer, message: "annotated" });
    expect(await arena.refused("shop", "Unsigned")).to.contain("the tag v1.4.0 by Overseer Demo");
    expect((await world.poke("shop")).status?.applied?.commit).to.equal(good);
    await signers.tag(repo, ada, "v1.4.0", newer);
    await world.poll("shop");
    await world.synced("shop", newer);
  });
});
