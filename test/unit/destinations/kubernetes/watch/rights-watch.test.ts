import { expect } from "chai";
import { RightsWatch } from "../../../../../src/destinations/kubernetes/watch/rights-watch.js";
import { eventually } from "../../../support/eventually.js";
import { type Call, FakeApiServer } from "../../../support/fake-api-server.js";
import { FakeClock } from "../../../support/fake-clock.js";
import { FakeLogger } from "../../../support/fake-logger.js";
import { added, bookmark, modified } from "../../../support/reflector-rig.js";

const KINDS = ["clusterrolebindings", "clusterroles", "rolebindings", "roles"];
const LINGER_MS = 600_000;

describe("RightsWatch", () => {
  let server: FakeApiServer;
  let clock: FakeClock;
  let rights: RightsWatch;
  let woken: string[];
  beforeEach(async () => {
    server = await FakeApiServer.start();
    clock = new FakeClock();
    rights = new RightsWatch({ client: server.client(), clock, logger: new FakeLogger() });
    woken = [];
  });
  afterEach(async () => {
    await rights.stop();
    await server.close();
  });

  const wait = (who: string): void => rights.awaited(who, () => woken.push(who));

  /** The four watches, with their lists told. */
  async function watches(): Promise<Call[]> {
    const calls = await Promise.all(KINDS.map(() => server.next()));
    for (const call of calls) call.open().send(added("a", 1, 1), bookmark(5, true));
    return calls;
  }

  /** Something happens to a right, and is seen. */
  async function change(watch: Call, version: number): Promise<void> {
    watch.send(modified("a", version, 1));
    await eventually("the change is seen", () => clock.timers.includes(500));
  }

  it("watches roles and bindings only while there are waiters", async () => {
    expect(server.calls).to.have.length(0);
    wait("shop/web");
    wait("shop/api");
    const calls = await watches();
    expect(calls.map(({ path }) => path.split("/").at(-1)).sort()).to.deep.equal(KINDS);
    expect(server.calls).to.have.length(4);
  });

  it("notifies waiters once after a change, and soon again those that were refused again", async () => {
    wait("shop/web");
    wait("shop/api");
    const [first] = await watches();
    await change(first as Call, 6);
    expect(woken).to.deep.equal([]);
    clock.advance(500);
    expect(woken.splice(0)).to.deep.equal(["shop/web", "shop/api"]);
    wait("shop/api");
    clock.advance(5_000);
    expect(woken.splice(0)).to.deep.equal(["shop/api"]);
    wait("shop/api");
    clock.advance(60_000);
    expect(woken, "nothing has changed since").to.deep.equal([]);
  });

  it("stops its watches when there are no waiters for a while", async () => {
    wait("shop/web");
    const calls = await watches();
    clock.advance(LINGER_MS / 2);
    wait("shop/web");
    clock.advance(LINGER_MS / 2);
    expect(
      calls.some(({ left }) => left),
      "somebody waits",
    ).to.equal(false);
    clock.advance(LINGER_MS);
    await eventually("the watches end", () => calls.every(({ left }) => left));
    wait("shop/api");
    expect((await server.next()).path).to.contain("rbac.authorization.k8s.io");
  });
});
