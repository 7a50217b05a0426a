import { expect } from "chai";
import { objectKey } from "../../../../src/manifest/object-id.js";
import type { Heart } from "../support/heart.js";
import { valueMap as map, syncedHeart } from "../support/synced-heart.js";

const JOB = `apiVersion: batch/v1
kind: Job
metadata: { name: migrate, annotations: { gitops.overseer.io/hook: PreSync } }
spec: {}
`;
const KEY = objectKey({ group: "batch", kind: "Job", namespace: "shop", name: "migrate" });
const BROKEN = "apiVersion: v1\nkind: ConfigMap\nmetadata: { name: a\n";

describe("A hook at work", () => {
  let heart: Heart;
  beforeEach(async () => {
    heart = await syncedHeart();
    heart.destination.faults.born = { status: "Progressing", message: "is running" };
    heart.commit({ "a.yaml": map("2"), "job.yaml": JOB });
    await heart.settle(["web"]);
    expect(heart.changes("web")).to.deep.equal(["web-1 Succeeded", "web-2 Applying"]);
  });

  const runs = (): boolean => heart.destination.objects.has(KEY);
  const applied = (): readonly string[] => heart.objects().filter((text) => text.startsWith("ConfigMap"));

  it("is deleted when a newer commit supersedes its Change", async () => {
    heart.commit({ "a.yaml": map("3") });
    await heart.settle(["web"]);
    expect(runs()).to.equal(false);
    expect(heart.changes("web").slice(1)).to.deep.equal(["web-2 Superseded", "web-3 Succeeded"]);
  });

  it("is deleted when a newer commit cannot be rendered, and nothing of its Change is applied", async () => {
    heart.commit({ "a.yaml": BROKEN, "job.yaml": JOB });
    await heart.settle(["web"], 60_000);
    expect(runs()).to.equal(false);
    expect(heart.changes("web").slice(1)).to.deep.equal(["web-2 Superseded"]);
    expect(heart.message("web-2")).to.match(/^superseded by main@sha1:[0-9a-f]+, which cannot be rendered$/);
    expect(applied()).to.deep.equal(['ConfigMap shop/a {"v":"1"} of shop/web']);
    expect(heart.events.join("\n")).to.contain("Normal HookStopped: hook Job shop/migrate was deleted");
    expect(heart.conditions("web")).to.include("Ready=False/RenderFailed");
  });

  it("runs again when the commit that could not be rendered is reverted", async () => {
    heart.commit({ "a.yaml": BROKEN, "job.yaml": JOB });
    await heart.settle(["web"]);
    heart.destination.faults.born = { status: "Healthy", ended: "Succeeded" };
    heart.commit({ "a.yaml": map("2"), "job.yaml": JOB });
    await heart.settle(["web"], 60_000);
    expect(heart.changes("web").slice(1)).to.deep.equal(["web-2 Superseded", "web-3 Succeeded"]);
    expect(applied()).to.deep.equal(['ConfigMap shop/a {"v":"2"} of shop/web']);
  });

  it("is kept when a newer commit cannot be read", async () => {
    heart.commit({ "a.yaml": BROKEN, "job.yaml": JOB });
    heart.forgetCommits();
    await heart.settle(["web"]);
    expect(runs()).to.equal(true);
    expect(heart.changes("web").at(-1)).to.equal("web-2 Applying");
  });
});
