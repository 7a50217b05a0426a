import { randomBytes } from "node:crypto";
import { expect } from "chai";
import { API_VERSION } from "../../src/api/group.js";
import { condition, configMap, type LiveRepository, World } from "../support/world.js";

describe("A GitRepository of an address that others use too", function () {
  this.timeout(120_000);
  let world: World;
  before(async () => {
    world = await World.create("objects");
  });
  after(() => world?.remove());

  const until = (name: string, what: string, holds: (object: LiveRepository) => boolean): Promise<LiveRepository> =>
    world.kube.until<LiveRepository>(world.repositoryRef(name), what, holds);

  it("names the commit of a tag whose id stands in ref.commit, and harms nobody", async () => {
    const repo = await world.repository("a", { "cm.yaml": configMap("a", { v: "1" }) });
    const first = await repo.head();
    await world.app("a", "a", ".");
    await world.synced("a", first);
    await repo.tag("v1.0.0", { message: "v1.0.0" });
    await repo.tag("nested", { at: "v1.0.0", message: "nested" });
    const wrong = {
      tag: await repo.git("rev-parse", "v1.0.0"),
      nested: await repo.git("rev-parse", "nested"),
      tree: await repo.git("rev-parse", "HEAD^{tree}"),
      blob: await repo.git("rev-parse", "HEAD:cm.yaml"),
    };
    for (const [name, commit] of Object.entries(wrong)) {
      await world.kube.apply({
        apiVersion: API_VERSION,
        kind: "GitRepository",
        metadata: { name, namespace: world.namespace },
        spec: { url: repo.url, ref: { commit }, interval: "1h" },
      });
      const refused = await until(name, "is refused", (object) => condition(object, "Ready")?.status === "False");
      const { reason, message } = condition(refused, "Ready") ?? {};
      expect(reason).to.equal("NotACommit");
      expect(message).to.include(commit);
      if (name === "tag" || name === "nested") expect(message).to.include(`set ref.commit to ${first}`);
      expect(condition(refused, "Stalled")?.status).to.equal("True");
    }
    for (const v of ["2", "3"]) {
      const next = await repo.commit({ "cm.yaml": configMap("a", { v }) }, v);
      await world.poll("a");
      await world.synced("a", next);
      await world.operator.stop();
      await world.operator.start();
    }
    await world.kube.patch(world.repositoryRef("tag"), { spec: { ref: { commit: first } } });
    await until("tag", "is fetched", (object) => condition(object, "Ready")?.status === "True");
  });
});

describe("A GitRepository that exceeds the limit of a fetch", function () {
  this.timeout(120_000);
  let world: World;
  before(async () => {
    world = await World.create("large", { operator: { flags: ["--git-max-fetch-bytes=1048576"] } });
  });
  after(() => world?.remove());

  it("serves an app from its files alone, also after a commit and a restart", async () => {
    const repo = await world.repository("large", {
      "film.bin": randomBytes(2 * 2 ** 20).toString("base64"),
      "apps/a/cm.yaml": configMap("a", { v: "1" }),
      "apps/b/cm.yaml": configMap("b", { v: "1" }),
    });
    await world.app("a", "large", "apps/a");
    await world.synced("a", await repo.head());
    const live = await world.kube.get<LiveRepository>(world.repositoryRef("large"));
    expect(live && condition(live, "Ready")?.message).to.match(/is fetched without files, .* when apps read them$/);
    await world.operator.stop();
    await world.operator.start();
    const next = await repo.commit({ "apps/a/cm.yaml": configMap("a", { v: "2" }) }, "2");
    await world.poll("large");
    await world.synced("a", next);
    const map = { apiVersion: "v1", kind: "ConfigMap", namespace: world.namespace, name: "a" };
    expect(await world.kube.get(map)).to.have.deep.property("data", { v: "2" });
  });
});
