import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { expect } from "chai";
import { build } from "esbuild";
import type { Clock, Timer } from "../../../src/base/clock.js";
import { OverseerError } from "../../../src/base/errors.js";
import { DEFAULT_RENDER_LIMITS } from "../../../src/render/limits.js";
import { parseFile } from "../../../src/render/parser.js";
import { ParserThread } from "../../../src/render/parser-thread.js";
import { RenderTimeoutError } from "../../../src/render/render-error.js";
import { configMap, failureOf } from "./support/harness.js";

/** Timers that fire when the test says so. */
class ManualClock implements Clock {
  readonly timers: { ms: number; fn: () => void }[] = [];
  now = (): number => 0;
  monotonic = (): number => 0;
  after(ms: number, fn: () => void): Timer {
    const timer = { ms, fn };
    this.timers.push(timer);
    return { cancel: () => void this.timers.splice(this.timers.indexOf(timer), this.timers.includes(timer) ? 1 : 0) };
  }
  fire(ms: number): void {
    for (const timer of this.timers.filter((candidate) => candidate.ms === ms)) {
      this.timers.splice(this.timers.indexOf(timer), 1);
      timer.fn();
    }
  }
}

const FILES = [
  { file: "a.yaml", text: `${configMap("a")}---\n${configMap("b")}` },
  { file: "bad.yaml", text: "a: b: c\n" },
  { file: "proto.yaml", text: configMap("a").replace("{name: a}\n", "{name: a}\n__proto__: {x: é😀}\n") },
];
const LIMITS = DEFAULT_RENDER_LIMITS;

