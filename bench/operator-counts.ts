import type { OperatorProcess } from "../test/support/operator-process.js";
import { parseMetrics, type Sample, sumOf } from "./metrics-text.js";
import { cpuSeconds } from "./process-usage.js";

/** What an operator has used up to a moment. */
export interface Usage {
  readonly cpuSeconds: number;
  /** Requests to the API server, watches left out. */
  readonly requests: number;
  /** Watches opened. */
  readonly watches: number;
  readonly byMethod: Readonly<Record<string, number>>;
  /** Reconciles of apps. */
  readonly reconciles: number;
  /** Requests to Overseer Cores, and the same by method and status. */
  readonly coreRequests: number;
  readonly coreByKind: Readonly<Record<string, number>>;
}

/** The operator gives out the text of a scrape for a second again: who waits longer gets a new one. */
const SCRAPE_KEPT_MS = 1_100;

/** Reads what an operator counts of itself, and what the kernel counts of it. */
export class OperatorCounts {
  readonly operator: OperatorProcess;

  constructor(operator: OperatorProcess) {
    this.operator = operator;
  }

  /** The counts of an operator at rest. The CPU time is read before or after the scrape, which costs some itself. */
  async read(order: "cpu-first" | "cpu-last"): Promise<Usage> {
    const before = cpuSeconds(this.operator.pid);
    const samples = await this.#scrape();
    const cpu = order === "cpu-first" ? before : cpuSeconds(this.operator.pid);
    const byMethod: Record<string, number> = {};
    const coreByKind: Record<string, number> = {};
    for (const sample of samples) {
      const { method, code = "" } = sample.labels;
      if (sample.name === "rest_client_requests_total" && method)
        byMethod[method] = (byMethod[method] ?? 0) + sample.value;
      if (sample.name === "overseer_core_requests_total" && method) coreByKind[`${method} ${code}`] = sample.value;
    }
    const { WATCH: watches = 0, ...requests } = byMethod;
    return {
      cpuSeconds: cpu,
      requests: Object.values(requests).reduce((sum, count) => sum + count, 0),
      watches,
      byMethod,
      reconciles: sumOf(samples, "controller_reconcile_total", ({ controller }) => controller === "overseerapp"),
      coreRequests: sumOf(samples, "overseer_core_requests_total"),
      coreByKind,
    };
  }

  async #scrape(): Promise<Sample[]> {
    await new Promise((resolve) => setTimeout(resolve, SCRAPE_KEPT_MS));
    const response = await fetch(`${await this.operator.address()}/metrics`);
    return parseMetrics(await response.text());
  }
}

/** What was used between two readings: the first taken `cpu-last`, the second `cpu-first`, so that no scrape is in it. */
export function usedBetween(before: Usage, after: Usage): Usage {
  return {
    cpuSeconds: after.cpuSeconds - before.cpuSeconds,
    requests: after.requests - before.requests,
    watches: after.watches - before.watches,
    byMethod: moved(before.byMethod, after.byMethod),
    reconciles: after.reconciles - before.reconciles,
    coreRequests: after.coreRequests - before.coreRequests,
    coreByKind: moved(before.coreByKind, after.coreByKind),
  };
}

/** What was counted in between, of what was counted at all. */
function moved(before: Usage["byMethod"], after: Usage["byMethod"]): Usage["byMethod"] {
  const counts = Object.entries(after).map(([name, count]) => [name, count - (before[name] ?? 0)] as const);
  return Object.fromEntries(counts.filter(([, count]) => count > 0));
}
