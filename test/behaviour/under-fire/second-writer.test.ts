import { expect } from "chai";
import type { GitRepo } from "../../support/git-server.js";
import { expectCalmLog } from "../../support/operator-log.js";
import { condition, configMap, World } from "../../support/world.js";

const COMMITS = 3;
/** More than it can make in the time. */
const MOST_EDITS = 20_000;

describe("A second writer that edits labels and status all the time", function () {
  this.timeout(120_000);
  let world: World;
  let repo: GitRepo;
  before(async () => {
    world = await World.create("writer");
    repo = await world.repository("web", { "a.yaml": configMap("a", { v: "0" }) });
    await world.app("web", "web", ".");
    await world.synced("web");
  });
  after(() => world?.remove());

  it("does not make the operator lose a status: each commit is applied and said", async () => {
    let going = true;
    const ref = world.appRef("web");
    const edit = async (): Promise<number> => {
      let edits = 0;
      for (; going && edits < MOST_EDITS; edits++) {
        await world.kube.patch(ref, { metadata: { labels: { edit: `${edits}` } } }, { manager: "second" });
        await world.kube.patch(ref, { status: { health: "Unknown" } }, { manager: "second", subresource: "status" });
      }
      return edits;
    };
    const editing = edit();
    for (let n = 1; n <= COMMITS; n++) {
      await repo.commit({ "a.yaml": configMap("a", { v: `${n}` }) }, `${n}`);
      await world.poll("web");
      await world.synced("web", await repo.head());
    }
    going = false;
    expect(await editing).to.be.above(COMMITS);
    const app = await world.poke("web");
    expect(app.status?.health).to.equal("Healthy");
    expect(condition(app, "Ready")?.status).to.equal("True");
    expect((await world.changes("web")).map(({ status }) => status?.phase)).to.deep.equal(
      Array(COMMITS + 1).fill("Succeeded"),
    );
    await expectCalmLog(world.operator);
  });
});
