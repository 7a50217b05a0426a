import { promisify } from "node:util";
import { gzip } from "node:zlib";
import { Registry } from "prom-client";
import type { Clock } from "../base/clock.js";
import { type AppGauges, createAppGauges } from "./app-gauges.js";
import { Instruments } from "./instruments.js";
import { LineSeries } from "./line-series.js";
import { addProcessMetrics } from "./process-metrics.js";
import { createRepositoryGauges, type RepositoryGauges } from "./repository-gauges.js";
import { createResourceGauge, type ResourceGauge } from "./resource-gauge.js";
import { createSeries, type Series } from "./series.js";

/** Response to a scrape. */
export interface MetricsText {
  readonly contentType: string;
  readonly body: string;
  /** The body, compressed. */
  readonly gzip: Uint8Array;
}

/** All metrics of the operator: one object per process, created in main. */
export interface Metrics extends Series {
  /** `overseer_resource_info`: one series per custom resource. */
  readonly resources: ResourceGauge;
  /** State and counters of each OverseerApp. */
  readonly apps: AppGauges;
  /** Freshness of each GitRepository. */
  readonly repositories: RepositoryGauges;
  /** Metrics that are computed at each scrape. */
  readonly lines: Pick<LineSeries, "collected">;
  /** Calls `fn` before each scrape, for values that are cheaper to compute on demand. */
  onScrape(fn: () => void): void;
  /** Adds the series of parts of this process, which come and go, to each scrape. */
  include(parts: () => Iterable<Pick<Metrics, "renderText">>): void;
  /** Returns all series in the Prometheus text format, computed now. */
  renderText(): Promise<string>;
  /** Returns all series in the Prometheus text format; the result is cached for one second. */
  renderMetrics(): Promise<MetricsText>;
}

/** Options of the metrics. */
export interface MetricsOptions {
  readonly clock: Clock;
  /** Version of the operator, for `overseer_build_info`. */
  readonly version: string;
  /** Whether to include process metrics. Defaults to true. */
  readonly processMetrics?: boolean;
  /** Whether apps and repositories have series of their own. Defaults to true. */
  readonly perApp?: boolean;
  /** Shard whose series these are, as the label `shard` of all of them. Defaults to none. */
  readonly shard?: string;
}

const compress = promisify(gzip);

/** How long a rendered scrape is reused, so that several scrapers cost no more than one. */
const CACHE_MS = 1000;

/** Leaves the series of apps out. */
function withoutApps({ set, forget }: ResourceGauge): ResourceGauge {
  return {
    set: (state) => (state.kind === "OverseerApp" ? undefined : set(state)),
    forget,
  };
}

/** Creates all metrics in a new registry, so that two operators in one process share nothing. */
export function createMetrics(options: MetricsOptions): Metrics {
  const registry = new Registry();
  const common = options.shard === undefined ? {} : { shard: options.shard };
  registry.setDefaultLabels(common);
  const instruments = new Instruments(registry);
  const lines = new LineSeries(common);
  const included: (() => Iterable<Pick<Metrics, "renderText">>)[] = [];
  const perApp = options.perApp ?? true;
  const before: (() => void)[] = [];
  const build = {
    name: "overseer_build_info",
    help: "Version of the operator, as a label; always 1.",
    labels: ["version"],
  } as const;
  instruments.levels(build).of({ version: options.version }).set(1);
  if (options.processMetrics !== false) before.push(addProcessMetrics(registry, instruments));
  let cached: { readonly until: number; readonly text: Promise<MetricsText> } | undefined;
  const renderText = async (): Promise<string> => {
    for (const fn of before) fn();
    const own = `${await registry.metrics()}${lines.render()}`;
    const parts = included.flatMap((parts) => [...parts()]);
    if (parts.length === 0) return own;
    return mergeTexts([own, ...(await Promise.all(parts.map((part) => part.renderText())))]);
  };
  const render = async (): Promise<MetricsText> => {
    const body = await renderText();
    return { contentType: registry.contentType, body, gzip: await compress(body, { level: 1 }) };
  };
  return {
    ...createSeries(instruments),
    resources: perApp ? createResourceGauge(lines) : withoutApps(createResourceGauge(lines)),
    apps: createAppGauges(lines, { perApp }),
    repositories: createRepositoryGauges(lines),
    lines,
    onScrape: (fn) => {
      before.push(fn);
    },
    include: (parts) => {
      included.push(parts);
    },
    renderText,
    renderMetrics: () => {
      const now = options.clock.monotonic();
      if (cached === undefined || now >= cached.until) cached = { until: now + CACHE_MS, text: render() };
      return cached.text;
    },
  };
}

const START = "# HELP ";

/** Joins texts in the Prometheus text format: each metric must appear once, with the series of all texts. */
function mergeTexts(texts: readonly string[]): string {
  const families = new Map<string, string[]>();
  for (const text of texts) {
    for (const block of text.split(/^# HELP /m).slice(1)) {
      const name = block.slice(0, block.indexOf(" "));
      const known = families.get(name);
      if (known === undefined) families.set(name, [`${START}${block.trimEnd()}`]);
      else {
        const samples = afterLine(afterLine(block)).trimEnd();
        if (samples !== "") known.push(samples);
      }
    }
  }
  return [...families.values()].map((blocks) => `${blocks.join("\n")}\n`).join("");
}

function afterLine(text: string): string {
  const end = text.indexOf("\n");
  return end < 0 ? "" : text.slice(end + 1);
}
