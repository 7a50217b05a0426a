import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { tryKernelLock } from "../../../tools/kernel-lock.js";
import { reservePort } from "../../../tools/ports.js";
import { endProcess, identify, isRunning } from "../../../tools/process-identity.js";
import { type LoggedProcess, spawnLogged } from "../../../tools/processes.js";
import { FatalWaitError, waitUntil } from "../../../tools/wait-until.js";

describe("tools: processes", () => {
  let folder: string;
  let child: LoggedProcess | undefined;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "overseer-test-processes-"));
  });

  afterEach(async () => {
    await child?.stop(0);
    child = undefined;
    await rm(folder, { recursive: true, force: true });
  });

  async function shell(script: string): Promise<LoggedProcess> {
    child = await spawnLogged("child", "sh", ["-c", script], { logFile: join(folder, "child.log") });
    return child;
  }

  const says = (one: LoggedProcess, text: string) =>
    waitUntil({ what: text, timeoutMs: 5_000, intervalMs: 5 }, () => one.tail().includes(text));

  it("keeps both streams and says how a process ended", async () => {
    const one = await shell("echo out; echo err >&2; exit 3");
    await waitUntil({ what: "its end", timeoutMs: 5_000 }, () => one.ended() !== undefined);
    expect(one.ended()).to.equal("exit code 3");
    expect(one.tail()).to.equal("out\nerr");
    expect(one.tail(1)).to.equal("err");
  });

  it("stops by SIGTERM, or by SIGKILL when that is ignored", async () => {
    const polite = await shell("trap 'echo bye; exit 0' TERM; echo ready; while :; do sleep 0.01; done");
    await says(polite, "ready");
    await polite.stop();
    expect(await readFile(polite.logFile, "utf8")).to.contain("bye");
    const stubborn = await shell("trap '' TERM; echo stubborn; while :; do sleep 0.01; done");
    await says(stubborn, "stubborn");
    await stubborn.stop(50);
    expect(isRunning(stubborn.identity)).to.equal(false);
    await stubborn.stop();
    const crashed = await shell("trap 'echo asked' TERM; echo up; while :; do sleep 0.01; done");
    await says(crashed, "up");
    await crashed.stop(0);
    expect(crashed.ended()).to.equal("signal SIGKILL");
    expect(crashed.tail(1)).to.equal("up");
  });

  it("says when a program cannot be started", async () => {
    const error = await spawnLogged("x", "/no/such/program", [], { logFile: join(folder, "x.log") }).catch(
      (reason: unknown) => reason,
    );
    expect(String(error)).to.contain("cannot start x (/no/such/program)").and.contain("ENOENT");
  });

  it("never takes a process for an earlier one with the same number", async () => {
    const one = await shell("echo ready; sleep 60");
    const before = { ...one.identity, started: `${one.identity.started}0` };
    expect(isRunning(one.identity)).to.equal(true);
    expect(isRunning(before)).to.equal(false);
    await endProcess(before, 0);
    expect(isRunning(one.identity)).to.equal(true);
    expect(identify(process.pid)).to.deep.equal(identify(process.pid));
    expect(identify(2 ** 22 + 1)).to.equal(undefined);
  });

  it("gives a lock to one holder at a time", async () => {
    const name = `test ${folder}`;
    const lock = await tryKernelLock(name);
    expect(await tryKernelLock(name)).to.equal(undefined);
    await lock?.release();
    const again = await tryKernelLock(name);
    expect(again).not.to.equal(undefined);
    await again?.release();
  });

  it("leaves no guarded folder behind when it is killed in the moment in which that is made", async () => {
    const module = new URL("../../../tools/process-guard.js", import.meta.url).href;
    const script = `
      import { readdirSync } from "node:fs";
      import { makeGuardedFolder } from ${JSON.stringify(module)};
      void makeGuardedFolder("guarded-");
      while (readdirSync(process.env.TMPDIR).length === 0);
      process.kill(process.pid, "SIGKILL");`;
    const env = { ...process.env, TMPDIR: folder };
    const killed = spawn(process.execPath, ["--input-type=module", "-e", script], { env, stdio: "inherit" });
    expect(await once(killed, "exit")).to.deep.equal([null, "SIGKILL"]);
    await waitUntil({ what: "the folder goes", timeoutMs: 10_000 }, async () => (await readdir(folder)).length === 0);
  });

  it("reserves free ports that differ", async () => {
    const reserved = await Promise.all(Array.from({ length: 50 }, () => reservePort()));
    expect(new Set(reserved.map((one) => one.port)).size).to.equal(50);
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(reserved[0]?.port, "127.0.0.1", resolve));
    server.close();
    await Promise.all(reserved.map((one) => one.release()));
  });

  it("waits for a condition, says the last error at the end, and gives up at once when told to", async () => {
    let looks = 0;
    expect(
      await waitUntil({ what: "three", timeoutMs: 5_000, intervalMs: 1 }, () => ++looks === 3 && "three"),
    ).to.equal("three");
    const never = () => {
      throw new Error("still not");
    };
    const late = await waitUntil({ what: "x", timeoutMs: 5, intervalMs: 1 }, never).catch(
      (error: Error) => error.message,
    );
    expect(late).to.contain("x: not after").and.contain("still not");
    const hopeless = () => {
      throw new FatalWaitError("over");
    };
    expect(await waitUntil({ what: "x", timeoutMs: 60_000 }, hopeless).catch((error: Error) => error.message)).to.equal(
      "over",
    );
  });
});
