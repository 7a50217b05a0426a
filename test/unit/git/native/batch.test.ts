import { type ChildProcess, spawn } from "node:child_process";
import { expect } from "chai";
import { systemClock } from "../../../../src/base/clock.js";
import { BatchReader } from "../../../../src/git/native/batch-reader.js";
import { BatchBroken, BatchResponses } from "../../../../src/git/native/batch-responses.js";
import { objectId } from "../../../../src/git/pack/object-id.js";
import { expectGitError } from "../support/expect-error.js";

const id = (text: string): string => objectId("blob", Buffer.from(text)).toString("hex");
const answer = (text: string): string => `${id(text)} blob ${text.length}\n${text}\n`;
const GONE = "1".repeat(40);

describe("BatchResponses", () => {
  it("parses responses for any chunking", () => {
    const texts = ["", "a", "two\nlines\n", "x".repeat(100)];
    const bytes = Buffer.from(texts.map(answer).join(`${GONE} missing\n`));
    for (let size = 1; size < bytes.length; size += 3) {
      const answers = new BatchResponses(1000);
      const found: (string | undefined)[] = [];
      for (let at = 0; at < bytes.length; at += size) {
        found.push(...answers.push(bytes.subarray(at, at + size)).map(({ object }) => object?.content.toString()));
      }
      expect(found, String(size)).to.deep.equal(texts.flatMap((text, i) => (i === 0 ? [text] : [undefined, text])));
    }
  });

  const broken: readonly [name: string, text: string][] = [
    ["no answer at all", "hello\n"],
    ["a line without end", "x".repeat(300)],
    ["a size that is none", `${GONE} blob -1\n`],
    ["an object of another size", `${GONE} blob 1\nab\n`],
    ["an unknown type", `${GONE} thing 1\na\n`],
  ];
  for (const [name, text] of broken) {
    it(`refuses ${name}`, () => {
      expect(() => new BatchResponses(1000).push(Buffer.from(text))).to.throw(BatchBroken);
    });
  }
});

describe("BatchReader", () => {
  /** A reader over a shell script that stands in for git: what it says cannot be had from a real one. */
  function reader(script: string, silenceTimeoutMs = 30_000): { reader: BatchReader; child: () => ChildProcess } {
    let child: ChildProcess | undefined;
    const start = (): ChildProcess => {
      child = spawn("/bin/sh", ["-c", script], { stdio: ["pipe", "pipe", "ignore"], detached: true });
      return child;
    };
    const made = new BatchReader({ start, clock: systemClock, maxObjectBytes: 1000, silenceTimeoutMs });
    return { reader: made, child: () => child as ChildProcess };
  }

  it("answers each request, and ends on request", async () => {
    const { reader: made, child } = reader(`printf '${answer("a")}${GONE} missing\n'; cat > /dev/null`);
    const works = [made.read(id("a")), made.read(GONE)];
    expect((await works[0])?.content.toString()).to.equal("a");
    expect(await works[1]).to.equal(undefined);
    await made.end();
    expect(child().exitCode).to.equal(0);
    expect(made.isUsable).to.equal(false);
  });

  const failures: readonly [name: string, script: string][] = [
    ["dies", "exit 1"],
    ["dies in the middle of an answer", `printf '${id("abc")} blob 3\nab'`],
    ["says something else", "echo nonsense; cat > /dev/null"],
    ["answers another question", `printf '${answer("b")}'; cat > /dev/null`],
    ["gives other content than it was asked for", `printf '${id("a")} blob 1\nb\n'; cat > /dev/null`],
  ];
  for (const [name, script] of failures) {
    it(`tells a child that ${name}`, async () => {
      const { reader: made } = reader(script);
      await expectGitError("GIT_PACK_CORRUPT", () => made.read(name.includes("middle") ? id("abc") : id("a")));
      await made.end();
    });
  }

  it("drops an object over the limit, and continues with the next request", async () => {
    const large = id("x".repeat(1001));
    const { reader: made } = reader(
      `printf '${large} blob 1001\n'; head -c 500 /dev/zero | tr '\\0' x; sleep 0.05; head -c 501 /dev/zero | tr '\\0' x; printf '\n${answer("a")}'; cat > /dev/null`,
    );
    const works = [made.read(large), made.read(id("a"))];
    const error = await expectGitError("GIT_TOO_LARGE", () => works[0]);
    expect(error.message).to.include("1001 bytes; at most 1000 are allowed");
    expect((await works[1])?.content.toString()).to.equal("a");
    expect(made.isUsable).to.equal(true);
    await made.end();
  });

  it("kills a child that does not answer", async () => {
    const { reader: made, child } = reader("exec sleep 1000", 20);
    await expectGitError("GIT_PACK_CORRUPT", () => made.read(id("a")));
    await made.end();
    expect(child().signalCode).to.equal("SIGKILL");
    expect(made.isUsable).to.equal(false);
  });

  it("reports that it cannot be started", async () => {
    const start = (): ChildProcess => spawn("/no/such/git", { stdio: ["pipe", "pipe", "ignore"] });
    const made = new BatchReader({ start, clock: systemClock, maxObjectBytes: 1000, silenceTimeoutMs: 1000 });
    await expectGitError("GIT_STORE_UNWRITABLE", () => made.read(id("a")));
    await made.end();
  });
});
