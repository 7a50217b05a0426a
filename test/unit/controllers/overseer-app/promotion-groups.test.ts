import { expect } from "chai";
import { Heart } from "../support/heart.js";

/** The soak of the tests, in milliseconds. */
const SOAK = 180_000;
const APPS = ["staging/web", "staging/api", "prod/web", "prod/api"];

describe("promotion of a group of apps, in memory", () => {
  let heart: Heart;
  let number = 0;
  const applied = (app: string): string | undefined => heart.app(app)?.status?.applied?.commit;
  const waitingFor = (app: string): string | undefined => heart.app(app)?.status?.promotion?.waitingFor;
  const commit = (versions: Readonly<Record<string, string | number>>): string => {
    const documents = Object.entries(versions).map(([folder, v]) => [
      `${folder}/a.yaml`,
      `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: ${folder} }\ndata: { v: "${v}" }\n`,
    ]);
    return heart.commit({ ".number": String(++number), ...Object.fromEntries(documents) });
  };
  const setHealth = (stage: string, name: string, status: "Healthy" | "Degraded"): void =>
    heart.destination.edit(`/ConfigMap/${stage}/${name}`, { health: { status, message: "crash" } });
  const govern = (promotion: object): void =>
    heart.environment("prod", { namespaces: [{ name: "prod" }], promotesFrom: ["staging"], promotion });
  const grouped = { soak: "3m", groups: [{ name: "shop", apps: [{ name: "web" }, { name: "api" }] }] };

  beforeEach(async () => {
    heart = new Heart();
    heart.start();
    heart.environment("staging", { namespaces: [{ name: "staging" }] });
    govern(grouped);
    commit({ web: 1, api: 1 });
    for (const app of APPS) {
      const path = app.split("/")[1];
      heart.apply(app, { source: { repositoryRef: { name: "repo", namespace: "shop" }, path } });
    }
    await heart.settle(APPS, SOAK + 180_000);
  });

  it("takes a commit only when each app of the group has run it for the soak, and names the one that holds it up", async () => {
    const first = applied("prod/web");
    expect(first).to.equal(applied("prod/api"));
    const bad = commit({ web: 2, api: 2 });
    await heart.settle(APPS);
    setHealth("staging", "api", "Degraded");
    await heart.settle(APPS, 2 * SOAK);
    expect([applied("staging/web"), applied("prod/web"), applied("prod/api")]).to.deep.equal([bad, first, first]);
    expect(waitingFor("prod/web")).to.match(/^group shop: OverseerApp staging\/api: it failed there at/);
    expect(waitingFor("prod/api")).to.match(/^OverseerApp staging\/api: it failed there at/);
    const good = commit({ web: 2, api: 3 });
    await heart.settle(APPS);
    setHealth("staging", "api", "Healthy");
    await heart.settle(APPS, 2 * SOAK);
    expect([applied("prod/web"), applied("prod/api")], "the same commit for both").to.deep.equal([good, good]);
  });

  it("is not held up by an app that a commit does not change, nor starved by commits of one app alone", async () => {
    const commits: string[] = [commit({ web: 2, api: 1 })];
    for (let api = 2; api < 10; api++) {
      await heart.settle(APPS, SOAK / 3);
      commits.push(commit({ web: 2, api }));
    }
    await heart.settle(APPS);
    const at = commits.indexOf(applied("prod/api") ?? "");
    expect(at, "a commit of some time ago").to.be.within(2, 7);
    expect(heart.objects().join(), "web with it").to.contain('ConfigMap prod/web {"v":"2"}');
  });

  it("does not take what has failed here for another app of the group, but a later commit", async () => {
    govern({ ...grouped, auto: false });
    const second = commit({ web: 2, api: 2 });
    await heart.settle(APPS, 2 * SOAK);
    heart.promote("prod/api-first", "api", second);
    await heart.settle(APPS);
    setHealth("prod", "api", "Degraded");
    await heart.settle(APPS, SOAK);
    expect(heart.app("prod/web")?.status?.promotion?.promotable).to.equal(undefined);
    heart.rollBack("prod/back", "api", "api-1");
    await heart.settle(APPS);
    setHealth("prod", "api", "Healthy");
    await heart.settle(APPS);
    govern(grouped);
    heart.request("prod/unpin", "api");
    await heart.settle(APPS, SOAK);
    expect(applied("prod/web")).not.to.equal(second);
    expect(waitingFor("prod/web")).to.match(/^group shop: commit \w+ has failed here for OverseerApp prod\/api/);
    const third = commit({ web: 2, api: 3 });
    await heart.settle(APPS, 2 * SOAK);
    expect([applied("prod/web"), applied("prod/api")]).to.deep.equal([third, third]);
  });

  it("waits for an app of the group that does not exist in the earlier Environment, and says so", async () => {
    govern({ soak: "3m", groups: [{ name: "shop", apps: [{ name: "web" }, { name: "mail" }] }] });
    commit({ web: 2, api: 2 });
    await heart.settle(APPS, 2 * SOAK);
    expect(waitingFor("prod/web")).to.contain(
      "group shop: OverseerApp staging/mail of Environment staging does not exist",
    );
    expect(applied("prod/api"), "it is in no group now").to.equal(applied("staging/api"));
  });
});
