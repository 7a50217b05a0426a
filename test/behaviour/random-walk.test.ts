import { availableParallelism, loadavg } from "node:os";
import { expect } from "chai";
import { RandomWalk } from "../soak/random-walk.js";

/** Longest time until live is as in Git after the last disturbance: on a machine with nothing else to do, and on a busy one. */
const SETTLE_SECONDS = { idle: 30, busy: 120 };
/** The controller of Deployments, which comes back late after an outage, may take longer than the operator. */
const READY_MS = 240_000;
const STEPS = 60;
/** By this seed there is something of everything within so many steps. */
const SEED = 46;

describe("A random walk of commits, hooks, moves, edits, kills and outages", function () {
  this.timeout(600_000);
  let walk: RandomWalk;
  before(async () => {
    walk = await RandomWalk.start({ seed: SEED, apps: 6, pauseMs: 350 });
  });
  after(() => walk?.stop());

  it("ends with the live state of Git, no other change, and a restart that writes nothing", async () => {
    await walk.walk((steps) => steps < STEPS);
    const result = await walk.settle(READY_MS);
    const [load = 0] = loadavg();
    const busy = load > availableParallelism();
    const story = `settled after ${result.settledSeconds} s (the last ${result.settledLagSeconds} s without waiting for the controller of Deployments), Ready after ${result.readySeconds} s (${result.readyLagSeconds} s after its controller had rolled out the last Deployment), at a load of ${load.toFixed(1)}; slowest: ${result.slowest.join(", ")}`;
    console.log(`      ${story}`);
    try {
      expect(result.wrong, `wrong; ${story}`).to.deep.equal([]);
      expect(result.written, "written after a restart").to.deep.equal([]);
      const late = Math.max(result.settledLagSeconds, result.readyLagSeconds);
      expect(late, story).to.be.at.most(busy ? SETTLE_SECONDS.busy : SETTLE_SECONDS.idle);
    } catch (error) {
      console.error(`the operator's log: ${await walk.saveLog()}`);
      throw error;
    }
    expect(walk.steps).to.include.all.keys(
      "commit",
      "hook",
      "hook that fails",
      "hook removed",
      "swap",
      "ring",
      "edit",
      "delete",
      "copy",
      "poke",
      "operator killed",
      "API server killed",
      "API server stopped",
      "Git fault",
    );
  });
});
