import { expect } from "chai";
import { ProblemError } from "../../../../src/http/problem.js";
import type { UserKube, UserRequest } from "../../../../src/server/rest/identity/user-requests.js";
import { logLines } from "../../../../src/server/rest/logs/log-lines.js";
import { LogStream } from "../../../../src/server/rest/logs/log-stream.js";
import { FakeClock } from "../../support/fake-clock.js";

const STAMP = "2026-11-29T12:00:00.123456789Z";

async function* chunksOf(...texts: (string | Buffer)[]): AsyncGenerator<Buffer> {
  for (const text of texts) yield Buffer.from(text);
}

async function linesOf(...texts: (string | Buffer)[]): Promise<{ time: string; text: string }[]> {
  let all = "";
  for await (const part of logLines(chunksOf(...texts))) all += part;
  return all
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line));
}

describe("Logs", () => {
  it("have time and text of each line, however the lines are cut into chunks", async () => {
    const euro = Buffer.from("€");
    const lines = await linesOf(
      `${STAMP} one\n${STAMP} t`,
      `wo\r\n${STAMP} `,
      euro.subarray(0, 1),
      euro.subarray(1),
      `\n${STAMP}\n${STAMP} "quoted" \u001b[31mred`,
    );
    expect(lines).to.deep.equal([
      { time: STAMP, text: "one" },
      { time: STAMP, text: "two" },
      { time: STAMP, text: "€" },
      { time: STAMP, text: "" },
      { time: STAMP, text: '"quoted" \u001b[31mred' },
    ]);
    expect(await linesOf("failed to open the log\n")).to.deep.equal([{ time: "", text: "failed to open the log" }]);
  });

  it("have long lines cut, also those that never end", async () => {
    const long = "x".repeat(100_000);
    const lines = await linesOf(`${STAMP} ${long}`, long, long, `\n${STAMP} next\n`);
    expect(lines.map(({ text }) => text.length)).to.deep.equal([16 * 1024, 4]);
  });

  it("are read no faster than the client, and end at the API server when the client leaves", async () => {
    let sent = 0;
    let request: UserRequest | undefined;
    const kube: UserKube = {
      request: () => Promise.reject(new Error("not used")),
      stream: async (asked) => {
        request = asked;
        async function* endless(): AsyncGenerator<Buffer> {
          while (!asked.signal?.aborted) {
            sent++;
            yield Buffer.from(`${STAMP} line\n`);
          }
        }
        return endless();
      },
    };
    const common = { namespace: "shop", pod: "web", follow: true, previous: false, tail: 10 };
    const stream = await LogStream.open(kube, common);
    await new Promise((resolve) => stream.body.once("readable", resolve));
    await new Promise(setImmediate);
    const before = sent;
    await new Promise(setImmediate);
    expect(sent).to.equal(before).and.be.below(1_000);
    stream.body.destroy();
    await new Promise((resolve) => stream.body.once("close", resolve));
    expect(request?.signal?.aborted).to.equal(true);
    expect(request?.path).to.equal("/api/v1/namespaces/shop/pods/web/log");
    expect(request?.query).to.deep.include({ follow: "true", tailLines: "10", timestamps: "true" });
  });

  it("that are followed end with the session, and with the right of the user", async () => {
    const kube: UserKube = {
      request: () => Promise.reject(new Error("not used")),
      stream: async () => {
        async function* quiet(): AsyncGenerator<Buffer> {
          yield Buffer.from(`${STAMP} line\n`);
          await new Promise(() => {});
        }
        return quiet();
      },
    };
    const common = { namespace: "shop", pod: "web", follow: true, previous: false, tail: 10 };
    const follow = async (expires: number | undefined, mayGoOn: () => Promise<boolean>) => {
      const clock = new FakeClock();
      const limit = { clock, expires: expires === undefined ? undefined : clock.now() + expires, mayGoOn };
      const { body } = await LogStream.open(kube, common, limit);
      const ended = new Promise((resolve) => body.once("close", resolve));
      body.resume();
      return { body, clock, ended };
    };
    const session = await follow(10_000, async () => true);
    session.clock.advance(9_999);
    await new Promise(setImmediate);
    expect(session.body.readableEnded).to.equal(false);
    session.clock.advance(1);
    await session.ended;
    expect(session.clock.timers).to.deep.equal([]);
    const signedOut = new ProblemError("UNAUTHENTICATED", "the session has ended");
    for (const answer of [async () => false, () => Promise.reject(signedOut)]) {
      let asked = 0;
      const revoked = await follow(undefined, async () => (asked++ === 0 ? true : answer()));
      revoked.clock.advance(15_000);
      await new Promise(setImmediate);
      expect([asked, revoked.body.readableEnded]).to.deep.equal([1, false]);
      revoked.clock.advance(15_000);
      await revoked.ended;
      expect(revoked.clock.timers).to.deep.equal([]);
    }
    const unknown = await follow(undefined, () => Promise.reject(new Error("the API server is busy")));
    for (let count = 0; count < 2; count++) {
      unknown.clock.advance(15_000);
      await new Promise(setImmediate);
      expect(unknown.body.destroyed).to.equal(false);
    }
    unknown.clock.advance(15_000);
    await unknown.ended;
  });

  it("of quiet pods end when the client leaves, and when the server stops", async () => {
    const signals: (AbortSignal | undefined)[] = [];
    const kube: UserKube = {
      request: () => Promise.reject(new Error("not used")),
      stream: async ({ signal }) => {
        signals.push(signal);
        async function* quiet(): AsyncGenerator<Buffer> {
          yield Buffer.from(`${STAMP} line\n`);
          await new Promise(() => {});
        }
        return quiet();
      },
    };
    const common = { namespace: "shop", pod: "web", follow: true, previous: false, tail: 10 };
    const leaves = await LogStream.open(kube, common);
    await new Promise((resolve) => leaves.body.once("data", resolve));
    await new Promise(setImmediate);
    leaves.body.destroy();
    await new Promise((resolve) => leaves.body.once("close", resolve));
    const stops = await LogStream.open(kube, common);
    await new Promise((resolve) => stops.body.once("data", resolve));
    stops.end();
    await new Promise((resolve) => stops.body.once("close", resolve));
    expect(signals.map((signal) => signal?.aborted)).to.deep.equal([true, true]);
  });
});
