import { expect } from "chai";
import { rfc3339 } from "../../../../src/base/clock.js";
import { type ObjectKey, objectKey } from "../../../../src/manifest/object-id.js";
import { Heart, KilledError } from "../support/heart.js";

const map = (name: string, phase?: string): string => {
  const annotations = phase === undefined ? "" : `, annotations: { gitops.overseer.io/hook: ${phase} }`;
  return `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: ${name}${annotations} }\n`;
};
const key = (name: string): ObjectKey => objectKey({ group: "", kind: "ConfigMap", namespace: "shop", name });
const FILES = {
  "a.yaml": map("a"),
  "before.yaml": map("before", "PreDelete"),
  "after.yaml": map("after", "PostDelete"),
};
const SPEC = { health: { timeout: "5m" } };

describe("Hooks of the deletion of an app", () => {
  let heart: Heart;
  beforeEach(async () => {
    heart = new Heart();
    heart.start();
    heart.commit(FILES);
    heart.apply("web", SPEC);
    await heart.settle(["web"]);
  });

  const ready = (): string =>
    heart.app("web")?.status?.conditions?.find(({ type }) => type === "Ready")?.message ?? "gone";
  const log = (): string => heart.destination.log.join(", ").replaceAll("ConfigMap shop/", "");

  it("do not run with a sync, and are no objects of the app", () => {
    expect(log()).to.equal("Create a");
    expect(heart.app("web")?.status?.deletion).to.deep.equal({ phases: ["PreDelete", "PostDelete"] });
    expect(heart.conditions("web")).to.include("Ready=True/Synced");
  });

  it("run before the first and after the last object is deleted, and go with the app", async () => {
    heart.deleteApp("web");
    await heart.settle(["web"], 60_000);
    expect(heart.app("web")).to.equal(undefined);
    expect(log()).to.match(
      /^Create a, Create before, (Delete a, Delete before|Delete before, Delete a), Create after, Delete after$/,
    );
  });

  it("run also if a suspension of the app has ended by itself", async () => {
    const suspendUntil = rfc3339(heart.clock.now() + 3_600_000);
    heart.apply("web", { ...SPEC, suspend: true, suspendUntil });
    await heart.settle(["web"]);
    heart.clock.advance(7_200_000);
    await heart.settle(["web"], 120_000);
    heart.deleteApp("web");
    await heart.settle(["web"], 60_000);
    expect(heart.app("web")).to.equal(undefined);
    expect(log()).to.contain("Create before").and.to.contain("Create after");
  });

  it("hold the deletion when they fail, until a user requests another attempt", async () => {
    heart.destination.faults.write = ({ id }) =>
      id.name === "before" ? { message: "denied by policy", retryable: false } : undefined;
    heart.deleteApp("web");
    await heart.settle(["web"], 60_000);
    expect(ready()).to.equal(
      "PreDelete hook ConfigMap shop/before: denied by policy; request a reconcile to run it again, or set deletionHooks: Skip to delete the app without them",
    );
    expect(heart.objects()).to.have.length(1);
    heart.destination.faults = {};
    await heart.settle(["web"], 60_000);
    expect(ready(), "is not run again by itself").to.contain("denied by policy");
    heart.annotate("web", { "gitops.overseer.io/reconcile-at": "now" });
    await heart.settle(["web"], 60_000);
    expect(heart.app("web")).to.equal(undefined);
  });

  it("are not repeated while they run, when a user requests another attempt", async () => {
    heart.commit({ ...FILES, "slow.yaml": map("slow", "PreDelete") });
    await heart.settle(["web"]);
    heart.destination.faults.write = ({ id }) =>
      id.name === "before" ? { message: "denied by policy", retryable: false } : undefined;
    heart.destination.faults.born = { status: "Progressing", message: "is cleaning up" };
    heart.deleteApp("web");
    await heart.settle(["web"], 60_000);
    heart.destination.faults = {};
    heart.annotate("web", { "gitops.overseer.io/reconcile-at": "now" });
    await heart.settle(["web"]);
    expect(ready()).to.equal(
      "PreDelete hook ConfigMap shop/before: denied by policy; it runs again when the other PreDelete hooks have ended",
    );
    heart.destination.edit(key("slow"), { health: { status: "Healthy" } });
    await heart.settle(["web"], 60_000);
    expect(heart.app("web")).to.equal(undefined);
    expect(log().match(/Create (slow|before)/g)).to.deep.equal(["Create slow", "Create before"]);
  });

  it("hold the deletion while they are at work", async () => {
    heart.deleteApp("web");
    heart.destination.faults.born = { status: "Progressing", message: "is cleaning up" };
    await heart.settle(["web"], 60_000);
    expect(ready()).to.contain("PreDelete hook ConfigMap shop/before is cleaning up");
    expect(heart.objects()).to.have.length(2);
    heart.destination.faults = {};
    heart.destination.edit(key("before"), { health: { status: "Healthy" } });
    await heart.settle(["web"], 60_000);
    expect(heart.app("web")).to.equal(undefined);
  });

  for (const [what, spec, left] of [
    ["deletionHooks: Skip", { ...SPEC, deletionHooks: "Skip" }, 0],
    ["deletionPolicy: Orphan", { ...SPEC, deletionPolicy: "Orphan" }, 1],
  ] as const)
    it(`do not run with ${what}`, async () => {
      heart.apply("web", spec);
      heart.deleteApp("web");
      await heart.settle(["web"], 60_000);
      expect(heart.app("web")).to.equal(undefined);
      expect(heart.objects()).to.have.length(left);
      expect(log()).not.to.contain("Create before");
    });

  it("hold the deletion when their revision cannot be read, which apps without hooks do not need", async () => {
    heart.commit({ "a.yaml": map("a") });
    await heart.settle(["web"]);
    expect(heart.app("web")?.status?.deletion).to.equal(undefined);
    heart.commit(FILES);
    await heart.settle(["web"]);
    heart.forgetCommits();
    heart.start();
    heart.deleteApp("web");
    await heart.settle(["web"], 60_000);
    expect(ready()).to.match(/^the PreDelete hooks cannot be run: main@sha1:\w+.*; set deletionHooks: Skip/);
    heart.apply("web", { ...SPEC, deletionHooks: "Skip" });
    await heart.settle(["web"], 60_000);
    expect(heart.app("web")).to.equal(undefined);
  });

  it("run once each, wherever the process is killed", async () => {
    for (let at = 1; at < 12; at++) {
      const other = new Heart();
      other.start();
      other.commit(FILES);
      other.apply("web", SPEC);
      await other.settle(["web"]);
      let passed = 0;
      other.start(() => {
        if (++passed === at) throw new KilledError("killed");
      });
      other.deleteApp("web");
      await other.settle(["web"], 60_000).catch((error: unknown) => {
        if (!(error instanceof KilledError)) throw error;
        other.start();
      });
      await other.settle(["web"], 60_000);
      const { log } = other.destination;
      expect(other.app("web"), `killed at boundary ${at}`).to.equal(undefined);
      for (const name of ["before", "after"])
        expect(
          log.filter((line) => line === `Create ConfigMap shop/${name}`),
          `${name}, ${at}`,
        ).to.have.length(1);
      if (passed < at) break;
    }
  });
});
