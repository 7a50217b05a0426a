import { expect } from "chai";
import { ByteBuffer, readText } from "../../../../src/kube/client/byte-buffer.js";
import { hasMoreValues } from "../../../../src/kube/client/server-limits.js";
import { KubeStatusError, ResponseTooLargeError } from "../../../../src/kube/errors.js";
import { MAX_LINE_BYTES, splitLines } from "../../../../src/kube/watch/watch-lines.js";
import { eventually, rejection } from "../../support/eventually.js";
import { FakeApiServer } from "../../support/fake-api-server.js";

const LIMITS = { responseBytes: 100_000, values: 1_000, page: 10, objects: 5 };

async function* pieces(count: number, piece: string): AsyncGenerator<Buffer> {
  for (let i = 0; i < count; i++) yield Buffer.from(piece);
}

describe("kube/byte-buffer", () => {
  it("uses little more memory than the text, however small its chunks, and frees it after use", async () => {
    const buffer = new ByteBuffer();
    for await (const piece of pieces(100_000, "x")) buffer.add(piece);
    expect(buffer.length).to.equal(100_000);
    expect(buffer.room).to.be.within(100_000, 200_000);
    expect(buffer.take()).to.equal("x".repeat(100_000));
    expect([buffer.length, buffer.room]).to.deep.equal([0, 0]);
    buffer.add(Buffer.from("next"));
    expect(buffer.take()).to.equal("next");
  });

  it("reads a text to its end or up to a maximum", async () => {
    expect(await readText(pieces(3, "abc"))).to.equal("abcabcabc");
    expect(await readText(pieces(Number.POSITIVE_INFINITY, "abc"), 7)).to.equal("abcabca");
    expect(await readText(pieces(0, ""), 7)).to.equal("");
  });
});

describe("kube/server-limits", () => {
  for (const [what, text, values] of [
    ["objects", `[${"{},".repeat(99)}{}]`, 200],
    ["numbers", `[${"1,".repeat(99)}1]`, 100],
    ["nested lists", "[".repeat(100), 100],
    ["a string, whatever is in it", JSON.stringify({ a: '{[,"\\'.repeat(100), b: 1 }), 2],
    ["a string that ends with a backslash", JSON.stringify(["{,{,\\", "\\\\", ",,,"]), 3],
    ["half a string", '["a,,,', 1],
  ] as const) {
    it(`counts the values of ${what}`, () => {
      expect(hasMoreValues(text, values - 1), "more than one less").to.equal(true);
      expect(hasMoreValues(text, values), "more than there are").to.equal(false);
    });
  }
});

describe("kube/watch-lines: a line without an end", () => {
  const MIB = "x".repeat(1024 * 1024);
  const LINES = MAX_LINE_BYTES / MIB.length;

  it("is an error, and is not kept in memory", async () => {
    const buffer = new ByteBuffer();
    let sent = 0;
    async function* endless(): AsyncGenerator<Buffer> {
      for (; ; sent++) yield Buffer.from(MIB);
    }
    const lines = splitLines(endless(), "/things", buffer);
    const error = await rejection(lines.next());
    expect(error).to.be.instanceOf(ResponseTooLargeError);
    expect((error as Error).message).to.equal("WATCH /things: an event exceeds 8 MiB");
    expect([sent, buffer.length, buffer.room]).to.deep.equal([LINES, 0, 0]);
  });

  it("is distinguished from one of the maximum length", async () => {
    const found: number[] = [];
    async function* source(): AsyncGenerator<Buffer> {
      yield* pieces(LINES, MIB);
      yield Buffer.from("\nnext\n");
    }
    for await (const line of splitLines(source(), "/things")) found.push(line.length);
    expect(found).to.deep.equal([MAX_LINE_BYTES, 4]);
  });
});

describe("kube/client: responses of an untrusted server", () => {
  let server: FakeApiServer;
  beforeEach(async () => {
    server = await FakeApiServer.start();
  });
  afterEach(() => server.close());
  const asked = { method: "GET", path: "/things" } as const;

  for (const [what, body, says] of [
    ["bytes", JSON.stringify("x".repeat(LIMITS.responseBytes)), "the response exceeds the size limit"],
    ["values", JSON.stringify(Array(LIMITS.values + 1).fill(0)), "the response has more than 1000 JSON values"],
  ] as const) {
    it(`takes no answer with too many ${what}, and says so`, async () => {
      const client = server.client({ limits: LIMITS });
      server.onCall = (call) => call.text(body);
      const error = await rejection(client.request(asked));
      expect(error).to.be.instanceOf(ResponseTooLargeError);
      expect((error as Error).message).to.equal(`GET /things: ${says}`);
      server.onCall = (call) => call.json({ fine: true });
      expect((await client.request(asked)).body).to.deep.equal({ fine: true });
    });
  }

  it("accepts everything from a trusted server", async () => {
    server.onCall = (call) => call.json(Array(200_000).fill(0));
    expect((await server.client().request<number[]>(asked)).body).to.have.length(200_000);
  });

  it("reads only the start of a watch's error body", async () => {
    const answer = rejection(server.client().stream(asked));
    const call = await server.next();
    call.open(undefined, 403).write("no! ".repeat(25_000));
    const error = await answer;
    expect(error).to.be.instanceOf(KubeStatusError);
    expect((error as KubeStatusError).statusCode).to.equal(403);
    await eventually("the connection is closed", () => call.left);
  });
});
