import { expect } from "chai";
import { KindChanges } from "../../../../../src/destinations/kubernetes/watch/kind-changes.js";
import type { ResourceInfo } from "../../../../../src/kube/resource.js";
import { FakeClock } from "../../../support/fake-clock.js";
import { FakeLogger } from "../../../support/fake-logger.js";

/** Discovery that lists what the server serves at the time of each load. */
class FakeDiscovery {
  served: readonly string[] = ["apps/v1/Deployment"];
  kinds: ReadonlyMap<string, ResourceInfo> = new Map();
  isFailing = false;
  invalidate(): void {}
  async all(): Promise<readonly ResourceInfo[]> {
    if (this.isFailing) throw new Error("unavailable");
    this.kinds = new Map(this.served.map((kind) => [kind, {} as ResourceInfo]));
    return [];
  }
}

describe("KindChanges", () => {
  let clock: FakeClock;
  let discovery: FakeDiscovery;
  let changes: KindChanges;
  let reports: number;
  beforeEach(async () => {
    clock = new FakeClock();
    discovery = new FakeDiscovery();
    await discovery.all();
    reports = 0;
    changes = new KindChanges({ discovery, clock, logger: new FakeLogger(), onChange: () => reports++ });
  });

  const later = async (): Promise<void> => {
    clock.advance(2_000);
    await new Promise(setImmediate);
  };

  it("reports an event at once, and again when discovery lists the kind later", async () => {
    changes.changed();
    expect(reports).to.equal(1);
    discovery.served = [...discovery.served, "example.com/v1/Gadget"];
    await later();
    expect(reports).to.equal(2);
    expect(clock.timers).to.deep.equal([]);
  });

  it("reports again what was loaded between the event and its report to all", async () => {
    changes.changed();
    discovery.served = [];
    await discovery.all();
    await later();
    expect(reports).to.equal(2);
  });

  it("reports an event that changes no kind only once", async () => {
    changes.changed();
    await later();
    expect(reports).to.equal(1);
  });

  it("waits for the end of a burst, and tries again while discovery fails", async () => {
    for (let event = 0; event < 3; event++) changes.changed();
    expect(clock.timers).to.have.length(1);
    discovery.isFailing = true;
    await later();
    discovery.isFailing = false;
    discovery.served = [];
    await later();
    expect(reports).to.equal(4);
  });

  it("does nothing after it is stopped", () => {
    changes.changed();
    changes.stop();
    expect(clock.timers).to.deep.equal([]);
  });
});
