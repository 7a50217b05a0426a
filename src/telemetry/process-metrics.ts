import { readdirSync } from "node:fs";
import { constants, type PerformanceEntry, PerformanceObserver, performance } from "node:perf_hooks";
import { Gauge, type Registry } from "prom-client";
import type { Family, Instruments, Timing } from "./instruments.js";

/** Histogram buckets for garbage collections, in seconds. */
const GC_BUCKETS = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1];

const GC_KINDS: ReadonlyMap<number, string> = new Map([
  [constants.NODE_PERFORMANCE_GC_MAJOR, "major"],
  [constants.NODE_PERFORMANCE_GC_MINOR, "minor"],
  [constants.NODE_PERFORMANCE_GC_INCREMENTAL, "incremental"],
  [constants.NODE_PERFORMANCE_GC_WEAKCB, "weakcb"],
]);

/**
 * Registers the metrics that dashboards for Node.js expect, and returns a function to call before each scrape. The
 * default metrics of prom-client are not used: they wake the process a hundred times a second to measure event loop
 * delay. Event loop utilization, which libuv tracks anyway, shows the same.
 */
export function addProcessMetrics(registry: Registry, make: Instruments): () => void {
  const cpu = make.count("process_cpu_seconds_total", "Total user and system CPU time in seconds.");
  const resident = make.level("process_resident_memory_bytes", "Resident memory size in bytes.");
  const heapTotal = make.level("nodejs_heap_size_total_bytes", "Size of the JavaScript heap in bytes.");
  const heapUsed = make.level("nodejs_heap_size_used_bytes", "Used size of the JavaScript heap in bytes.");
  const external = make.level("nodejs_external_memory_bytes", "Memory of buffers and native objects in bytes.");
  const files = make.level("process_open_fds", "Number of open file descriptors.");
  const loop = make.level(
    "nodejs_eventloop_utilization",
    "Fraction of the time since the last scrape in which the event loop was busy.",
  );
  make
    .level("process_start_time_seconds", "Start time of the process in seconds since the epoch.")
    .set(performance.timeOrigin / 1000);
  const version = {
    name: "nodejs_version_info",
    help: "Version of Node.js, as a label; always 1.",
    labels: ["version"],
  } as const;
  make.levels(version).of({ version: process.version }).set(1);
  addEventLoopLag(registry);
  watchGarbageCollection(
    make.timings(
      {
        name: "nodejs_gc_duration_seconds",
        help: "Duration of garbage collections in seconds, by kind.",
        labels: ["kind"],
      },
      GC_BUCKETS,
    ),
  );
  let counted = 0;
  let utilization = performance.eventLoopUtilization();
  return () => {
    const { user, system } = process.cpuUsage();
    const seconds = (user + system) / 1e6;
    cpu.inc(Math.max(0, seconds - counted));
    counted = seconds;
    const memory = process.memoryUsage();
    resident.set(memory.rss);
    heapTotal.set(memory.heapTotal);
    heapUsed.set(memory.heapUsed);
    external.set(memory.external);
    files.set(openFiles());
    const now = performance.eventLoopUtilization();
    loop.set(performance.eventLoopUtilization(now, utilization).utilization);
    utilization = now;
  };
}

/** Measures one iteration of the event loop during the scrape. */
function addEventLoopLag(registry: Registry): void {
  new Gauge({
    name: "nodejs_eventloop_lag_seconds",
    help: "Duration of one event loop iteration during the scrape, in seconds.",
    registers: [registry],
    async collect() {
      const start = performance.now();
      await new Promise((resolve) => setImmediate(resolve));
      this.set((performance.now() - start) / 1000);
    },
  });
}

/** Observes garbage collections; costs nothing between them. */
function watchGarbageCollection(timings: Family<"kind", Timing>): void {
  const observer = new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) timings.of({ kind: gcKind(entry) }).observe(entry.duration / 1000);
  });
  observer.observe({ entryTypes: ["gc"] });
}

function gcKind(entry: PerformanceEntry): string {
  const detail: unknown = (entry as { detail?: unknown }).detail;
  const kind = typeof detail === "object" && detail !== null && "kind" in detail ? detail.kind : undefined;
  return (typeof kind === "number" ? GC_KINDS.get(kind) : undefined) ?? "other";
}

/** Returns 0 on systems without /proc. */
function openFiles(): number {
  try {
    return readdirSync("/proc/self/fd").length;
  } catch {
    return 0;
  }
}
