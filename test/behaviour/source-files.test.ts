import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { API_VERSION } from "../../src/api/group.js";
import { repositoryRoot } from "../../tools/repository-root.js";
import { waitUntil } from "../../tools/wait-until.js";
import { condition, configMap, World } from "../support/world.js";

/** A file of a case that was taken from a public bug report. */
const caseFile = (path: string): Promise<string> => readFile(join(repositoryRoot(), "test/cases", path), "utf8");

/** A symbolic link, for a commit. */
const link = (content: string) => ({ content, mode: "120000" }) as const;

describe("The files of a source", function () {
  this.timeout(120_000);
  let world: World;
  before(async () => {
    world = await World.create("files");
  });
  after(() => world?.remove());

  const applied = async (app: string): Promise<string[]> => {
    const objects = await world.kube.list("v1", "ConfigMap", world.namespace, `gitops.overseer.io/app=${app}`);
    return objects.map((object) => object.metadata.name).sort();
  };

  it("may be beside files of any name, which matter only to those that mean them", async () => {
    const files = { "cm.yaml": configMap("odd", {}), "dev-disk-by\\x2dlabel-data.mount": "[Mount]\n" };
    await world.repository("odd", files);
    for (const [name, selection] of Object.entries({
      all: {},
      chosen: { include: ["*.yaml"] },
      without: { exclude: ["*.mount"] },
    })) {
      await world.app(name, "odd", ".", { source: { repositoryRef: { name: "odd" }, path: ".", ...selection } });
      await world.synced(name);
      expect(await applied(name)).to.deep.equal(["odd"]);
      await world.kube.delete(world.appRef(name));
      await world.kube.untilGone(world.appRef(name));
    }
    await world.app("typo", "odd", "cm.yml");
    const typo = await world.untilCondition("typo", "Ready", "False", "PathNotFound");
    expect(condition(typo, "Ready")?.message).to.contain('did you mean "cm.yaml"?');
  });

  it("may be symbolic links to folders and files of the repository, and follow what those hold", async () => {
    const repo = await world.repository("links", {
      "app/real/cm.yaml": await caseFile("symlinked-folder/app/real/cm.yaml"),
      "shared/base.d/cm.yaml": await caseFile("symlinked-folder/shared/base.d/cm.yaml"),
      "other/x.yaml": configMap("other", {}),
    });
    await repo.commit({ "app/alias": link("real"), "app/base.d": link("../shared/base.d") }, "links");
    await world.app("links", "links", "app");
    await world.synced("links");
    await world.poll("links");
    await world.synced("links", await repo.head());
    expect(await applied("links")).to.deep.equal(["real", "shared"]);
    // Not below the path of the app: the commit reaches it through the link alone.
    const next = await repo.commit({ "shared/base.d/cm.yaml": configMap("shared", { v: "2" }) }, "behind the link");
    await world.poll("links");
    await world.synced("links", next);
    expect((await world.kube.get(world.configMap("shared")))?.data).to.deep.equal({ v: "2" });
    const file = await repo.commit({ "app/base.d": null, "app/one.yaml": link("../shared/base.d/cm.yaml") }, "a file");
    await world.poll("links");
    await world.synced("links", file);
    expect(await applied("links")).to.deep.equal(["real", "shared"]);
    const machine = { "app/bin/tool": link("/usr/bin/tool"), "app/latest": link("."), "app/up": link("..") };
    const ignored = await repo.commit(machine, "links that lead to no manifests");
    await world.poll("links");
    const { status } = await world.synced("links", ignored);
    expect(status?.notes?.map(({ message }) => message)).to.include.members([
      'the symbolic link leads out of the repository, to "/usr/bin/tool"; it is ignored',
      'the symbolic link leads to "app", a folder that it is in; it is ignored',
      'the symbolic link leads to ".", a folder that it is in; it is ignored',
    ]);
    await repo.commit({ "app/out": link("../../etc") }, "out");
    await world.poll("links");
    const refused = await world.untilCondition("links", "Ready", "False", "RenderFailed");
    expect(condition(refused, "Ready")?.message).to.contain("app/out").and.contain("out of the repository");
    expect(await applied("links")).to.deep.equal(["real", "shared"]);
  });

  it("may contain a broken link: objects that may have come from it are kept", async () => {
    const repo = await world.repository("dangling", {
      "app/own.yaml": configMap("own", {}),
      "app/more.yaml": configMap("more", {}),
      "shared/linked.yaml": configMap("linked", {}),
    });
    const first = await repo.commit({ "app/base.d": link("../shared") }, "link");
    await world.poll("dangling");
    await world.app("dangling", "dangling", "app");
    await world.synced("dangling", first);
    expect(await applied("dangling")).to.deep.equal(["linked", "more", "own"]);
    // Moved without the link; what the commit adds and changes is applied.
    const moved = await repo.commit(
      {
        "shared/linked.yaml": null,
        "base/linked.yaml": configMap("linked", {}),
        "app/more.yaml": null,
        "app/new.yaml": configMap("new", {}),
      },
      "move",
    );
    await world.poll("dangling");
    const { status } = await world.synced("dangling", moved);
    expect(await applied("dangling")).to.deep.equal(["linked", "more", "new", "own"]);
    const fault = 'the symbolic link leads to "shared", which does not exist';
    expect(status?.notes?.map(({ message }) => message).join()).to.contain(
      `${fault}; it is ignored, and nothing is pruned`,
    );
    await waitUntil({ what: "the Event names the link", timeoutMs: 60_000 }, async () =>
      (await world.events("dangling")).some(
        (event) => event.startsWith("ObjectKept: ") && event.includes(`app/base.d: ${fault}`),
      ),
    );
    const repaired = await repo.commit({ "app/base.d": link("../base") }, "repair");
    await world.poll("dangling");
    await world.synced("dangling", repaired);
    expect(await applied("dangling")).to.deep.equal(["linked", "new", "own"]);
  });

  it("may be as large as the install files of public operators", async () => {
    const text = "x".repeat(80_000);
    const parts = Array.from({ length: 60 }, (_, at) => configMap(`part-${at}`, { text }));
    const repo = await world.git.createRepository("large");
    // Larger than one file of a repository may be.
    await repo.commit(
      { "bundle/bundle.yaml": parts.join("---\n"), "assets/film.bin": Buffer.alloc(66 << 20) },
      "large",
    );
    await world.kube.apply({
      apiVersion: API_VERSION,
      kind: "GitRepository",
      metadata: { name: "large", namespace: world.namespace },
      spec: { url: repo.url, ref: { branch: "main" }, interval: "1h" },
    });
    await world.app("large", "large", "bundle");
    await world.synced("large", await repo.head(), 60_000);
    expect(await applied("large")).to.have.length(60);
    await world.app("film", "large", "assets/film.bin");
    const refused = await world.untilCondition("film", "Ready", "False", "RenderFailed");
    expect(condition(refused, "Ready")?.message)
      .to.contain("assets/film.bin:1: the file is larger than 16777216 bytes")
      .and.contain("--max-file-bytes");
  });
});
