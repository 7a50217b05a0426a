import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { systemClock } from "../../../src/base/clock.js";
import { ChildError } from "../../../src/child/child-error.js";
import { ConfinedPrograms, type ProgramLimits } from "../../../src/child/confined-programs.js";
import { type Confinement, findConfinement, findProgram, NO_CONFINEMENT } from "../../../src/child/confinement.js";
import { runChild } from "../../../src/child/run-child.js";

const MIB = 2 ** 20;
// Node 24 reserves more than 512 MiB at its start.
const LIMITS: ProgramLimits = { timeoutMs: 20_000, memoryBytes: 4096 * MIB, maxOutputBytes: MIB, atOnce: 2 };
const node = process.execPath;
const never = new AbortController().signal;

describe("Confined children", function () {
  this.timeout(60_000);
  let confinement: Confinement;
  let folder: string;
  before(async () => {
    confinement = await findConfinement();
    folder = await mkdtemp(join(tmpdir(), "overseer-child-"));
  });
  after(() => rm(folder, { recursive: true, force: true }));

  const programs = (limits: Partial<ProgramLimits> = {}): ConfinedPrograms =>
    new ConfinedPrograms({ clock: systemClock, limits: { ...LIMITS, ...limits }, confinement: findConfinement });
  const script = (code: string, limits: Partial<ProgramLimits> = {}, signal = never) =>
    programs(limits).run({ program: node, args: ["-e", code], env: { A: "1" }, signal });
  const fault = async (work: Promise<unknown>): Promise<string> => {
    const error: unknown = await work.then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    return error instanceof ChildError ? error.fault : String(error);
  };

  it("get the environment that is given, and nothing of this process", async () => {
    const { code, output } = await script("console.log(JSON.stringify([process.env, process.cwd()]))");
    expect(code).to.equal(0);
    expect(JSON.parse(output)).to.deep.equal([{ A: "1" }, "/"]);
  });

  it("return their exit code and the end of their stderr", async () => {
    const { code, stderr } = await script(
      "process.stderr.write('x'.repeat(50000) + 'last words'); process.exitCode = 3",
    );
    expect(code).to.equal(3);
    expect(stderr)
      .to.have.length(16_384)
      .and.match(/last words$/);
  });

  it("cannot dump the memory of the operator that starts them", async function () {
    const prlimit = await findProgram("prlimit", ["/usr/bin", "/bin"]);
    if (prlimit === undefined) this.skip();
    const module = new URL("../../../src/child/confinement.js", import.meta.url).href;
    const code = `const { forbidCoreDumps } = await import(${JSON.stringify(module)}); const { readFileSync } = await import("node:fs");
      const limit = () => /^Max core file size +(\\S+) +(\\S+)/m.exec(readFileSync("/proc/self/limits", "utf8")).slice(1).join();
      const before = limit(); await forbidCoreDumps(); console.log(before, limit());`;
    let output = "";
    const args = ["--core=4096:4096", node, "--input-type=module", "-e", code];
    await runChild({
      ...{ program: prlimit, args, env: {}, signal: never },
      onOutput: (chunk) => {
        output += chunk.toString();
      },
    });
    expect(output.trim()).to.equal("4096,4096 0,0");
  });

  it("are killed, with what they have started, when they take too long", async () => {
    const file = join(folder, "grandchild");
    const nested = `require("fs").writeFileSync(${JSON.stringify(file)}, String(process.pid)); setInterval(() => {}, 1e6)`;
    const code = `require("child_process").spawn(process.execPath, ["-e", ${JSON.stringify(nested)}]); setInterval(() => {}, 1e6)`;
    const run = runChild({
      program: node,
      args: ["-e", code],
      env: {},
      signal: never,
      timeout: {
        clock: {
          ...systemClock,
          // Ends it as soon as the grandchild is there.
          after: (ms, fn) => {
            const look = setInterval(() => {
              if (!existsSync(file)) return;
              clearInterval(look);
              fn();
            }, 20);
            return systemClock.after(ms, () => {});
          },
        },
        ms: 60_000,
      },
    });
    expect(await fault(run)).to.equal("timeout");
    const pid = await readFile(file, "utf8");
    const isGone = async (): Promise<boolean> => {
      const state = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => "");
      return state === "" || / Z /.test(state);
    };
    while (!(await isGone())) await new Promise(setImmediate);
  });

  it("are killed when they exceed their time or output limit, or are aborted", async () => {
    expect(await fault(script("for (;;) {}", { timeoutMs: 500 }))).to.equal("timeout");
    expect(await fault(script("for (;;) require('fs').writeSync(1, 'x'.repeat(1e5))"))).to.equal("output");
    const controller = new AbortController();
    const work = script("setInterval(() => {}, 1e6)", {}, controller.signal);
    controller.abort(new Error("stopped"));
    expect(await fault(work)).to.equal("Error: stopped");
  });

  it("cannot take more memory than allowed", async function () {
    if (confinement.prlimit === undefined) return this.skip();
    const code =
      "console.log('starts'); const all = []; for (let i = 0; i < 100; i++) all.push(Buffer.alloc(64 << 20)); console.log('fits')";
    const { code: exit, output } = await script(code, { memoryBytes: 4096 * MIB });
    expect(output).to.equal("starts\n");
    expect(exit).not.to.equal(0);
  });

  it("have no network", async function () {
    if (confinement.withoutNetwork === undefined) return this.skip();
    const { output } = await script("console.log(Object.keys(require('os').networkInterfaces()).join())");
    expect(output.trim()).to.equal("");
  });

  it("see no files of other processes of their user by /proc", async function () {
    if (confinement.withoutNetwork?.includes("--map-current-user") !== true) return this.skip();
    const own = `/proc/${process.pid}`;
    const code = `
      const { readdirSync, readFileSync } = require("fs");
      const reads = { cwd: readdirSync, environ: readFileSync, root: readdirSync };
      for (const [name, read] of Object.entries(reads)) try { read("${own}/" + name); console.log(name); } catch {}`;
    const { output: seen } = await script(code);
    expect(seen).to.equal("");
    const open = new ConfinedPrograms({
      clock: systemClock,
      limits: LIMITS,
      confinement: findConfinement,
      network: true,
    });
    const { output } = await open.run({ program: node, args: ["-e", code], env: {}, signal: never });
    expect(output).to.equal("cwd\nenviron\nroot\n");
  });

  it("run with limited concurrency", async () => {
    const shared = programs({ atOnce: 1 });
    const code =
      "const from = Date.now(); while (Date.now() < from + 100); console.log(JSON.stringify([from, Date.now()]))";
    const one = () => shared.run({ program: node, args: ["-e", code], env: {}, signal: never });
    const times = (await Promise.all([one(), one(), one()])).map(
      ({ output }) => JSON.parse(output) as [number, number],
    );
    times.sort(([a], [b]) => a - b);
    for (const [index, [from]] of times.entries()) expect(from).to.be.at.least(times[index - 1]?.[1] ?? 0);
  });

  it("report that they cannot be started", async () => {
    const error: unknown = await runChild({ program: "/no/such", args: [], env: {}, signal: never }).catch(
      (thrown: unknown) => thrown,
    );
    expect(error).to.be.instanceOf(ChildError);
    expect(error).to.include({ fault: "cannot-start", code: "ENOENT" });
  });

  it("are less confined where the machine has no tools for it", async () => {
    expect(await findConfinement([folder])).to.deep.equal(NO_CONFINEMENT);
    const { code } = await runChild({
      program: node,
      args: ["-e", ""],
      env: {},
      memoryBytes: MIB,
      network: false,
      signal: never,
    });
    expect(code).to.equal(0);
  });
});
