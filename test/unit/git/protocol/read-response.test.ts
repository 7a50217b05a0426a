import { setImmediate as turn } from "node:timers/promises";
import { expect } from "chai";
import { Semaphore } from "../../../../src/base/semaphore.js";
import type { ResponseReader } from "../../../../src/git/protocol/advertisement.js";
import { FLUSH, type Packet, pktLine } from "../../../../src/git/protocol/pkt-line.js";
import { readResponse } from "../../../../src/git/protocol/read-response.js";
import { expectGitError } from "../support/expect-error.js";

const URL = "https://git.example.com/apps";
const LINE = pktLine(`${"a".repeat(40)} refs/heads/main`);

/** Counts packets. */
class Counter implements ResponseReader<number> {
  count = 0;

  take(packet: Packet): void {
    if (packet.kind === "data") this.count++;
  }

  finish(): number {
    return this.count;
  }
}

async function* chunks(...texts: readonly string[]): AsyncGenerator<Buffer> {
  for (const text of texts) yield Buffer.from(text);
}

describe("readResponse", () => {
  it("returns the reader's result for any chunking", async () => {
    const text = LINE.repeat(10) + FLUSH;
    for (const at of [0, 3, 50, 100, text.length]) {
      const body = chunks(text.slice(0, at), text.slice(at));
      expect(await readResponse({ body, reader: new Counter(), url: URL, slots: new Semaphore(1) })).to.equal(10);
    }
  });

  it("yields when its time slice is used up, even within one chunk", async () => {
    const reader = new Counter();
    const before: number[] = [];
    let pauses = 0;
    const pacer = {
      // A slice of time is used up after every hundred packets.
      get due() {
        return reader.count % 100 === 0;
      },
      async pause() {
        pauses++;
        await turn();
      },
    };
    const work = readResponse({
      body: chunks(LINE.repeat(10_000)),
      reader,
      url: URL,
      slots: new Semaphore(1),
      slice: pacer,
    });
    let isDone = false;
    void work.then(() => (isDone = true));
    while (!isDone) {
      before.push(reader.count);
      await turn();
    }
    expect(await work).to.equal(10_000);
    expect(pauses).to.equal(100);
    const steps = before.map((count, index) => count - (before[index - 1] ?? 0));
    expect(Math.max(...steps), "packets in one turn of the event loop").to.be.at.most(200);
  });

  it("limits concurrent parsing, without blocking on slow servers", async () => {
    const turns = new Semaphore(1);
    let within = 0;
    let most = 0;
    const pacer = {
      due: true,
      async pause() {
        most = Math.max(most, ++within);
        await turn();
        within--;
      },
    };
    let arrive = (): void => {};
    const arrived = new Promise<void>((resolve) => (arrive = resolve));
    async function* slow(): AsyncGenerator<Buffer> {
      yield Buffer.from(LINE);
      await arrived;
      yield Buffer.from(LINE);
    }
    const read = (body: AsyncIterable<Buffer>) =>
      readResponse({ body, reader: new Counter(), url: URL, slots: turns, slice: pacer });
    const tarpit = read(slow());
    const others = await Promise.all([1, 2, 3].map(() => read(chunks(LINE.repeat(5), LINE))));
    expect(others).to.deep.equal([6, 6, 6]);
    expect(most).to.equal(1);
    arrive();
    expect(await tarpit).to.equal(2);
  });

  it("throws errors, and admits the next one", async () => {
    const turns = new Semaphore(1);
    const read = (text: string) => readResponse({ body: chunks(text), reader: new Counter(), url: URL, slots: turns });
    await expectGitError("GIT_PROTOCOL", () => read("<html>"));
    await expectGitError("GIT_INCOMPLETE", () => read("0014com"));
    expect(await read(LINE)).to.equal(1);
  });
});
