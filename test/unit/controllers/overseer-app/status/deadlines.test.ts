import { expect } from "chai";
import type { Change, ChangeStatus } from "../../../../../src/api/change.js";
import { rfc3339 } from "../../../../../src/base/clock.js";
import { AppMemory } from "../../../../../src/controllers/overseer-app/app-memory.js";
import type { AppRun } from "../../../../../src/controllers/overseer-app/run.js";
import { recordOutcome } from "../../../../../src/controllers/overseer-app/status/record-outcome.js";
import { app, cacheOf, change, inputs } from "../../support/resources.js";
import { testRun } from "../../support/run.js";

const MINUTE = 60_000;
const DAY = 86_400_000;

/** An app right after a restart, with a Change applied `agoMs` ago and unhealthy objects. */
function verifying(agoMs = 0, skewMs = 0) {
  const written: { phase?: string | undefined }[] = [];
  const counted: number[] = [];
  const at = rfc3339(Date.UTC(2026, 0, 1) - agoMs + skewMs);
  const one = change("shop/web-1", "web", { phase: "Verifying", appliedTime: at, startTime: at });
  const { run, clock } = testRun(
    app("shop/web", { spec: { health: { timeout: "5m" } }, status: { applied: inputs("k") } }),
    {
      changes: Object.assign(cacheOf([one]), { note: () => {} }),
      lister: { list: () => [] },
      status: {
        write: async (_: unknown, object: Change, status: ChangeStatus) => {
          if (object.kind === "Change") written.push({ phase: status.phase });
          return object;
        },
      },
      observer: {
        changeEnded: (_: unknown, { seconds }: { seconds: number }) => counted.push(seconds),
        state: () => {},
      },
      failpoint: () => {},
    } as never,
  );
  const look = async (): Promise<number | undefined> => {
    run.requeueAfterMs = undefined;
    run.staged = undefined;
    await recordOutcome(run);
    return run.requeueAfterMs;
  };
  return { run: run as AppRun, clock, written, counted, look };
}

describe("The health timeout", () => {
  it("starts at the apply, even before a restart", async () => {
    expect(await verifying().look()).to.equal(5 * MINUTE);
    expect(await verifying(2 * MINUTE).look()).to.equal(3 * MINUTE);
  });

  it("uses elapsed time, whatever the clock is set to", async () => {
    for (const jump of [DAY, -DAY]) {
      const { clock, look, written, counted } = verifying();
      await look();
      clock.set(jump);
      clock.advance(4 * MINUTE);
      expect(await look()).to.equal(MINUTE);
      expect(written).to.deep.equal([]);
      clock.advance(MINUTE);
      await look();
      expect(written).to.deep.equal([{ phase: "Failed" }]);
      expect(counted, "how long it took").to.deep.equal([300]);
    }
  });

  it("is never extended by a future time in the status", async () => {
    expect(await verifying(0, DAY).look()).to.equal(5 * MINUTE);
  });

  it("counts for each Change separately", async () => {
    const { run, clock, look } = verifying();
    await look();
    clock.advance(4 * MINUTE);
    expect(run.memory.moments?.change).to.equal("uid of shop/web-1");
    expect(new AppMemory().moments).to.equal(undefined);
    if (run.memory.moments) run.memory.moments = { ...run.memory.moments, change: "uid of shop/web-0" };
    expect(await look(), "by its own status").to.equal(MINUTE);
  });
});
