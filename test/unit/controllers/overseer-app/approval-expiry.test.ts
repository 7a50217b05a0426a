import { expect } from "chai";
import { Heart } from "../support/heart.js";

const HOUR = 3_600_000;
const WEEK = 7 * 24 * HOUR;
const file = (value: string): Readonly<Record<string, string>> => ({
  "a.yaml": `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: a }\ndata: { v: "${value}" }\n`,
});
const ASKING = { namespaces: [{ name: "shop" }], gates: { approval: { required: 2, expires: "24h" } } };

/** An app whose Change `web-1` waits for two approvals; the clock of the API server is ahead of that of the operator. */
async function waiting(aheadMs: number): Promise<Heart> {
  const heart = new Heart();
  heart.api.aheadMs = aheadMs;
  heart.environment("prod", ASKING);
  heart.commit(file("1"));
  heart.apply("web");
  heart.start();
  await heart.settle(["web"]);
  expect(heart.changes("web")).to.deep.equal(["web-1 Waiting"]);
  return heart;
}

const stateOf = (heart: Heart, change: string): readonly string[] =>
  (heart.change(change)?.status?.approvals ?? []).map(({ approver, state }) => `${approver} ${state}`);

describe("an approval that expires", () => {
  for (const [clock, aheadMs] of [
    ["a week behind", WEEK],
    ["a week ahead", -WEEK],
    ["right", 0],
  ] as const) {
    it(`counts for its time by the clock of the API server when that of the operator is ${clock}`, async () => {
      const heart = await waiting(aheadMs);
      heart.approve("web-1", "alice");
      await heart.settle(["web"]);
      heart.clock.advance(23 * HOUR);
      await heart.settle(["web"]);
      expect(stateOf(heart, "web-1"), "after 23 hours").to.deep.equal(["alice Counted"]);
      heart.clock.advance(2 * HOUR);
      await heart.settle(["web"]);
      expect(stateOf(heart, "web-1"), "after 25 hours").to.deep.equal(["alice NotEligible"]);
      heart.approve("web-1", "bob");
      await heart.settle(["web"]);
      expect(heart.objects(), "one approval of two").to.deep.equal([]);
    });
  }

  it("is evaluated again at the time when it expires", async () => {
    const heart = await waiting(WEEK);
    heart.approve("web-1", "alice");
    await heart.settle(["web"]);
    await heart.settle(["web"], 25 * HOUR);
    expect(stateOf(heart, "web-1")).to.deep.equal(["alice NotEligible"]);
  });

  it("does not let newer inputs wait longer when the clock of the operator is behind", async () => {
    const heart = await waiting(WEEK);
    heart.approve("web-1", "alice");
    await heart.settle(["web"]);
    heart.commit(file("2"));
    await heart.settle(["web"]);
    expect(heart.changes("web")).to.deep.equal(["web-1 Waiting"]);
    heart.clock.advance(25 * HOUR);
    await heart.settle(["web"]);
    expect(heart.changes("web")).to.deep.equal(["web-1 Superseded", "web-2 Waiting"]);
  });

  it("is not asked for again by itself, only with newer inputs", async () => {
    const heart = await waiting(0);
    heart.approve("web-1", "alice");
    await heart.settle(["web"]);
    await heart.settle(["web"], 2 * 24 * HOUR);
    const { events } = heart;
    const before = events.length;
    await heart.settle(["web"], 4 * WEEK);
    expect(heart.changes("web")).to.deep.equal(["web-1 Waiting"]);
    expect(events.slice(before), "a message each week").to.deep.equal([]);
    heart.commit(file("2"));
    await heart.settle(["web"]);
    expect(heart.changes("web")).to.deep.equal(["web-1 Superseded", "web-2 Waiting"]);
    heart.approve("web-2", "alice");
    heart.approve("web-2", "bob");
    await heart.settle(["web"]);
    expect(heart.objects()).to.deep.equal(['ConfigMap shop/a {"v":"2"} of shop/web']);
  });
});
