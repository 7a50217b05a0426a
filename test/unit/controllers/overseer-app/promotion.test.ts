import { expect } from "chai";
import { Heart } from "../support/heart.js";

/** The soak of the tests, in milliseconds. */
const SOAK = 600_000;
const APPS = ["dev/web", "staging/web", "prod/web"];
const key = (namespace: string): string => `/ConfigMap/${namespace}/a`;

/** Files of a commit: one object for each folder, and a number that makes the commit unique. */
function files(number: number, versions: Readonly<Record<string, string>>): Record<string, string> {
  const documents = Object.entries(versions).map(([folder, v]) => [
    `${folder}/a.yaml`,
    `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: a }\ndata: { v: "${v}" }\n`,
  ]);
  return { ".number": String(number), ...Object.fromEntries(documents) };
}

describe("promotion, in memory", () => {
  let heart: Heart;
  let number = 0;
  const applied = (app: string): string | undefined => heart.app(app)?.status?.applied?.commit;
  const values = (): string[] =>
    heart.objects().map((text) => /ConfigMap (\w+)\/a \{"v":"(\w+)"/.exec(text)?.slice(1, 3).join(" ") ?? text);
  const commit = (versions: Readonly<Record<string, string>>): string => heart.commit(files(++number, versions));

  beforeEach(async () => {
    heart = new Heart();
    heart.start();
    heart.environment("dev", { namespaces: [{ name: "dev" }] });
    heart.environment("staging", { namespaces: [{ name: "staging" }], promotesFrom: ["dev"] });
    heart.environment("prod", {
      namespaces: [{ name: "prod", from: "staging" }],
      promotesFrom: ["staging"],
      promotion: { soak: "10m" },
    });
    commit({ web: "1" });
    const source = { repositoryRef: { name: "repo", namespace: "shop" }, path: "web" };
    for (const app of APPS) heart.apply(app, { source });
  });

  it("takes a commit from one Environment to the next, after its soak", async () => {
    await heart.settle(APPS);
    expect(values()).to.deep.equal(["dev 1", "staging 1"]);
    expect(heart.conditions("prod/web")).to.include("Waiting=True/Promotion");
    expect(heart.app("prod/web")?.status?.promotion?.waitingFor).to.match(
      /^OverseerApp staging\/web: it has been healthy there since .*, and its soak of 600s ends at .* at the earliest$/,
    );
    await heart.settle(APPS, SOAK - 60_000);
    expect(values()).to.deep.equal(["dev 1", "staging 1"]);
    await heart.settle(APPS, 180_000);
    expect(values()).to.deep.equal(["dev 1", "prod 1", "staging 1"]);
    expect(heart.conditions("prod/web")).to.include("Ready=True/Synced");
    expect(heart.changes("prod/web")).to.deep.equal(["web-1 Succeeded"]);
  });

  it("is not starved by commits that come faster than the soak", async () => {
    const commits: string[] = [];
    for (let count = 2; count < 12; count++) {
      await heart.settle(APPS, SOAK / 3);
      commits.push(commit({ web: String(count) }));
    }
    await heart.settle(APPS);
    const at = commits.indexOf(applied("prod/web") ?? "");
    expect(at, "a commit of some time ago").to.be.within(3, 8);
    expect(heart.conditions("prod/web")).to.include.members(["Ready=True/Synced", "Waiting=True/Promotion"]);
  });

  it("never takes a commit that failed in the earlier Environment, nor one before it", async () => {
    await heart.settle(APPS, 2 * SOAK);
    const good = applied("prod/web");
    commit({ web: "2" });
    await heart.settle(APPS);
    heart.destination.edit(key("staging"), { health: { status: "Degraded", message: "crash" } });
    await heart.settle(APPS, 5 * SOAK);
    expect(applied("prod/web")).to.equal(good);
    expect(heart.app("prod/web")?.status?.promotion?.waitingFor).to.match(/it failed there at/);
    heart.destination.edit(key("staging"), { health: { status: "Healthy" } });
    const fixed = commit({ web: "3" });
    await heart.settle(APPS, 2 * SOAK);
    expect(applied("prod/web")).to.equal(fixed);
  });

  it("keeps soak and ledger over a restart, and does not count the time in between", async () => {
    await heart.settle(APPS, SOAK / 2);
    heart.clock.advance(10 * SOAK);
    heart.start();
    await heart.settle(APPS, SOAK / 4);
    expect(values(), "ten soaks without an observation do not count").to.deep.equal(["dev 1", "staging 1"]);
    await heart.settle(APPS, SOAK / 2);
    expect(values()).to.deep.equal(["dev 1", "prod 1", "staging 1"]);
  });

  it("waits for a user with auto: false, and applies the commit of the request", async () => {
    heart.environment("prod", {
      namespaces: [{ name: "prod" }],
      promotesFrom: ["staging"],
      promotion: { auto: false },
    });
    const first = applied("staging/web");
    await heart.settle(APPS, SOAK);
    const { promotion } = heart.app("prod/web")?.status ?? {};
    expect(promotion?.promotable).to.equal(applied("staging/web"));
    expect(first).to.equal(undefined);
    expect(values()).to.deep.equal(["dev 1", "staging 1"]);
    heart.promote("prod/mine", "web", promotion?.promotable ?? "");
    await heart.settle(APPS, SOAK);
    expect(values()).to.deep.equal(["dev 1", "prod 1", "staging 1"]);
    expect(heart.changes("prod/web")).to.deep.equal(["mine Succeeded"]);
    heart.promote("prod/other", "web", "0".repeat(40));
    await heart.settle(APPS);
    expect(heart.changes("prod/web")).to.include("other Rejected");
  });

  it("does not take a commit again that was rolled back here, until a user promotes it", async () => {
    await heart.settle(APPS, 2 * SOAK);
    const first = applied("prod/web");
    const second = commit({ web: "2" });
    await heart.settle(APPS, 2 * SOAK);
    expect(applied("prod/web")).to.equal(second);
    heart.rollBack("prod/back", "web", "web-1");
    await heart.settle(APPS, SOAK);
    expect(applied("prod/web")).to.equal(first);
    heart.request("prod/sync", "web");
    await heart.settle(APPS, SOAK);
    expect(applied("prod/web"), "the pin is lifted, but the commit was rolled back").to.equal(first);
    expect(heart.app("prod/web")?.status?.promotion?.waitingFor).to.match(/it was rolled back here at/);
    heart.promote("prod/again", "web", second);
    await heart.settle(APPS, SOAK);
    expect(applied("prod/web")).to.equal(second);
  });

  it("asks with ownChanges: Ask for what the earlier Environment has not tested, and for nothing else", async () => {
    const workload = (name: string, image: string, replicas: number): string =>
      `apiVersion: apps/v1\nkind: Deployment\nmetadata: { name: ${name} }\nspec: { replicas: ${replicas}, template: { spec: { containers: [{ name: a, image: "${image}" }] } } }\n`;
    const push = (staging: string, prod: string, replicas = 1): void => {
      const folders = { "staging/a.yaml": workload("a", staging, 1), "prod/a.yaml": workload("a", prod, replicas) };
      heart.commit({ ".number": String(++number), ...folders });
    };
    const two = ["staging/web", "prod/web"];
    const source = (path: string): object => ({ repositoryRef: { name: "repo", namespace: "shop" }, path });
    heart = new Heart();
    heart.start();
    heart.environment("staging", { namespaces: [{ name: "staging" }] });
    const ask = { promotesFrom: ["staging"], promotion: { compare: "Images", ownChanges: "Ask" } };
    heart.environment("prod", { namespaces: [{ name: "prod" }], ...ask });
    push("web:1", "web:1");
    for (const stage of ["staging", "prod"]) heart.apply(`${stage}/web`, { source: source(stage) });
    await heart.settle(two);
    const held = (): string | undefined =>
      heart.app("prod/web")?.status?.conditions?.find(({ type }) => type === "Waiting")?.message;
    expect(held()).to.contain(
      "Environment prod: 0 of 1 approvals (promotion.ownChanges is Ask: nothing is applied yet, so that everything but the images is new)",
    );
    heart.approve("prod/web-1", "alice");
    await heart.settle(two);
    push("web:2", "web:2");
    await heart.settle(two);
    expect(heart.changes("prod/web"), "a tested image alone").to.include("web-2 Succeeded");
    push("web:3", "web:3", 5);
    await heart.settle(two);
    expect(held(), "a tested image, and more").to.contain("it changes more than tested images: Deployment prod/a");
    heart.approve("prod/web-3", "alice");
    await heart.settle(two);
    expect(heart.changes("prod/web")).to.include("web-3 Succeeded");
    const hook =
      'apiVersion: batch/v1\nkind: Job\nmetadata: { name: migrate, annotations: { gitops.overseer.io/hook: PreSync } }\nspec: { template: { spec: { containers: [{ name: a, image: "web:3", command: [evil] }] } } }\n';
    const folders = { "staging/a.yaml": workload("a", "web:3", 1), "prod/a.yaml": workload("a", "web:3", 5) };
    heart.commit({ ".number": String(++number), ...folders, "prod/hook.yaml": hook });
    await heart.settle(two);
    expect(held(), "a hook").to.contain("it changes more than tested images: Job prod/migrate");
    heart.rollBack("prod/back", "web", "web-2");
    await heart.settle(two);
    expect(heart.changes("prod/web"), "a rollback").to.include("back Succeeded");
  });

  it("asks with ownChanges: Ask for what is beside another version of a chart, though that is tested", async () => {
    const workload = (chart: string, replicas: number): string =>
      `apiVersion: apps/v1\nkind: Deployment\nmetadata: { name: a, labels: { helm.sh/chart: ${chart} } }\nspec: { replicas: ${replicas} }\n`;
    const push = (chart: string, replicas: number): string =>
      heart.commit({ "staging/a.yaml": workload(chart, 1), "prod/a.yaml": workload(chart, replicas) });
    const two = ["staging/web", "prod/web"];
    heart = new Heart();
    heart.start();
    heart.environment("staging", { namespaces: [{ name: "staging" }] });
    const promotion = { compare: "Images", ownChanges: "Ask" };
    heart.environment("prod", { namespaces: [{ name: "prod" }], promotesFrom: ["staging"], promotion });
    push("web-1", 1);
    for (const path of ["staging", "prod"])
      heart.apply(`${path}/web`, { source: { repositoryRef: { name: "repo", namespace: "shop" }, path } });
    await heart.settle(two);
    heart.approve("prod/web-1", "alice");
    await heart.settle(two);
    push("web-2", 1);
    await heart.settle(two);
    expect(heart.changes("prod/web"), "a tested version alone").to.include("web-2 Succeeded");
    push("web-3", 5);
    await heart.settle(two);
    const conditions = heart.app("prod/web")?.status?.conditions;
    expect(conditions?.find(({ type }) => type === "Waiting")?.message).to.contain(
      "it changes more than tested images: Deployment prod/a",
    );
  });

  it("asks with ownChanges: Ask for commits and edits that concern the later Environment only", async () => {
    heart.environment("staging", { namespaces: [{ name: "staging" }] });
    heart.environment("prod", {
      namespaces: [{ name: "prod" }],
      promotesFrom: ["staging"],
      promotion: { ownChanges: "Ask" },
    });
    const source = (path: string): object => ({ repositoryRef: { name: "repo", namespace: "shop" }, path });
    commit({ staging: "1", prod: "1" });
    for (const stage of ["staging", "prod"]) heart.apply(`${stage}/web`, { source: source(stage) });
    const two = ["staging/web", "prod/web"];
    await heart.settle(two);
    const last = (): string | undefined => heart.changes("prod/web").at(-1);
    expect(last()).to.equal("web-1 Succeeded");
    commit({ staging: "2", prod: "2" });
    await heart.settle(two);
    expect(last(), "tested with its commit").to.equal("web-2 Succeeded");
    commit({ staging: "2", prod: "3", other: "4" });
    await heart.settle(two);
    expect(last()).to.equal("web-3 Waiting");
    heart.approve("prod/web-3", "alice");
    await heart.settle(two);
    expect(last()).to.equal("web-3 Succeeded");
    heart.apply("prod/web", { source: source("other") });
    await heart.settle(two);
    expect(last(), "an edit of the app").to.equal("web-4 Waiting");
  });

  it("holds an edit of spec.source at a promoted commit, until the earlier app has tested it or a user approves it", async () => {
    await heart.settle(APPS, 2 * SOAK);
    commit({ web: "1", other: "9" });
    await heart.settle(APPS, 2 * SOAK);
    const source = { repositoryRef: { name: "repo", namespace: "shop" }, path: "other" };
    const last = (): string | undefined => heart.changes("prod/web").at(-1);
    heart.apply("prod/web", { source });
    await heart.settle(APPS, 2 * SOAK);
    expect(values()).to.include("prod 1");
    expect(last()).to.match(/Waiting$/);
    const waiting = heart.app("prod/web")?.status?.conditions?.find(({ type }) => type === "Waiting");
    expect(waiting?.message).to.contain(
      "the edit of spec.source.path was not tested: OverseerApp staging/web has other values there",
    );
    heart.apply("staging/web", { source });
    await heart.settle(["dev/web", "staging/web"], SOAK / 2);
    await heart.settle(["prod/web"]);
    expect(values(), "the edit of staging waits for dev").to.include.members(["prod 1", "staging 1"]);
    heart.apply("dev/web", { source });
    await heart.settle(APPS, SOAK / 2);
    expect(values(), "the soak of the edit in staging runs").to.deep.equal(["dev 9", "prod 1", "staging 9"]);
    await heart.settle(APPS, SOAK);
    expect(values()).to.deep.equal(["dev 9", "prod 9", "staging 9"]);
    heart.apply("prod/web", { source: { ...source, path: "web" } });
    await heart.settle(APPS, SOAK);
    heart.approve(`prod/${last()?.split(" ")[0]}`, "alice");
    await heart.settle(APPS);
    expect(values(), "approved by a user").to.include("prod 1");
  });

  it("judges the images of an edit of spec.source, also of one that is taken back while its Change waits", async () => {
    const workload = (image: string): string =>
      `apiVersion: apps/v1\nkind: Deployment\nmetadata: { name: a }\nspec: { template: { spec: { containers: [{ name: a, image: "${image}" }] } } }\n`;
    const source = (path: string): object => ({ repositoryRef: { name: "repo", namespace: "shop" }, path });
    heart.environment("staging", { namespaces: [{ name: "staging" }] });
    heart.environment("prod", {
      namespaces: [{ name: "prod" }],
      promotesFrom: ["staging"],
      promotion: { compare: "Images" },
      gates: { approval: { required: 1 } },
    });
    heart.commit({
      "staging/a.yaml": workload("web:1"),
      "prod/a.yaml": workload("web:1"),
      "x/a.yaml": workload("x:1"),
    });
    const two = ["staging/web", "prod/web"];
    for (const stage of ["staging", "prod"]) heart.apply(`${stage}/web`, { source: source(stage) });
    await heart.settle(two);
    heart.approve("prod/web-1", "alice");
    await heart.settle(two);
    heart.apply("prod/web", { source: source("x") });
    await heart.settle(two);
    expect(heart.changes("prod/web").at(-1)).to.equal("web-2 Waiting");
    const waiting = heart.app("prod/web")?.status?.conditions?.find(({ type }) => type === "Waiting");
    expect(waiting?.message).to.contain("promotion: OverseerApp staging/web: x:1: it has not been applied there");
    heart.approve("prod/web-2", "alice");
    await heart.settle(two);
    heart.apply("prod/web", { source: source("prod") });
    await heart.settle(two);
    const { applied } = heart.app("prod/web")?.status ?? {};
    expect(applied?.source.path, "an approval does not replace the test").to.equal("prod");
  });

  it("moves nothing if Environments form a circle, a pair is missing or not clear", async () => {
    const why = async (): Promise<string | undefined> => {
      await heart.settle(APPS);
      return heart.app("prod/web")?.status?.promotion?.waitingFor;
    };
    heart.environment("staging", { namespaces: [{ name: "staging" }], promotesFrom: ["prod"] });
    expect(await why()).to.match(/circle: prod → staging → prod/);
    heart.environment("staging", { namespaces: [{ name: "staging" }, { name: "dev" }] });
    heart.environment("prod", { namespaces: [{ name: "prod" }], promotesFrom: ["staging"] });
    expect(await why()).to.match(/set from of namespace prod/);
    heart.environment("prod", { namespaces: [{ name: "prod", from: "shop" }], promotesFrom: ["gone"] });
    expect(await why()).to.match(/Environment gone in spec.promotesFrom does not exist/);
    expect(values().filter((text) => text.startsWith("prod"))).to.deep.equal([]);
  });
});
