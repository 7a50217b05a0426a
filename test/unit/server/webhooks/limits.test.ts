import { expect } from "chai";
import { type LogFields, silentLogger } from "../../../../src/base/logger.js";
import { RefusalLog } from "../../../../src/server/webhooks/refusal-log.js";
import { Slots } from "../../../../src/server/webhooks/slots.js";
import { FakeClock } from "../../support/fake-clock.js";

describe("Slots", () => {
  it("leave room for other repositories, up to a total", () => {
    const slots = new Slots({ total: 3, perRepository: 2 });
    const give = slots.take("a");
    expect(slots.take("a")).to.be.a("function");
    expect(slots.take("a")).to.equal(undefined);
    expect(slots.take("b")).to.be.a("function");
    expect(slots.take("c"), "the total").to.equal(undefined);
    give?.();
    expect(slots.take("c")).to.be.a("function");
    expect(slots.take("a"), "the total").to.equal(undefined);
  });
});

describe("RefusalLog", () => {
  it("says the same once a minute, and how often it was", () => {
    const clock = new FakeClock();
    const said: (LogFields | undefined)[] = [];
    const log = new RefusalLog(clock, { ...silentLogger, warn: (_message, fields) => said.push(fields) });
    for (let time = 0; time < 5; time++) log.warn("a", "refused", { repository: "a" });
    log.warn("b", "refused", { repository: "b" });
    expect(said).to.deep.equal([{ repository: "a" }, { repository: "b" }]);
    clock.advance(60_000);
    log.warn("a", "refused", { repository: "a" });
    expect(said.slice(2)).to.deep.equal([{ repository: "a", suppressed: 4 }]);
  });

  it("does not grow with what strangers make up", () => {
    const said: unknown[] = [];
    const log = new RefusalLog(new FakeClock(), { ...silentLogger, warn: (message) => said.push(message) });
    for (let key = 0; key < 5_000; key++) log.warn(`k${key}`, "refused", {});
    expect(said).to.have.length(1_001);
  });
});
