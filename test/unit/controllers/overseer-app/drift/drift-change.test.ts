import { expect } from "chai";
import type { PlannedAction } from "../../../../../src/api/change.js";
import { objectKey } from "../../../../../src/manifest/object-id.js";
import { wholePlanHash } from "../../../../../src/plan/plan.js";
import { Heart, KilledError } from "../../support/heart.js";

const REPORTED = { sync: { selfHeal: false } };
const keyOf = (name: string) => objectKey({ group: "", kind: "ConfigMap", namespace: "shop", name });
const files = (v: string): Record<string, string> => ({
  "a.yaml": `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: a }\ndata: { v: "${v}" }\n`,
  "b.yaml": `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: b }\ndata: { v: "1" }\n`,
});

describe("drift that is only reported", () => {
  let heart: Heart;
  const drift = (name: string): void => {
    const { object } = heart.destination.objects.get(keyOf(name)) ?? {};
    if (object === undefined) throw new Error(`there is no ${name}`);
    heart.destination.edit(keyOf(name), { object: { ...object, data: { v: "drifted" } } });
  };
  const settle = (): Promise<void> => heart.settle(["web"], 120_000);
  const planOf = (name: string): readonly string[] =>
    (heart.change(name)?.status?.plan ?? []).map(({ verb, object, result }) => `${verb} ${object} ${result ?? ""}`);

  beforeEach(async () => {
    heart = new Heart();
    heart.commit(files("1"));
    heart.apply("web", REPORTED);
    heart.start();
    await settle();
    drift("a");
    await heart.settle(["web"]);
  });

  it("is one Change that waits for a user, also across reconciles and a restart", async () => {
    expect(heart.changes("web")).to.deep.equal(["web-1 Succeeded", "web-2 Waiting"]);
    const { spec, status } = heart.change("web-2") ?? {};
    expect(spec?.cause).to.equal("Drift");
    expect(planOf("web-2")).to.deep.equal(["Update ConfigMap shop/a "]);
    expect(status?.gates?.[0]).to.deep.include({ name: "drift", state: "Wait", otherwise: "the drift stays" });
    expect(status?.waitingFor).to.match(
      /^drift: 1 object differs from main@sha1:\w+, and sync\.selfHeal is false \(since /,
    );
    const drifted = heart.app("web")?.status?.conditions?.find(({ type }) => type === "Drifted");
    expect(drifted?.message).to.equal("ConfigMap shop/a: somebody: .data; approve Change web-2 to revert this");
    expect(heart.conditions("web")).to.include("Ready=True/Synced");
    const { writes } = heart.api;
    for (let count = 0; count < 3; count++) await heart.reconcile("web");
    expect(heart.api.writes, "nothing is written again").to.equal(writes);
    heart.start();
    await settle();
    expect(heart.changes("web")).to.deep.equal(["web-1 Succeeded", "web-2 Waiting"]);
    expect(heart.objects()[0]).to.contain("drifted");
  });

  it("is reverted when a user approves the Change, and later drift only by another one", async () => {
    heart.approve("web-2", "alice");
    drift("b");
    await heart.settle(["web"]);
    expect(heart.changes("web"), "the plan has changed").to.include("web-2 Superseded");
    await settle();
    expect(planOf("web-3")).to.deep.equal(["Update ConfigMap shop/a ", "Update ConfigMap shop/b "]);
    heart.approve("web-3", "alice");
    await settle();
    expect(heart.objects().join()).not.to.contain("drifted");
    expect(heart.changes("web")).to.include("web-3 Succeeded");
    expect(planOf("web-3")).to.deep.equal(["Update ConfigMap shop/a Done", "Update ConfigMap shop/b Done"]);
    expect(heart.conditions("web")).to.include("Synced=True/Applied");
    heart.destination.objects.delete(keyOf("b"));
    await settle();
    expect(planOf("web-4")).to.deep.equal(["Create ConfigMap shop/b "]);
    heart.approve("web-4", "alice");
    await settle();
    expect(heart.objects()).to.have.length(2);
  });

  it("is reverted exactly once when the process is killed at any step after the approval", async () => {
    heart.approve("web-2", "alice");
    for (let at = 1; at < 20; at++) {
      let count = 0;
      heart.start((point) => {
        if (++count === at) throw new KilledError(point);
      });
      await settle().catch((error: unknown) => {
        if (!(error instanceof KilledError)) throw error;
      });
    }
    heart.start();
    await settle();
    expect(heart.changes("web")).to.deep.equal(["web-1 Succeeded", "web-2 Succeeded"]);
    expect(heart.destination.log.filter((line) => line.startsWith("Heal"))).to.deep.equal(["Heal ConfigMap shop/a"]);
  });

  it("reverts only what was approved while that fails", async () => {
    heart.destination.faults.write = ({ id }) =>
      id.name === "a" ? { message: "the server does not respond", retryable: true } : undefined;
    heart.approve("web-2", "alice");
    await heart.settle(["web"]);
    drift("b");
    await settle();
    expect(heart.changes("web")).to.include("web-2 Applying");
    expect(heart.objects()[1]).to.contain("drifted");
    heart.destination.faults = {};
    await settle();
    expect(heart.changes("web")).to.deep.equal(["web-1 Succeeded", "web-2 Succeeded", "web-3 Waiting"]);
    expect(heart.objects()[0]).not.to.contain("drifted");
    expect(planOf("web-3")).to.deep.equal(["Update ConfigMap shop/b "]);
  });

  it("is offered again if it changes between the approval and the write", async () => {
    heart.destination.faults.write = ({ id }) =>
      id.name === "a" ? { message: "the server does not respond", retryable: true } : undefined;
    heart.approve("web-2", "alice");
    await heart.settle(["web"]);
    heart.destination.objects.delete(keyOf("a"));
    heart.destination.faults = {};
    await settle();
    expect(heart.changes("web")).to.deep.equal(["web-1 Succeeded", "web-2 Superseded", "web-3 Waiting"]);
    expect(planOf("web-3")).to.deep.equal(["Create ConfigMap shop/a "]);
    expect(heart.objects()).to.have.length(1);
  });

  it("is not offered again once a user has rejected it, until that is withdrawn or it changes", async () => {
    heart.approve("web-2", "alice", "Reject");
    await settle();
    heart.start();
    await settle();
    expect(heart.changes("web")).to.deep.equal(["web-1 Succeeded", "web-2 Rejected"]);
    expect(heart.conditions("web"), "the app is not stalled").to.include("Ready=True/Synced");
    heart.commit(files("2"));
    await settle();
    expect(heart.changes("web"), "a commit is applied").to.include("web-3 Succeeded");
    drift("b");
    await settle();
    expect(planOf("web-4")).to.include("Update ConfigMap shop/b ");
  });

  it("is not offered any more when it is gone, a newer commit comes, or self-heal is on", async () => {
    const present = heart.destination.objects.get(keyOf("a"));
    if (present === undefined) throw new Error("there is no a");
    heart.destination.objects.set(keyOf("a"), { ...present, drifted: false });
    await heart.settle(["web"]);
    expect(heart.changes("web")).to.deep.equal(["web-1 Succeeded", "web-2 Superseded"]);
    drift("a");
    await heart.settle(["web"]);
    expect(heart.changes("web"), "at most one a minute").to.have.length(2);
    await settle();
    expect(heart.changes("web")).to.include("web-3 Waiting");
    heart.commit(files("2"));
    await settle();
    expect(heart.changes("web")).to.include.members(["web-3 Superseded", "web-4 Succeeded"]);
    drift("a");
    await settle();
    expect(heart.changes("web")).to.include("web-5 Waiting");
    heart.apply("web", {});
    await settle();
    expect(heart.changes("web")).to.include("web-5 Superseded");
    expect(heart.objects().join()).not.to.contain("drifted");
  });

  it("is reverted by a requested sync as well, which takes the place of the Change", async () => {
    heart.request("now", "web");
    await settle();
    expect(heart.objects().join()).not.to.contain("drifted");
    expect(heart.changes("web")).to.deep.equal(["now Succeeded", "web-1 Succeeded", "web-2 Superseded"]);
  });

  it("shows the fields of each object, however many there are, and reverts all when the whole plan is approved", async () => {
    const count = 150;
    const names = Array.from({ length: count }, (_, at) => `c${at}`);
    const manifest = (name: string): string => files("1")["a.yaml"]?.replace("name: a", `name: ${name}`) ?? "";
    heart.commit(Object.fromEntries(names.map((name) => [`${name}.yaml`, manifest(name)])));
    await settle();
    const value = "x".repeat(10_000);
    heart.destination.faults.differs = ({ name }) => [{ path: ".data.v", from: value, to: name }];
    for (const name of names) drift(name);
    await settle();
    const waiting =
      heart
        .changes("web")
        .find((line) => line.endsWith(" Waiting"))
        ?.split(" ")[0] ?? "";
    const { metadata, status } = heart.change(waiting) ?? {};
    expect(status?.planIncomplete).to.match(/^not shown: \d+ diffs$/);
    const { json, planHash = "" } = heart.wholePlans.get(metadata?.uid ?? "") ?? {};
    const actions: readonly PlannedAction[] = JSON.parse(json?.toString() ?? "[]");
    expect(actions.map(({ object, diff }) => [object, diff])).to.have.deep.members(
      names.map((name) => [`ConfigMap shop/${name}`, [{ path: ".data.v", from: value, to: name }]]),
    );
    heart.approve(waiting, "alice");
    await settle();
    expect(heart.objects().join(), "the status does not show the plan that was approved").to.contain("drifted");
    heart.approve(waiting, "bob", "Approve", wholePlanHash(planHash, "bob", "0".repeat(32)));
    await settle();
    expect(heart.objects().join()).not.to.contain("drifted");
    expect(heart.changes("web")).to.include(`${waiting} Succeeded`);
  });
});
