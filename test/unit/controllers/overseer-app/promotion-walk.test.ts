import { expect } from "chai";
import { PromotionWalk } from "../../../soak/promotion-walk.js";

describe("promotion, by random walks in memory", function () {
  this.timeout(120_000);

  for (const seed of [1, 2])
    it(`runs nothing untested, never goes back, and lets the last commit arrive (seed ${seed})`, async () => {
      const { wrong, applied } = await new PromotionWalk(seed).run((steps) => steps < 30);
      expect(wrong).to.deep.equal([]);
      expect(applied, "something has happened").to.be.greaterThan(3);
    });

  for (const seed of [1, 2])
    it(`applies nothing that two users have not approved, and lets the last commit arrive (seed ${seed})`, async () => {
      const { wrong, approved } = await new PromotionWalk(seed, { approvals: true }).run((steps) => steps < 60);
      expect(wrong).to.deep.equal([]);
      expect(approved, "something was approved").to.be.greaterThan(0);
    });
});
