import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect } from "chai";
import { type Clock, systemClock } from "../../../../src/base/clock.js";
import { silentLogger } from "../../../../src/base/logger.js";
import { NativeGitEngine } from "../../../../src/git/native/engine.js";
import { type GitServer, startGitServer } from "../../../support/git-server.js";
import { Bench, type MakeEngine } from "../engine-contract.js";
import { removeTemporaryDirectories } from "../support/temporary.js";
import { CAN_FIND_CHILDREN, childrenOf } from "./children.js";
import type { EngineJob } from "./engine-process.js";

const PROGRAM = fileURLToPath(new URL("engine-process.js", import.meta.url));
const make: MakeEngine = (options) => new NativeGitEngine({ ...options, logger: silentLogger });

after(() => removeTemporaryDirectories());

describe("NativeGitEngine: processes", function () {
  this.timeout(120_000);
  const bench = new Bench(make);
  let server: GitServer;

  before(async () => {
    server = await startGitServer();
    bench.server = server;
  });
  after(() => server.stop());
  beforeEach(() => bench.reset());
  afterEach(() => bench.engine.close());

  const inTwoHours: Clock = { ...systemClock, now: () => Date.now() + 7_200_000 };

  async function run(job: Partial<EngineJob>): Promise<{ code: number | null; signal: string | null; output: string }> {
    const whole: EngineJob = { cacheDir: bench.cacheDir, url: bench.repo.url, commits: [bench.first], ...job };
    const child = spawn(process.execPath, [PROGRAM, JSON.stringify(whole)], { stdio: ["ignore", "pipe", "pipe"] });
    let output = "";
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk: Buffer) => (output += chunk));
    const [code, signal] = (await once(child, "close")) as [number | null, string | null];
    return { code, signal, output };
  }

  async function leftovers(): Promise<string[]> {
    const names = await readdir(join(bench.cacheDir, `${bench.remote.id}.git`));
    return names.filter((name) => name.startsWith("work-") || name.endsWith(".tmp"));
  }

  for (const point of ["git:after-fetch", "git:after-verified"]) {
    it(`killed at ${point} leaves a store from which the next one goes on, and nothing for ever`, async () => {
      await bench.fetchTip();
      const second = await bench.repo.commit({ "apps/a.yaml": "a: 2\n" }, "second");
      expect(await run({ commits: [second], killAt: point })).to.deep.include({ code: null, signal: "SIGKILL" });
      bench.renew();
      expect((await bench.files(bench.first))["apps/a.yaml"]).to.equal("a: 1\n");
      if (point === "git:after-fetch") expect(await bench.engine.open(bench.remote, second)).to.equal(undefined);
      expect(await leftovers()).to.have.length(1);
      expect(await bench.fetchTip()).to.equal(second);
      expect((await bench.files(second))["apps/a.yaml"]).to.equal("a: 2\n");
      const third = await bench.repo.commit({ "apps/a.yaml": "a: 3\n" }, "third");
      bench.renew({ clock: inTwoHours });
      expect(await bench.fetchTip()).to.equal(third);
      expect(await leftovers()).to.deep.equal([]);
    });
  }

  it("that fetch, read, drop and pack at the same time do not harm each other", async () => {
    const commits: string[] = [];
    for (let round = 0; round < 12; round++) {
      commits.push(await bench.repo.commit({ "apps/a.yaml": `a: ${round}\n`, [`new/${round}`]: `${round}` }, "next"));
    }
    // Their clocks are an hour ahead: what the others do is not to look left behind.
    const limits = { maxPacks: 2, trivialBytes: 0, fetchTimeoutMs: 7_200_000 };
    const results = await Promise.all([1, 2, 3].map(() => run({ commits, limits })));
    for (const result of results) expect(result, result.output).to.deep.include({ code: 0, output: "114\n" });
    bench.renew();
    await bench.fetchTip();
    expect(Object.keys(await bench.files(commits.at(-1) ?? ""))).to.have.length(15);
    expect(await leftovers()).to.deep.equal([]);
  });

  it("leave no child behind after an aborted fetch", async function () {
    if (!CAN_FIND_CHILDREN) return this.skip();
    bench.fault({ kind: "delay", until: new Promise(() => {}) });
    const controller = new AbortController();
    const work = bench.engine.fetch(bench.remote, { commit: bench.first, ref: undefined }, controller.signal);
    const caught = work.catch((error: unknown) => error);
    while (bench.server.count("fetch") === 0) await new Promise(setImmediate);
    expect((await childrenOf(bench.cacheDir)).length).to.be.greaterThan(1);
    controller.abort(new Error("stopped"));
    await caught;
    // Left alone, a helper would wait for the server for a minute.
    while ((await childrenOf(bench.cacheDir)).length > 0) await new Promise(setImmediate);
    expect(await leftovers()).to.deep.equal([]);
  }).timeout(10_000);
});
