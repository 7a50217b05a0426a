import { Registry } from "prom-client";
import type { Clock } from "../base/clock.js";
import { type AppGauges, createAppGauges } from "./app-gauges.js";
import { Instruments } from "./instruments.js";
import { addProcessMetrics } from "./process-metrics.js";
import { createRepositoryGauges, type RepositoryGauges } from "./repository-gauges.js";
import { createResourceGauge, type ResourceGauge } from "./resource-gauge.js";
import { createSeries, type Series } from "./series.js";

/** A scrape's answer. */
export interface MetricsText {
  readonly contentType: string;
  readonly body: string;
}

/** Every metric of the operator: one object per process, made in main and given to those who count. */
export interface Metrics extends Series {
  /** `overseer_resource_info`: one series per custom resource. */
  readonly resources: ResourceGauge;
  /** State and counters of each OverseerApp. */
  readonly apps: AppGauges;
  /** How fresh each GitRepository is. */
  readonly repositories: RepositoryGauges;
  /** Calls `fn` before each scrape, for values that are cheaper to ask for than to keep. */
  onScrape(fn: () => void): void;
  /** All series in the text format of Prometheus; the answer is kept for a second. */
  renderMetrics(): Promise<MetricsText>;
}

/** How metrics are made. */
export interface MetricsOptions {
  readonly clock: Clock;
  /** Version of the operator, for `overseer_build_info`. */
  readonly version: string;
  /** Leave out the series about the process, for a test that counts series. Default: they are in. */
  readonly processMetrics?: boolean;
}

/** How long the text of a scrape is given out again: several scrapers cost what one costs. */
const CACHE_MS = 1000;

/** Makes all series in a registry of their own, so that nothing is shared between two operators in one process. */
export function createMetrics(options: MetricsOptions): Metrics {
  const registry = new Registry();
  const instruments = new Instruments(registry);
  const before: (() => void)[] = [];
  const build = {
    name: "overseer_build_info",
    help: "Version of the operator; always 1.",
    labels: ["version"],
  } as const;
  instruments.levels(build).of({ version: options.version }).set(1);
  if (options.processMetrics !== false) before.push(addProcessMetrics(registry, instruments));
  let cached: { readonly until: number; readonly text: Promise<MetricsText> } | undefined;
  const render = async (): Promise<MetricsText> => {
    for (const fn of before) fn();
    return { contentType: registry.contentType, body: await registry.metrics() };
  };
  return {
    ...createSeries(instruments),
    resources: createResourceGauge(instruments),
    apps: createAppGauges(instruments),
    repositories: createRepositoryGauges(instruments),
    onScrape: (fn) => {
      before.push(fn);
    },
    renderMetrics: () => {
      const now = options.clock.monotonic();
      if (cached === undefined || now >= cached.until) cached = { until: now + CACHE_MS, text: render() };
      return cached.text;
    },
  };
}