describe("ParserThread", function () {
  this.timeout(20_000);
  let clock: ManualClock;
  let thread: ParserThread;
  let folder: string;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "parser-thread-"));
  });
  after(() => rm(folder, { recursive: true }));
  beforeEach(() => {
    clock = new ManualClock();
    thread = new ParserThread({ clock, idleMs: 10, timeoutMs: 20 });
  });
  afterEach(() => thread.close());

  /** A worker that does what `source` says. */
  async function workerOf(name: string, source: string): Promise<URL> {
    const path = join(folder, `${name}.mjs`);
    await writeFile(path, `import { parentPort } from "node:worker_threads";\n${source}`);
    return pathToFileURL(path);
  }

  it("parses as this thread does", async () => {
    const expected = FILES.map((file) => parseFile(file, LIMITS));
    expect(await thread.parse(FILES, LIMITS)).to.deep.equal(JSON.parse(JSON.stringify(expected)));
    expect(await thread.parse([], LIMITS)).to.deep.equal([]);
  });

  it("carries whole numbers of 64 bits", async () => {
    const text = "apiVersion: v1\nkind: Probe\nmetadata: {name: p}\nspec: {v: 9007199254740993}\n";
    const [outcome] = await thread.parse([{ file: "a.yaml", text }], LIMITS);
    expect(outcome?.ok && outcome.documents[0]?.object.spec).to.deep.equal({ v: 9007199254740993n });
  });

  it("answers several at once, each with its own", async () => {
    const all = await Promise.all(FILES.map((file) => thread.parse([file], LIMITS)));
    expect(all.map((outcomes) => outcomes.map(({ ok }) => ok))).to.deep.equal([[true], [false], [true]]);
  });

  it("starts when there is work, and ends when there was none for a while", async () => {
    expect(thread.isRunning).to.equal(false);
    await thread.parse(FILES, LIMITS);
    expect(thread.isRunning).to.equal(true);
    clock.fire(10);
    expect(thread.isRunning).to.equal(false);
    expect(await thread.parse(FILES, LIMITS), "it starts again").to.have.length(3);
    expect(
      clock.timers.map(({ ms }) => ms),
      "only the idle timer is left",
    ).to.deep.equal([10]);
  });

  it("works from a bundle with the worker beside it", async () => {
    const worker = new URL("../../../src/render/manifest-worker.js", import.meta.url).pathname;
    await build({
      entryPoints: [worker],
      outfile: join(folder, "manifest-worker.mjs"),
      bundle: true,
      platform: "node",
      format: "esm",
      logLevel: "error",
    });
    const bundled = new ParserThread({ clock, worker: pathToFileURL(join(folder, "manifest-worker.mjs")) });
    expect((await bundled.parse(FILES, LIMITS)).map(({ ok }) => ok)).to.deep.equal([true, false, true]);
    await bundled.close();
  });

  const faults: readonly [name: string, source: string, message: string][] = [
    ["ends", "parentPort.on('message', () => process.exit(1));", "the thread ended"],
    ["throws", "parentPort.on('message', () => { throw new Error('boom'); });", "boom"],
    [
      "answers with a fault",
      "parentPort.on('message', () => parentPort.postMessage({ fault: 'out of luck' }));",
      "out of luck",
    ],
  ];
  for (const [name, source, message] of faults) {
    it(`fails what is under way when the thread ${name}`, async () => {
      const failing = new ParserThread({ clock, worker: await workerOf(name.replaceAll(" ", "-"), source) });
      const error = await failureOf(failing.parse(FILES, LIMITS));
      expect(error).to.be.instanceOf(OverseerError);
      expect(error).to.include({ code: "PARSER_THREAD_FAILED", class: "retryable" });
      expect(error.message).to.contain(message);
      await failing.close();
    });
  }

  describe("shared by several sources", () => {
    /** Never answers a file `hang.yaml`, has no memory for `large.yaml`, ends at `end.yaml`, and finds nothing in others. */
    const CHOOSY = `parentPort.on("message", ({ files: [{ file }] }) => {
      if (file === "large.yaml") throw Object.assign(new Error("heap"), { code: "ERR_WORKER_OUT_OF_MEMORY" });
      if (file === "end.yaml") process.exit(1);
      if (file !== "hang.yaml") parentPort.postMessage({ outcomes: [] });
    });`;
    const parse = (of: ParserThread, file: string) => of.parse([{ file, text: "" }], LIMITS);
    let shared: ParserThread;

    beforeEach(async () => {
      shared = new ParserThread({ clock, worker: await workerOf("choosy", CHOOSY), timeoutMs: 20_000 });
    });
    afterEach(() => shared.close());

    it("fails the one that takes too long, and no other", async () => {
      const hung = failureOf(parse(shared, "hang.yaml"));
      const others = ["a.yaml", "b.yaml"].map((file) => parse(shared, file));
      expect(
        clock.timers.map(({ ms }) => ms),
        "the time of those that wait does not begin",
      ).to.deep.equal([20_000]);
      clock.fire(20_000);
      const error = await hung;
      expect(error).to.be.instanceOf(RenderTimeoutError);
      expect(error).to.include({ code: "RENDER_FAILED", class: "terminal" });
      expect(error.message).to.equal(
        "hang.yaml: the manifests take longer than 20 s to parse: split the source into several apps",
      );
      expect(await Promise.all(others)).to.deep.equal([[], []]);
    });

    it("fails for good the one that needs too much memory, and no other", async () => {
      const large = failureOf(parse(shared, "large.yaml"));
      const other = parse(shared, "a.yaml");
      const error = await large;
      expect(error).not.to.be.instanceOf(RenderTimeoutError);
      expect(error).to.include({ code: "RENDER_FAILED", class: "terminal" });
      expect(error.message).to.contain("large.yaml: the manifests need more than 512 MiB of memory");
      expect(await other).to.deep.equal([]);
    });

    it("fails the one that ends it, and no other", async () => {
      const outcomes = ["end.yaml", "a.yaml", "end.yaml", "b.yaml"].map((file) => parse(shared, file));
      const settled = await Promise.allSettled(outcomes);
      expect(settled.map(({ status }) => status)).to.deep.equal(["rejected", "fulfilled", "rejected", "fulfilled"]);
    });
  });

  it("fails with a clear text when there is no such worker", async () => {
    const lost = new ParserThread({ clock, worker: pathToFileURL(join(folder, "nowhere.js")) });
    expect((await failureOf(lost.parse(FILES, LIMITS))).message).to.contain("could not be parsed");
  });

  it("fails what is under way or waits when it is closed", async () => {
    const work = [FILES, FILES].map((files) => failureOf(thread.parse(files, LIMITS)));
    await thread.close();
    for (const { message } of await Promise.all(work)) expect(message).to.contain("stopping");
  });
});
