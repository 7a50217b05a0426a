import { expect } from "chai";
import { CoreError } from "../../../../../src/destinations/overseer/client/core-error.js";
import { CoreFollower } from "../../../../../src/destinations/overseer/state/core-follower.js";
import type { CoreReader, PollResult } from "../../../../../src/destinations/overseer/state/core-reader.js";
import { FakeClock } from "../../../support/fake-clock.js";
import { FakeLogger } from "../../../support/fake-logger.js";
import { app, news } from "../samples.js";

interface Asked {
  readonly waitSeconds: number;
  readonly answer: (look: PollResult) => void;
  readonly fail: (error: Error) => void;
  confirmed?: boolean;
}

/** A reader whose answers the test gives. */
class FakeReader {
  waits = true;
  readonly asked: Asked[] = [];
  #awaited: (() => void) | undefined;

  poll(waitSeconds: number, signal: AbortSignal): ReturnType<CoreReader["poll"]> {
    return new Promise((resolve, reject) => {
      const one: Asked = {
        waitSeconds,
        answer: (look) =>
          resolve({
            events: look,
            confirm: () => {
              one.confirmed = true;
            },
          }),
        fail: reject,
      };
      signal.addEventListener("abort", () => reject(new Error("aborted")));
      this.asked.push(one);
      this.#awaited?.();
    });
  }

  /** The newest look, once there are so many. */
  async nth(count: number): Promise<Asked> {
    while (this.asked.length < count) await new Promise<void>((resolve) => (this.#awaited = resolve));
    return this.asked[count - 1] as Asked;
  }
}

function rig() {
  const reader = new FakeReader();
  const clock = new FakeClock();
  const told: string[] = [];
  const follower = new CoreFollower({
    reader: reader as unknown as CoreReader,
    clock,
    logger: new FakeLogger(),
    intervalMs: 30_000,
    random: () => 0.5,
    onEvent: ({ apps, everyone }) => told.push(everyone ? "everyone" : [...apps].join()),
  });
  follower.start();
  return { reader, clock, told, follower };
}

/** Lets everything that is ready to run run. */
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const DOWN = new CoreError("CORE_UNREACHABLE", "down");

describe("following a Core", () => {
  it("polls without waiting first, then long-polls for the interval", async () => {
    const { reader, clock, follower, told } = rig();
    const first = await reader.nth(1);
    expect(first.waitSeconds).to.equal(0);
    expect(follower.fresh).to.equal(false);
    first.answer(news({ app: [app()] }));
    await follower.settled();
    expect(follower.fresh).to.equal(true);
    expect(told).to.include("everyone");
    expect(follower.state.appNamed("web")?.id).to.equal("a1");
    clock.advance(1_000);
    expect((await reader.nth(2)).waitSeconds).to.equal(30);
    await follower.stop();
  });

  it("reads changes immediately, but rate-limits a Core that changes all the time", async () => {
    const { reader, clock, follower } = rig();
    const rests: number[] = [];
    for (let count = 1; count <= 60; count++) {
      (await reader.nth(count)).answer(news({}));
      await settle();
      const [next = 0] = clock.timers;
      rests.push(Math.round(next));
      clock.advance(next);
    }
    expect(new Set(rests.slice(0, 40))).to.deep.equal(new Set([20]));
    expect(rests.slice(-10).every((rest) => rest === 250)).to.equal(true);
    await follower.stop();
  });

  it("polls a Core without long polling once per interval", async () => {
    const { reader, clock, follower } = rig();
    reader.waits = false;
    (await reader.nth(1)).answer(news({}));
    await settle();
    clock.advance(29_000);
    await settle();
    expect(reader.asked).to.have.length(1);
    clock.advance(1_000);
    await reader.nth(2);
    await follower.stop();
  });

  it("reports a failure once, backs off, and reports the recovery", async () => {
    const { reader, clock, told, follower } = rig();
    (await reader.nth(1)).answer(news({}));
    await settle();
    clock.advance(20);
    told.length = 0;
    const delays: number[] = [];
    for (let count = 2; count < 12; count++) {
      (await reader.nth(count)).fail(DOWN);
      await settle();
      const [next = 0] = clock.timers;
      delays.push(next);
      expect(follower.fresh).to.equal(false);
      clock.advance(next);
    }
    expect(delays).to.deep.equal([500, 1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000, 60_000]);
    expect(told).to.deep.equal(["everyone"]);
    const last = await reader.nth(12);
    expect(last.waitSeconds, "the first answer ends it").to.equal(0);
    last.answer(undefined);
    await settle();
    expect(told).to.deep.equal(["everyone", "everyone"]);
    expect(follower.fresh).to.equal(true);
    await follower.stop();
  });

  it("honors the retry delay of a Core", async () => {
    const { reader, clock, follower } = rig();
    (await reader.nth(1)).fail(new CoreError("CORE_FAILED", "busy", { retryAfterMs: 7_000 }));
    await settle();
    expect(clock.timers).to.deep.equal([7_000]);
    await follower.stop();
  });

  it("releases waiters when reading fails and when it stops", async () => {
    const { reader, follower } = rig();
    const first = follower.settled();
    (await reader.nth(1)).fail(DOWN);
    await first;
    expect(follower.problem).to.equal(DOWN);
    const other = rig();
    const second = other.follower.settled();
    await other.follower.stop();
    await second;
    await follower.stop();
  });

  it("is outdated after a write without a response, until the next read", async () => {
    const { reader, clock, follower } = rig();
    (await reader.nth(1)).answer(news({}));
    await settle();
    clock.advance(20);
    await reader.nth(2);
    follower.verification();
    expect(follower.fresh).to.equal(false);
    const again = await reader.nth(3);
    expect(again.waitSeconds).to.equal(0);
    again.answer(undefined);
    await settle();
    expect(follower.fresh).to.equal(true);
    await follower.stop();
  });

  it("keeps resources that were written during a read", async () => {
    const { reader, follower } = rig();
    const first = await reader.nth(1);
    follower.wrote("app", app({ revision: 7, compose: "written" }));
    follower.removed("app", "gone");
    first.answer(news({ app: [app({ revision: 5, compose: "before" }), app({ id: "gone", name: "gone" })] }));
    await settle();
    expect(follower.state.appNamed("web")?.compose).to.equal("written");
    expect(follower.state.appNamed("gone")).to.equal(undefined);
    expect(first.confirmed).to.equal(true);
    await follower.stop();
  });
});
