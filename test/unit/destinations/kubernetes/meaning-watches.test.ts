import { expect } from "chai";
import { MeaningWatches } from "../../../../src/destinations/kubernetes/sweep/meaning-watches.js";
import type { Discovery } from "../../../../src/kube/discovery.js";
import type { ResourceInfo } from "../../../../src/kube/resource.js";
import { eventually } from "../../support/eventually.js";
import { FakeApiServer } from "../../support/fake-api-server.js";
import { FakeClock } from "../../support/fake-clock.js";
import { FakeLogger } from "../../support/fake-logger.js";
import { added, bookmark } from "../../support/reflector-rig.js";

const DEFINITIONS: ResourceInfo = {
  group: "apiextensions.k8s.io",
  version: "v1",
  kind: "CustomResourceDefinition",
  plural: "customresourcedefinitions",
  namespaced: false,
  verbs: new Set(["list", "watch"]),
  hasStatus: true,
};

describe("MeaningWatches", () => {
  let server: FakeApiServer;
  const clock = new FakeClock();
  const logger = new FakeLogger();
  let watches: MeaningWatches;
  let changes = 0;
  let unanswered = 1;
  before(async () => {
    server = await FakeApiServer.start();
    const all = async (): Promise<ResourceInfo[]> => {
      if (unanswered-- > 0) throw new Error("no discovery now");
      return [DEFINITIONS];
    };
    watches = new MeaningWatches({
      client: server.client(),
      discovery: { all } as unknown as Discovery,
      clock,
      logger,
      onChange: () => changes++,
      onFailure: () => {},
    });
  });
  after(async () => {
    await watches.stop();
    await server.close();
  });

  const warned = (): number => logger.lines.filter(({ message }) => message.includes("may not list")).length;

  it("begin when it is known what is served", async () => {
    watches.start();
    await eventually("it failed", () => clock.timers.length === 1);
    clock.advance(30_000);
    (await server.next()).status(403, "Forbidden");
  });

  it("come back when they may, ask rarely until then, say so once, and have everything looked at", async () => {
    for (let round = 0; round < 12; round++) {
      const [pause = 0] = await eventually("a pause", () => (clock.timers.length === 1 ? clock.timers : undefined));
      expect(pause).to.be.at.most(300_000 * 1.2);
      clock.advance(pause);
      const call = await server.next();
      if (round < 11) call.status(403, "Forbidden");
      else {
        expect(pause, "it is asked for every few minutes").to.be.at.least(300_000 * 0.8);
        call.open().send(added("x", 1, 1), bookmark(2, true));
      }
    }
    await eventually("all is looked at", () => changes === 1);
    expect(warned()).to.equal(1);
  });
});
