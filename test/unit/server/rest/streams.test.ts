import { once } from "node:events";
import { Readable } from "node:stream";
import { expect } from "chai";
import { Streams } from "../../../../src/server/rest/events/streams.js";

class Quiet {
  ended = false;
  readonly body = new Readable({ read() {} });

  constructor() {
    this.body.once("close", () => this.end());
  }

  end(): void {
    this.ended = true;
    if (!this.body.destroyed) this.body.push(null);
  }
}

describe("The slots of streams", () => {
  const codeOf = (opening: Promise<unknown>): Promise<string | undefined> =>
    opening.then(
      () => "opened",
      (error: { code?: string }) => error.code,
    );
  const live = new AbortController().signal;
  let streams: Streams;
  let finish: (stream: Quiet) => void;
  const slowly = (): Promise<Quiet> =>
    new Promise((resolve) => {
      finish = resolve;
    });
  beforeEach(() => {
    streams = new Streams({ perUser: 1, total: 2 });
  });

  it("count a stream while it opens, so that concurrent requests keep to the limit", async () => {
    const first = streams.open("eve", live, slowly);
    expect(await codeOf(streams.open("eve", live, async () => new Quiet()))).to.equal("BUSY");
    expect(await codeOf(streams.open("bob", live, async () => new Quiet()))).to.equal("opened");
    finish(new Quiet());
    expect(await codeOf(first)).to.equal("opened");
  });

  it("are free again if the call ends before the stream is open", async () => {
    const call = new AbortController();
    const first = streams.open("eve", call.signal, slowly);
    call.abort();
    const stream = new Quiet();
    const closed = once(stream.body, "close");
    finish(stream);
    expect(await codeOf(first)).to.equal("TIMED_OUT");
    expect(stream.body.destroyed).to.equal(true);
    expect(await codeOf(streams.open("eve", live, async () => new Quiet()))).to.equal("opened");
    await closed;
    expect(stream.ended).to.equal(true);
  });

  it("are free again if the stream cannot be opened", async () => {
    const fails = streams.open("eve", live, () => Promise.reject(new Error("refused")));
    expect(await codeOf(fails)).to.equal(undefined);
    expect(await codeOf(streams.open("eve", live, async () => new Quiet()))).to.equal("opened");
  });

  it("are not given to a stream that opens while the server stops", async () => {
    const first = streams.open("eve", live, slowly);
    streams.stop();
    const stream = new Quiet();
    finish(stream);
    expect(await codeOf(first)).to.equal("BUSY");
    expect(stream.body.destroyed).to.equal(true);
  });
});
