import { randomBytes } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { repositoryRoot } from "../../tools/repository-root.js";
import { configMap, type LiveApp, World } from "../support/world.js";

/** A definition that nobody waits for. */
const unrelated = (plural: string) => ({
  apiVersion: "apiextensions.k8s.io/v1",
  kind: "CustomResourceDefinition",
  metadata: { name: `${plural}.wakes.example.com` },
  spec: {
    group: "wakes.example.com",
    scope: "Namespaced",
    names: { plural, kind: `K${plural}` },
    versions: [{ name: "v1", served: true, storage: true, schema: { openAPIV3Schema: { type: "object" } } }],
  },
});

describe("The backoff of an app that cannot be applied", function () {
  this.timeout(120_000);
  let world: World;
  const definitions: string[] = [];
  before(async () => {
    world = await World.create("wakes", { operator: { flags: ["--leader-election=false"] } });
  });
  after(async () => {
    for (const name of definitions)
      await world?.kube.delete({ apiVersion: "apiextensions.k8s.io/v1", kind: "CustomResourceDefinition", name });
    await world?.remove();
  });

  const failures = async (app: string): Promise<number> =>
    (await world.kube.get<LiveApp>(world.appRef(app)))?.status?.failures ?? 0;

  /** Makes an app that a quota refuses, and waits until it has failed twice by itself. */
  async function refused(name: string): Promise<() => Promise<void>> {
    const quota = { apiVersion: "v1", kind: "ResourceQuota", metadata: { name, namespace: world.namespace } };
    await world.kube.create({ ...quota, spec: { hard: { "count/configmaps": "2" } } });
    await world.kube.until(world.object("v1", "ResourceQuota", name), "is counted", ({ status }) =>
      JSON.stringify(status ?? {}).includes('"used":{"count/configmaps"'),
    );
    const file = await readFile(join(repositoryRoot(), "test/cases/retry-after-wakes/cm.yaml"), "utf8");
    await world.repository(name, { "cm.yaml": file.replaceAll("name: ", `name: ${name}-`) });
    await world.app(name, name, ".");
    await world.kube.until<LiveApp>(world.appRef(name), "failed twice", ({ status }) => status?.failures === 2);
    return () => world.kube.delete(world.object("v1", "ResourceQuota", name));
  }

  it("does not grow by tries that definitions, other apps and requests bring forward", async () => {
    const free = await refused("quota");
    const before = (await world.kube.get<LiveApp>(world.appRef("quota")))?.status?.nextRetryTime ?? "";
    for (let index = 0; index < 4; index++) {
      const plural = `w${randomBytes(4).toString("hex")}s`;
      definitions.push(`${plural}.wakes.example.com`);
      await world.kube.create(unrelated(plural));
    }
    await world.repository("other", { "x.yaml": configMap("other-role", {}).replace("ConfigMap", "Secret") });
    await world.app("other", "other", ".");
    await world.synced("other");
    await world.poke("quota");
    expect(await failures("quota")).to.be.at.most(3);
    const next = (await world.kube.get<LiveApp>(world.appRef("quota")))?.status?.nextRetryTime ?? "";
    const most = Math.max(Date.parse(before), Date.now() + 21_000);
    expect(Date.parse(next), "no later than by the backoff that its own tries had reached").to.be.at.most(most);
    await free();
    await world.poke("quota");
    await world.synced("quota");
  });

  it("is not restarted and does not grow by restarts of the operator", async () => {
    const free = await refused("restarts");
    for (let restart = 0; restart < 3; restart++) {
      await world.operator.stop("SIGKILL");
      await world.operator.start();
    }
    expect(await failures("restarts")).to.be.within(2, 4);
    await free();
    await world.poke("restarts");
    await world.synced("restarts");
  });
});
