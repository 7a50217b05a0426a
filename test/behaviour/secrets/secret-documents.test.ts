import { expect } from "chai";
import { appDocument, CoreBench } from "../../support/core-bench.js";
import { condition, World } from "../../support/world.js";

interface CoreSecret {
  readonly id: string;
  readonly name: string;
  readonly valueTag: string | null;
  readonly valueChangedAt: string;
}

describe("Secret documents", function () {
  this.timeout(180_000);
  let world: World;
  let core: CoreBench;
  before(async () => {
    world = await World.create("secret-docs", { operator: { flags: ["--secret-store-hosts=127.0.0.1,localhost"] } });
    core = await CoreBench.start(world);
  });
  after(async () => {
    await core?.stop();
    await world?.remove();
  });

  const store = { name: "cluster", kubernetes: { secrets: ["pg"] } };
  const document = JSON.stringify({
    apiVersion: "overseer.io/v1",
    kind: "Secret",
    metadata: { name: "db" },
    spec: {
      values: { password: { store: "cluster", name: "pg", key: "password" } },
      data: { password: "${password}", url: "postgres://shop:${password}@db/shop" },
    },
  });
  const pg = (password: string) =>
    world.kube.apply({
      apiVersion: "v1",
      kind: "Secret",
      metadata: { name: "pg", namespace: world.namespace },
      stringData: { password },
    });
  const live = async (key: string) => {
    const secret = await world.kube.get(world.object("v1", "Secret", "db"));
    return Buffer.from(((secret?.data ?? {}) as Record<string, string>)[key] ?? "", "base64").toString();
  };
  const coreSecret = async (name: string): Promise<CoreSecret | undefined> => {
    const { body } = await core.call<{ secrets: CoreSecret[] }>("GET", "/api/secrets");
    return body.secrets.find((secret) => secret.name === name);
  };

  it("wait for their references, become Secrets at both destinations, and follow changes", async () => {
    const [first, second] = [world.canary(), world.canary()];
    const app = appDocument("shop", { web: { image: "w:1", environment: { URL: "${SECRET:db.url}" } } });
    const repo = await world.repository("docs", {
      "cluster/db.yaml": document,
      "core/db.yaml": document,
      "core/app.yaml": app,
    });
    const source = (path: string) => ({ source: { repositoryRef: { name: "docs" }, path, secretStores: [store] } });
    await world.app("docs", "docs", "cluster", source("cluster"));
    await core.app("docs-core", "docs", "core", source("core"));
    for (const name of ["docs", "docs-core"]) {
      const waiting = await world.untilCondition(name, "Ready", "False", "ValuesNotFound");
      expect(condition(waiting, "Ready")?.message).to.match(
        /(cluster|core)\/db\.yaml:1: Secret db: spec\.values\.password: there is no pg in the store cluster/,
      );
    }
    expect(await world.kube.get(world.object("v1", "Secret", "db"))).to.equal(undefined);
    expect(await core.appNamed("shop")).to.equal(undefined);

    await pg(first);
    await world.synced("docs", await repo.head());
    await world.synced("docs-core", await repo.head());
    expect(await live("url")).to.equal(`postgres://shop:${first}@db/shop`);
    expect(await live("password")).to.equal(first);
    const before = await coreSecret("db.url");
    expect(before?.valueTag).to.match(/^[0-9a-f]{32}$/);

    await pg(second);
    await world.kube.until(world.object("v1", "Secret", "db"), "has the new value", (secret) =>
      JSON.stringify(secret.data).includes(Buffer.from(second).toString("base64")),
    );
    await core.untilSecret("db.url", (tag) => tag !== before?.valueTag);
    await world.synced("docs-core");
    const [latest] = (await world.changes("docs-core")).slice(-1);
    expect(JSON.stringify(latest)).to.include('"path":".spec.value"');
  });
});
