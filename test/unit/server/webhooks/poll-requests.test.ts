import { expect } from "chai";
import { silentLogger } from "../../../../src/base/logger.js";
import { PollRequests } from "../../../../src/server/webhooks/poll-requests.js";
import { FakeClock } from "../../support/fake-clock.js";

/** Poll requests whose sends the test ends, one by one. */
function requesting() {
  const clock = new FakeClock();
  const sent: string[] = [];
  const results: string[] = [];
  const open: { resolve: () => void; reject: (error: Error) => void }[] = [];
  const polls = new PollRequests({
    clock,
    logger: silentLogger,
    observe: (result) => results.push(result),
    send: (repository) => {
      sent.push(repository);
      return new Promise((resolve, reject) => open.push({ resolve, reject }));
    },
  });
  const settle = () => new Promise<void>((resolve) => setImmediate(resolve));
  const end = async (error?: Error): Promise<void> => {
    const next = open.shift();
    if (error) next?.reject(error);
    else next?.resolve();
    await settle();
  };
  const advance = async (ms: number): Promise<void> => {
    clock.advance(ms);
    await settle();
  };
  return { polls, sent, results, end, advance };
}

describe("PollRequests", () => {
  it("passes the first push on at once, and all that come meanwhile as one more, a second later", async () => {
    const { polls, sent, end, advance } = requesting();
    for (let push = 0; push < 100; push++) polls.request("team/shop");
    expect(sent).to.deep.equal(["team/shop"]);
    await end();
    expect(sent).to.have.length(1);
    await advance(999);
    expect(sent).to.have.length(1);
    await advance(1);
    expect(sent).to.have.length(2);
    await end();
    await advance(60_000);
    expect(sent).to.have.length(2);
    polls.request("team/shop");
    expect(sent).to.have.length(3);
  });

  it("loses no push that comes while another one rests", async () => {
    const { polls, sent, end, advance } = requesting();
    polls.request("team/shop");
    await end();
    await advance(500);
    polls.request("team/shop");
    expect(sent).to.have.length(1);
    await advance(500);
    expect(sent).to.have.length(2);
  });

  it("does not let one repository wait for another", () => {
    const { polls, sent } = requesting();
    polls.request("team/shop");
    polls.request("team/web");
    expect(sent).to.deep.equal(["team/shop", "team/web"]);
  });

  it("tries again what failed, less and less often, and gives up in the end", async () => {
    const { polls, sent, results, end, advance } = requesting();
    polls.request("team/shop");
    for (const delay of [1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000, 60_000, 60_000]) {
      await end(new Error("away"));
      await advance(delay - 1);
      const before = sent.length;
      await advance(1);
      expect(sent.length, `after ${delay} ms`).to.equal(before + 1);
    }
    await end(new Error("away"));
    await advance(600_000);
    expect(sent).to.have.length(11);
    expect(results).to.deep.equal([...Array(11).fill("error"), "given_up"]);
    polls.request("team/shop");
    expect(sent, "a later push begins anew").to.have.length(12);
  });

  it("passes on at once what still waits when it is stopped", async () => {
    const { polls, sent, end } = requesting();
    polls.request("team/shop");
    await end();
    polls.request("team/shop");
    polls.request("team/web");
    let stopped = false;
    const stop = polls.stop().then(() => {
      stopped = true;
    });
    await end();
    expect(sent).to.have.members(["team/shop", "team/shop", "team/web"]);
    expect(stopped).to.equal(false);
    await end();
    await stop;
  });

  it("does not hold up a stop with what fails", async () => {
    const { polls, results, end } = requesting();
    polls.request("team/shop");
    const stop = polls.stop();
    await end(new Error("away"));
    await stop;
    expect(results).to.deep.equal(["error", "given_up"]);
  });
});
