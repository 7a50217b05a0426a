import { expect } from "chai";
import { openGate } from "../../../src/base/write-gate.js";
import { loadConfig } from "../../../src/config/config.js";
import { createMetrics } from "../../../src/telemetry/metrics.js";
import { Leadership } from "../../../src/wiring/leadership.js";
import { FakeClock } from "../support/fake-clock.js";
import { FakeLogger } from "../support/fake-logger.js";

function leadership(...flags: string[]): Leadership {
  const clock = new FakeClock();
  const metrics = createMetrics({ clock, version: "1", processMetrics: false });
  const config = loadConfig(flags, {}, () => undefined);
  return new Leadership({ config, clock, logger: new FakeLogger(), metrics });
}

describe("Leadership", () => {
  it("is shut until a lease is there", () => {
    const elected = leadership();
    expect(() => elected.gate.check()).to.throw("standby");
    expect(elected.notReady()).to.deep.equal(["connecting to the cluster"]);
  });

  it("needs no lease, no request and no gate where there is one process only", async () => {
    const alone = leadership("--leader-election=false");
    expect(alone.gate).to.equal(openGate);
    const nothing = {} as Parameters<Leadership["acquire"]>[0];
    expect(await alone.acquire(nothing, new AbortController().signal)).to.equal(true);
    await alone.release();
    alone.gate.check();
  });
});
