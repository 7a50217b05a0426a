import { type Clock, systemClock } from "../../src/base/clock.js";
import { createMetrics } from "../../src/telemetry/metrics.js";
import { appObserver } from "../../src/wiring/observers.js";
import { app, inputs } from "../../test/unit/controllers/support/resources.js";
import { significant } from "../statistics.js";
import { formatTable } from "../table.js";

/** Scrapes of each kind. */
const SCRAPES = Number(process.argv[2] ?? 30);
const SIZES = [100, 1_000, 10_000];
const AT = "2026-01-01T00:00:00Z";

/** What a scrape of so many apps costs. */
interface ScrapeFigures {
  readonly series: number;
  readonly kilobytes: number;
  readonly gzipKilobytes: number;
  readonly cpuMs: number;
}

/** `node build/bench/scrape/run.js [SCRAPES]`: measures the size of a scrape, and the CPU of rendering and compressing it. */
async function main(): Promise<void> {
  const rows: string[][] = [];
  for (const apps of SIZES)
    for (const perApp of [true, false]) {
      const { series, kilobytes, gzipKilobytes, cpuMs } = await measure(apps, perApp);
      const figures = [series, kilobytes, gzipKilobytes, cpuMs].map((value) => String(significant(value)));
      rows.push([`${apps} apps${perApp ? "" : ", --metrics-per-app=false"}`, ...figures]);
    }
  process.stdout.write(`${formatTable(["installation", "series", "kB", "kB gzip", "CPU ms"], rows)}\n`);
}

async function measure(apps: number, perApp: boolean): Promise<ScrapeFigures> {
  let time = 0;
  // Each scrape is rendered anew.
  const clock: Clock = { ...systemClock, monotonic: () => (time += 10_000) };
  const metrics = createMetrics({ clock, version: "bench", perApp });
  const observer = appObserver(metrics);
  const report = (number: number, round: number): void => {
    const revision = `main@sha1:${String(round).padStart(2, "0")}${"0123456789".repeat(4)}`.slice(0, 50);
    const condition = (type: string, reason: string) => ({
      ...{ type, status: "True" as const, reason, message: "", lastTransitionTime: AT },
    });
    observer.state(app(`team-${number % 50}/app-${number}`), {
      conditions: [condition("Ready", "Synced"), condition("Synced", "Applied")],
      applied: { ...inputs("k"), revision },
      health: "Healthy",
      counts: { objects: 20, healthy: 20 },
    });
  };
  for (let number = 0; number < apps; number++) report(number, 0);
  const first = await metrics.renderMetrics();
  const before = process.cpuUsage();
  for (let round = 1; round <= SCRAPES; round++) {
    // One app in a hundred has changed since the last scrape.
    for (let number = 0; number < apps / 100; number++) report(number * 100, round);
    await metrics.renderMetrics();
  }
  const { user, system } = process.cpuUsage(before);
  return {
    series: first.body.split("\n").filter((line) => line !== "" && !line.startsWith("#")).length,
    kilobytes: first.body.length / 1000,
    gzipKilobytes: first.gzip.length / 1000,
    cpuMs: (user + system) / 1000 / SCRAPES,
  };
}

await main();
