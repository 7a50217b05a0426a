import { execFile } from "node:child_process";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { systemClock } from "../../src/base/clock.js";
import type { SourceRenderer } from "../../src/render/render.js";
import type { RenderRequest } from "../../src/render/request.js";
import { DiskResults } from "../../src/render/result-store.js";
import { request } from "../../test/unit/render/support/harness.js";
import { MemorySnapshot } from "../../test/unit/render/support/memory-snapshot.js";
import { realRenderer } from "../../test/unit/render/support/programs.js";
import { ensureCommandLineBinaries } from "../../tools/binaries.js";
import { CpuMeter } from "../cpu-meter.js";
import { median, significant } from "../statistics.js";
import { formatTable } from "../table.js";
import { type RenderWorkload, WORKLOADS } from "./workloads.js";

const run = promisify(execFile);
/** Renders of each kind. Kinds alternate, so that a machine that gets slower or faster affects all alike. */
const ROUNDS = Number(process.argv[2] ?? 25);
/** Renders before the first that is measured. */
const WARM_UP = 20;
/** Hits are too short to be timed one by one. */
const HITS = 200;

/** Milliseconds of one workload: medians of the time, means of the CPU of this process and its children. */
interface RenderFigures {
  readonly bare: number;
  readonly cold: number;
  readonly disk: number;
  readonly hit: number;
  readonly bareCpu: number;
  readonly coldCpu: number;
  /** Share of `coldCpu` that is this process, without the child. */
  readonly ownCpu: number;
}

/** `node build/bench/render/run.js [ROUNDS]`: times renders beside the bare programs in the same run. The table goes to stdout. */
async function main(): Promise<void> {
  const rows: string[][] = [];
  for (const workload of WORKLOADS) {
    const { bare, cold, disk, hit, bareCpu, coldCpu, ownCpu } = await measure(workload);
    const figures = [bare, cold, overhead(bare, cold), bareCpu, coldCpu, ownCpu, overhead(bareCpu, coldCpu), disk, hit];
    rows.push([workload.name, ...figures.map((value) => String(significant(value)))]);
  }
  const header = ["workload", "bare", "cold", "more %", "bare CPU", "cold CPU", "of it own", "more %", "disk", "hit"];
  process.stdout.write(`milliseconds\n${formatTable(header, rows)}\n`);
}

function overhead(bare: number, cold: number): number {
  return (100 * (cold - bare)) / bare;
}

async function measure(workload: RenderWorkload): Promise<RenderFigures> {
  const folder = await mkdtemp(join(tmpdir(), "overseer-bench-render-"));
  try {
    const checkout = join(folder, "checkout");
    for (const [path, text] of Object.entries(workload.files)) {
      await mkdir(dirname(join(checkout, path)), { recursive: true });
      await writeFile(join(checkout, path), text);
    }
    const binaries = await ensureCommandLineBinaries();
    const [program, ...args] = workload.command(binaries);
    const results = new DiskResults({
      ...{ folder: join(folder, "results"), secret: "s", version: "1", maxBytes: 2 ** 30, clock: systemClock },
    });
    const renderer = await realRenderer({ results });
    const wanted = { ...request(workload.path), name: "bench" };
    const snapshot = remembered(new MemorySnapshot(workload.files));
    const { key } = await renderer.locate(wanted, snapshot);
    // The first render looks for programs and confinement, and the next ones are compiled while they run: an operator has done so long ago.
    await renderer.render(wanted, snapshot, key);
    for (let index = 0; index < WARM_UP; index++) await renderer.render(wanted, snapshot);
    const meters = { bare: new CpuMeter(), cold: new CpuMeter() };
    const times = { bare: [] as number[], cold: [] as number[], disk: [] as number[], hit: [] as number[] };
    for (let round = 0; round < ROUNDS; round++) {
      times.bare.push(
        await timed(() => meters.bare.of(() => run(program, args, { cwd: checkout, maxBuffer: 2 ** 28 }))),
      );
      times.cold.push(await timed(() => meters.cold.of(() => renderer.render(wanted, snapshot))));
      times.disk.push(await timed(() => renderer.render(wanted, snapshot, key)));
      times.hit.push(await hit(renderer, wanted, workload));
    }
    return {
      bare: median(times.bare),
      cold: median(times.cold),
      disk: median(times.disk),
      hit: median(times.hit),
      bareCpu: meters.bare.meanMs,
      coldCpu: meters.cold.meanMs,
      ownCpu: meters.cold.meanOwnMs,
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** What an app costs that a commit does not touch: its inputs are located in the new commit and found unchanged. */
async function hit(renderer: SourceRenderer, wanted: RenderRequest, { files }: RenderWorkload): Promise<number> {
  const commits = [1, 2].map((number) => new MemorySnapshot({ ...files, "elsewhere/readme.md": String(number) }));
  let known = await renderer.locate(wanted, new MemorySnapshot(files));
  // A memory snapshot searches all of its files at each look-up, which a tree of Git does not: look-ups are done before.
  const snapshots = commits.map(remembered);
  for (const snapshot of snapshots) known = await renderer.locate(wanted, snapshot, known);
  const time = await timed(async () => {
    for (let index = 0; index < HITS; index++) {
      const snapshot = snapshots[index % 2];
      if (snapshot !== undefined) known = await renderer.locate(wanted, snapshot, known);
    }
  });
  return time / HITS;
}

function remembered(snapshot: MemorySnapshot): MemorySnapshot {
  const entries = new Map<string, ReturnType<MemorySnapshot["treeAt"]>>();
  const treeAt = snapshot.treeAt.bind(snapshot);
  return Object.assign(snapshot, {
    treeAt: (path: string) => {
      const entry = entries.get(path) ?? treeAt(path);
      entries.set(path, entry);
      return entry;
    },
  });
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const begin = performance.now();
  await work();
  return performance.now() - begin;
}

await main();
