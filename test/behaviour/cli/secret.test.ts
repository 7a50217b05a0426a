import { expect } from "chai";
import { OverseerUser } from "../../support/overseer-cli.js";
import { kubectlUser } from "../../support/user-kubectl.js";
import { condition, configMap, World } from "../../support/world.js";

describe("Secrets that are kept out of Git", function () {
  this.timeout(180_000);
  let world: World;
  let ci: OverseerUser;
  before(async () => {
    world = await World.create("pushed");
    await kubectlUser(world, "ci", ["edit"]);
    ci = new OverseerUser(world, "ci", ["system:authenticated"]);
  });
  after(async () => {
    ci?.expectNoCanary(world.canaries);
    await world?.remove();
  });

  const dataOf = async (name: string): Promise<Record<string, string>> => {
    const live = await world.kube.get(world.object("v1", "Secret", name));
    const data = (live?.data ?? {}) as Record<string, string>;
    return Object.fromEntries(
      Object.entries(data).map(([key, value]) => [key, Buffer.from(value, "base64").toString()]),
    );
  };

  it("hold the Change until they exist, and are neither overwritten nor pruned", async () => {
    const [password, token, inGit] = [world.canary(), world.canary(), world.canary()];
    const repo = await world.repository("pushed", { "a.yaml": configMap("a", { v: "1" }) });
    await world.app("pushed", "pushed", ".", {
      source: {
        repositoryRef: { name: "pushed" },
        path: ".",
        requiredSecrets: [{ name: "db", keys: ["password", "token"] }],
      },
      sync: { adopt: "Always" },
    });
    const waiting = await world.untilCondition("pushed", "Waiting", "True", "References");
    expect(condition(waiting, "Waiting")?.message).to.include(
      `needs Secret ${world.namespace}/db (overseer secret set db password=@FILE token=@FILE -n ${world.namespace}), referenced in spec.source.requiredSecrets[0]`,
    );
    expect(await world.kube.get(world.configMap("a"))).to.equal(undefined);

    const set = await ci.run(["secret", "set", "db", "password=-"], { input: `${password}\n` });
    expect(set.code, set.stderr).to.equal(0);
    expect(set.stdout).to.equal(`Secret ${world.namespace}/db: password set\n`);
    await world.kube.until(world.appRef("pushed"), "waits for the token", (live) =>
      (condition(live as never, "Waiting")?.message ?? "").includes(`needs token in Secret ${world.namespace}/db`),
    );
    const more = await ci.run(["secret", "set", "db", "token=env:TOKEN"], { env: { TOKEN: token } });
    expect(more.code, more.stderr).to.equal(0);
    await world.synced("pushed");
    expect(await dataOf("db")).to.deep.equal({ password, token });

    const listed = await ci.run(["secret", "list"]);
    expect(listed.stdout).to.match(/^NAMESPACE +NAME +SET BY +AGE\n\S+ +db +ci +\d+s\n$/);

    const document = { apiVersion: "v1", kind: "Secret", metadata: { name: "db" }, stringData: { password: inGit } };
    await repo.commit({ "db.yaml": JSON.stringify(document) }, "a Secret of the same name");
    await world.poll("pushed");
    const refused = await world.untilCondition("pushed", "Synced", "False", "ApplyRefused");
    expect(condition(refused, "Synced")?.message).to.include("kept out of Git: it was set by ci");
    await repo.commit({ "db.yaml": null }, "without");
    await world.poll("pushed");
    await world.untilCondition("pushed", "Synced", "True");
    await world.kube.delete(world.appRef("pushed"));
    await world.kube.untilGone(world.appRef("pushed"));
    expect(await dataOf("db")).to.deep.equal({ password, token });
  });

  it("cannot be set where an app manages the Secret, or without the permission", async () => {
    const value = world.canary();
    const document = { apiVersion: "v1", kind: "Secret", metadata: { name: "managed" }, stringData: { user: "shop" } };
    await world.repository("managed", { "a.yaml": JSON.stringify(document) });
    await world.app("managed", "managed", ".");
    await world.synced("managed");
    const managed = await ci.run(["secret", "set", "managed", "password=-"], { input: value });
    expect(managed.code).to.equal(1);
    expect(managed.stderr).to.include(`is managed by OverseerApp ${world.namespace}/managed, which would revert this`);
    expect(await dataOf("managed")).to.deep.equal({ user: "shop" });
    const eve = new OverseerUser(world, "eve", ["system:authenticated"]);
    const forbidden = await eve.run(["secret", "set", "other", "password=-"], { input: value });
    expect(forbidden.code).to.equal(4);
    eve.expectNoCanary(world.canaries);
  });
});
