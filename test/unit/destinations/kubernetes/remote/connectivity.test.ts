import { expect } from "chai";
import { silentLogger } from "../../../../../src/base/logger.js";
import { Reach } from "../../../../../src/destinations/kubernetes/remote/connectivity.js";
import { KubeConnectionError, KubeStatusError } from "../../../../../src/kube/errors.js";
import { FakeClock } from "../../../support/fake-clock.js";

/** A cluster that answers when the test says so. */
function bench() {
  const clock = new FakeClock();
  const told: string[] = [];
  const asked: { answer: () => void; fail: (error: unknown) => void }[] = [];
  const reach = new Reach({
    clock,
    logger: silentLogger,
    probe: () =>
      new Promise<void>((answer, fail) => {
        asked.push({ answer, fail });
      }),
    onChange: () => told.push(reach.problem?.message ?? "up"),
    onFirst: () => told.push("first"),
    onDown: () => told.push("broken off"),
  });
  const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
  return {
    reach,
    clock,
    told,
    asked,
    settle,
    answer: () => {
      asked.at(-1)?.answer();
      return settle();
    },
    fail: (error: unknown) => {
      asked.at(-1)?.fail(error);
      return settle();
    },
  };
}

const refused = new KubeConnectionError("connect ECONNREFUSED", undefined);

describe("Reach", () => {
  it("connects silently, and reports once that the cluster is available", async () => {
    const { reach, told, asked, answer, clock } = bench();
    reach.start();
    expect([reach.connecting, reach.problem]).to.deep.equal([true, undefined]);
    await answer();
    expect([reach.connecting, reach.problem]).to.deep.equal([false, undefined]);
    clock.advance(86_400_000);
    expect(told).to.deep.equal(["first", "up"]);
    expect(asked, "it was asked once").to.have.length(1);
  });

  it("reports a missing response after a grace time, and again after the timeout", async () => {
    const { reach, told, asked, clock, settle } = bench();
    reach.start();
    clock.advance(3_000);
    expect(told).to.deep.equal(["has not responded yet"]);
    clock.advance(2_000);
    await settle();
    expect(told).to.deep.equal(["has not responded yet", "broken off", "did not respond within 5 s"]);
    expect(asked).to.have.length(1);
  });

  it("backs off while the cluster is unavailable, and reports each message once", async () => {
    const { reach, told, asked, fail, clock } = bench();
    reach.start();
    await fail(refused);
    const pauses: number[] = [];
    for (let count = asked.length; pauses.length < 8; count++) {
      const before = clock.monotonic();
      while (asked.length === count) clock.advance(100);
      pauses.push(clock.monotonic() - before);
      await fail(refused);
    }
    expect(told.filter((text) => text === "connect ECONNREFUSED")).to.have.length(1);
    expect(pauses[0]).to.be.within(800, 1_300);
    expect(pauses.at(-1)).to.be.within(24_000, 36_100);
  });

  it("does not report the cluster unavailable after one failed request", async () => {
    const { reach, told, asked, answer } = bench();
    reach.start();
    await answer();
    told.length = 0;
    reach.suspect();
    reach.suspect();
    expect(asked, "asked once about both").to.have.length(2);
    expect(reach.problem).to.equal(undefined);
    await answer();
    expect(told, "no app is woken").to.deep.equal([]);
  });

  it("aborts requests in flight when the cluster hangs, and reports when it is back", async () => {
    const { reach, told, answer, clock, settle } = bench();
    reach.start();
    await answer();
    told.length = 0;
    reach.suspect();
    clock.advance(5_000);
    await settle();
    expect(told).to.deep.equal(["broken off", "did not respond within 5 s"]);
    clock.advance(2_000);
    await answer();
    expect(told.at(-1)).to.equal("up");
    expect(told, "it is begun once").to.not.include("first");
  });

  it("describes responses without quoting the server", async () => {
    for (const [code, reason, message] of [
      [401, "ClusterAuthenticationFailed", /\(401\): put a new token/],
      [403, "ClusterAuthenticationFailed", /system:discovery/],
      [500, "ClusterFailed", /status 500/],
    ] as const) {
      const { reach, fail } = bench();
      reach.start();
      await fail(new KubeStatusError(code, { message: "inner words", reason: "not a reason" }, "GET /api"));
      expect(reach.problem?.reason).to.equal(reason);
      expect(reach.problem?.message).to.match(message).and.not.contain("inner words");
    }
  });

  it("stops probing", async () => {
    const { reach, asked, fail, clock } = bench();
    reach.start();
    await fail(refused);
    reach.stop();
    clock.advance(3_600_000);
    expect(asked).to.have.length(1);
    expect(clock.timers).to.deep.equal([]);
  });
});
