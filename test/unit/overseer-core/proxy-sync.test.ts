import { expect } from "chai";
import { systemClock } from "../../../src/base/clock.js";
import { silentLogger } from "../../../src/base/logger.js";
import { ProxySync } from "../../../src/overseer-core/agent/proxy/proxy-sync.js";

describe("the routes of a proxy", () => {
  const proxy = () =>
    new ProxySync({ upstreams: {} as never, settings: {} as never, clock: systemClock, logger: silentLogger });

  it("are unknown until the Core has sent them, so that nothing takes the port of a sign-in service before", async () => {
    const sync = proxy();
    let known: readonly unknown[] | undefined;
    const asked = sync.routes(new AbortController().signal).then((routes) => {
      known = routes;
    });
    await new Promise(setImmediate);
    expect(known).to.equal(undefined);
    const route = { id: "r1" } as never;
    sync.setRoutes([route]);
    await asked;
    expect(known).to.deep.equal([route]);
    expect(await sync.routes(new AbortController().signal)).to.deep.equal([route]);
  });

  it("are waited for until the agent stops", async () => {
    const stopping = new AbortController();
    const asked = proxy().routes(stopping.signal);
    stopping.abort(new Error("the agent is stopping"));
    expect(await asked.catch((error: Error) => error.message)).to.equal("the agent is stopping");
  });
});
