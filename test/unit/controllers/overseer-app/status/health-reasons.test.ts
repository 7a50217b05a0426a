import { expect } from "chai";
import { withHealthReasons } from "../../../../../src/controllers/overseer-app/status/health-reasons.js";
import type { LiveObject, ObjectHealth, Observation } from "../../../../../src/plan/live.js";
import { app } from "../../support/resources.js";
import { testRun } from "../../support/run.js";

const LOOKUP = { pods: "app=web" };
const WAITS: ObjectHealth = { status: "Progressing", message: "0 of 1 replicas are available", lookup: LOOKUP };
const FAILED: ObjectHealth = { status: "Degraded", message: "has failed.", lookup: LOOKUP, final: true };
const CLAIM: ObjectHealth = { status: "Healthy", message: "is not bound yet", lookup: { storageClass: "fast" } };

/** An app with one object of this health, and a destination with or without a reason. */
function unhealthy(reason?: string) {
  const { run, clock } = testRun(app("shop/web"));
  const said = { reason, asked: 0 };
  Object.assign(run, {
    applied: { documents: [{ key: "web" }] },
    destination: {
      healthReasons: async (objects: readonly LiveObject[]) => {
        said.asked++;
        return new Map(objects.flatMap(({ key }) => (said.reason === undefined ? [] : [[key, said.reason]])));
      },
    },
  });
  const look = async (health: ObjectHealth, overdue = false, documentHash = "1"): Promise<string> => {
    run.requeueAfterMs = undefined;
    const live = { key: "web", uid: "u", ownership: "Owned", documentHash, health } as LiveObject;
    const observation = { complete: true, objects: new Map([["web", live]]) } as unknown as Observation;
    const found = (await withHealthReasons(run, observation, overdue)).objects.get("web")?.health;
    return `${found?.status} ${found?.message}`;
  };
  return { run, clock, said, look };
}

describe("The reason of an unhealthy object", () => {
  it("is not looked up while all is healthy, nor immediately", async () => {
    const { run, said, look } = unhealthy("why");
    expect(await look({ status: "Healthy" })).to.equal("Healthy undefined");
    expect(run.requeueAfterMs).to.equal(undefined);
    expect(await look(WAITS)).to.equal("Progressing 0 of 1 replicas are available");
    expect(run.requeueAfterMs).to.equal(2_000);
    expect(said.asked).to.equal(0);
  });

  it("is looked up with increasing delay, and reported all the time", async () => {
    const { run, clock, said, look } = unhealthy("why");
    await look(WAITS);
    const times: number[] = [];
    for (let second = 1; second <= 600; second++) {
      clock.advance(1_000);
      const before = said.asked;
      const text = await look(WAITS);
      if (second >= 2) expect(text).to.equal("Progressing 0 of 1 replicas are available: why");
      expect(run.requeueAfterMs).to.be.greaterThan(0);
      if (said.asked > before) times.push(second);
    }
    expect(times).to.deep.equal([2, 7, 17, 37, 77, 157, 277, 397, 517]);
  });

  it("is looked up at once after the timeout or a final failure, once each", async () => {
    const { said, look } = unhealthy("why");
    expect(await look(WAITS, true)).to.equal("Progressing 0 of 1 replicas are available: why");
    await look(WAITS, true);
    expect(said.asked).to.equal(1);
    expect(await look(FAILED)).to.equal("Degraded has failed: why");
    await look(FAILED);
    expect(said.asked).to.equal(2);
  });

  it("is kept for a final failure when its pods are deleted, and dropped with the next document", async () => {
    const { clock, said, look } = unhealthy("why");
    await look(FAILED);
    said.reason = undefined;
    clock.advance(10_000);
    expect(await look(FAILED)).to.equal("Degraded has failed: why");
    expect(said.asked).to.equal(2);
    expect(await look(WAITS, false, "2")).to.equal("Progressing 0 of 1 replicas are available");
  });

  it("makes a claim that looked healthy unhealthy before its Change ends", async () => {
    const { run, clock, said, look } = unhealthy("StorageClass fast does not exist");
    expect(await look(CLAIM)).to.equal("Progressing is not bound yet: StorageClass fast does not exist");
    expect(run.requeueAfterMs).to.equal(5_000);
    said.reason = undefined;
    clock.advance(5_000);
    expect(await look(CLAIM)).to.equal("Healthy is not bound yet");
  });

  it("is looked up once for a claim that only waits for its first pod", async () => {
    const { run, clock, said, look } = unhealthy();
    for (let times = 0; times < 5; times++) {
      expect(await look(CLAIM)).to.equal("Healthy is not bound yet");
      expect(run.requeueAfterMs).to.equal(undefined);
      clock.advance(600_000);
    }
    expect(said.asked).to.equal(1);
  });
});
