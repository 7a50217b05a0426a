import { expect } from "chai";
import { DeniedWrites } from "../../../../../src/destinations/kubernetes/apply/denied-writes.js";
import { FakeClock } from "../../../support/fake-clock.js";

describe("DeniedWrites", () => {
  let clock: FakeClock;
  let denied: DeniedWrites;
  beforeEach(() => {
    clock = new FakeClock();
    denied = new DeniedWrites(clock);
  });

  it("caches a denial for a minute, per user and object", () => {
    denied.add("tenant", "/a");
    clock.advance(59_999);
    expect([denied.has("tenant", "/a"), denied.has("tenant", "/b"), denied.has(undefined, "/a")]).to.deep.equal([
      true,
      false,
      false,
    ]);
    clock.advance(1);
    expect(denied.has("tenant", "/a")).to.equal(false);
  });

  it("counts from the latest denial", () => {
    denied.add("tenant", "/a");
    denied.add("tenant", "/b");
    clock.advance(30_000);
    denied.add("tenant", "/a");
    clock.advance(30_000);
    denied.add("tenant", "/c");
    expect([denied.has("tenant", "/a"), denied.has("tenant", "/b")]).to.deep.equal([true, false]);
  });

  it("drops the denials of one user, or all", () => {
    denied.add("tenant", "/a");
    denied.add(undefined, "/a");
    denied.forget("tenant");
    expect([denied.has("tenant", "/a"), denied.has(undefined, "/a")]).to.deep.equal([false, true]);
    denied.clear();
    expect(denied.has(undefined, "/a")).to.equal(false);
  });
});
