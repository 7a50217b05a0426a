import { spawnSync } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "../../src/base/clock.js";
import { silentLogger } from "../../src/base/logger.js";
import { mapLimit } from "../../src/base/semaphore.js";
import type { GitSnapshot } from "../../src/git/engine.js";
import { NativeGitEngine } from "../../src/git/native/engine.js";
import { resolveRemoteRef } from "../../src/git/refs/resolve-remote-ref.js";
import { gitRemote } from "../../src/git/remote.js";
import { SparseGitEngine } from "../../src/git/sparse/sparse-engine.js";
import { sizeOf } from "../../src/git/stores/sparse-sizes.js";
import { memoryMb } from "../process-usage.js";
import { significant } from "../statistics.js";
import { formatTable } from "../table.js";
import { startServer } from "./served.js";

const REPOSITORIES = Number(process.argv[2] ?? 1_000);
/** The large repository exceeds it, the one with many files does not. */
const LIMIT = 32 * 2 ** 20;
const TREES = { maxFiles: 100_000, maxDepth: 64 };

/** `node build/bench/git/run.js [REPOSITORIES]`: polls, many files, and files on demand, beside plain Git. The table goes to stdout. */
async function main(): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "overseer-bench-git-"));
  const { urls, stop } = await startServer(REPOSITORIES);
  const shared = { cacheDir: join(folder, "cache"), clock: systemClock, logger: silentLogger };
  const native = new NativeGitEngine({ ...shared, limits: { maxPackBytes: LIMIT } });
  const received = { requests: 0, bytes: 0 };
  const pack: NativeGitEngine["pack"] = async (...request) => {
    const result = await native.pack(...request);
    received.requests += 1;
    received.bytes += result.bytes.length;
    return result;
  };
  const counted = new Proxy(native, {
    get: (target, name) => {
      const value: unknown = name === "pack" ? pack : Reflect.get(target, name);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
  const engine = new SparseGitEngine(counted, { ...shared, limits: { maxPackBytes: LIMIT } });
  const rows: string[][] = [];
  const add = (name: string, value: number, unit: string): number => rows.push([name, `${significant(value)} ${unit}`]);
  try {
    for (const round of ["first", "next"]) {
      const cpu = await cpuMs(() =>
        mapLimit([...urls.small], 16, (url) =>
          engine.listRefs(gitRemote(url), ["HEAD", "refs/heads/main"], AbortSignal.timeout(60_000)),
        ),
      );
      add(`${REPOSITORIES} polls, ${round} round: CPU`, cpu / 1000, "s");
    }
    add("resident memory after the polls", memoryMb(process.pid, "now"), "MiB");

    const many = gitRemote(urls.manyFiles);
    const target = await resolveRemoteRef(engine, many, { branch: "main" }, AbortSignal.timeout(60_000));
    const before = memoryMb(process.pid, "now");
    add("50,000 files, fetch: CPU of the operator", await cpuMs(() => engine.fetch(many, target, never())), "ms");
    const snapshot = await engine.open(many, target.commit);
    add("50,000 files, reading ten: CPU", await cpuMs(() => readApp(snapshot)), "ms");
    add("50,000 files, memory more than before", memoryMb(process.pid, "now") - before, "MiB");
    add("plain git clone --depth=1 --bare: CPU", cloneMs(urls.manyFiles, join(folder, "many")), "ms");

    const large = gitRemote(urls.large);
    const tip = await resolveRemoteRef(engine, large, { branch: "main" }, AbortSignal.timeout(60_000));
    await engine.fetch(large, tip, never());
    const partial = await engine.open(large, tip.commit);
    add("above the limit, ten files: CPU", await cpuMs(() => readApp(partial)), "ms");
    add("above the limit, commit and ten files: requests", received.requests, "");
    add("above the limit, commit and ten files: received", received.bytes / 1024, "KiB");
    const clone = join(folder, "large");
    add("plain git clone --depth=1 --filter=blob:none: CPU", cloneMs(urls.large, clone, "--filter=blob:none"), "ms");
    add("plain git clone --depth=1 --filter=blob:none: received", (await sizeOf(clone)) / 1024, "KiB");
  } finally {
    await engine.close();
    await stop();
    await rm(folder, { recursive: true, force: true });
  }
  process.stdout.write(`${formatTable(["figure", "result"], rows)}\n`);
}

async function readApp(snapshot: GitSnapshot | undefined): Promise<void> {
  const entry = await snapshot?.treeAt("apps/7/app-1007");
  if (snapshot === undefined || entry === undefined) throw new Error("the app is missing");
  const files = await snapshot.listFiles(entry.id, TREES);
  await snapshot.prepare?.(files.map(({ blob }) => blob));
  if (files.length !== 10) throw new Error(`the app has ${files.length} files`);
  for (const { blob } of files) await snapshot.readBlob(blob);
}

/** CPU milliseconds of this process, without its children, while `work` runs. */
async function cpuMs(work: () => Promise<unknown>): Promise<number> {
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

function cloneMs(url: string, to: string, ...options: readonly string[]): number {
  const args = ["git", "clone", "--quiet", "--bare", "--depth=1", ...options, url, to];
  const script = `${args.join(" ")}; times`;
  const { stdout } = spawnSync("bash", ["-c", script], { encoding: "utf8" });
  const seconds = [...(stdout.trimEnd().split("\n").at(-1) ?? "").matchAll(/(\d+)m([\d.]+)s/g)].map(
    ([, minutes, rest]) => Number(minutes) * 60 + Number(rest),
  );
  return 1000 * seconds.reduce((sum, one) => sum + one, 0);
}

function never(): AbortSignal {
  return AbortSignal.timeout(300_000);
}

await main();
