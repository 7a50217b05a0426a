import { expect } from "chai";
import { TokenBucket } from "../../../src/base/token-bucket.js";
import { FakeClock } from "../support/fake-clock.js";

describe("base/token-bucket", () => {
  it("allows a burst, and then the sustained rate", () => {
    const bucket = new TokenBucket(new FakeClock(), { burst: 3, perSecond: 4 });
    expect([1, 2, 3, 4, 5].map(() => bucket.take())).to.deep.equal([0, 0, 0, 250, 500]);
  });

  it("refills after an idle period, up to its capacity", async () => {
    const clock = new FakeClock();
    const bucket = new TokenBucket(clock, { burst: 2, perSecond: 4 });
    expect([1, 2, 3].map(() => bucket.take())).to.deep.equal([0, 0, 250]);
    await clock.advance(60_000);
    expect([1, 2, 3].map(() => bucket.take())).to.deep.equal([0, 0, 250]);
    await clock.advance(250);
    expect(bucket.take()).to.equal(250);
  });
});
