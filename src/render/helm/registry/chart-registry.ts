import { LRUCache } from "lru-cache";
import type { ChartReference } from "../../../api/renderers.js";
import { canonicalJson, hmacSha256, sha256 } from "../../../base/hash.js";
import type { HostRules } from "../../../base/host-rules.js";
import type { DiskCache } from "../../disk-cache.js";
import type { RenderLimits } from "../../limits.js";
import type { RenderProgram } from "../../programs.js";
import { RenderError } from "../../render-error.js";
import { type ChartFiles, unpackChart } from "./archive.js";
import { type ChartCredentials, chartUnavailable, describeChart, pullChart } from "./chart-pull.js";

/** Options of a `ChartRegistry`. */
export interface ChartRegistryOptions {
  /** Helm with a network. */
  readonly helm: RenderProgram;
  /** Archives that outlive the process; undefined to keep none. */
  readonly cache: DiskCache | undefined;
  /** Hosts that charts may be pulled from. */
  readonly hosts: HostRules;
  /** Keys what identifies an archive, which depends on credentials. */
  readonly digestKey: string;
}

/** Unpacked charts that are kept in memory, in bytes. */
const MEMORY_BYTES = 32 * 2 ** 20;

/**
 * Charts of HTTP and OCI registries. A version is pulled once and then kept, since a version that changes would change apps without a
 * commit. Archives are kept per credentials: an app never gets a private chart that another one has pulled.
 */
export class ChartRegistry {
  readonly #options: ChartRegistryOptions;
  readonly #kept = new LRUCache<string, ChartFiles>({ maxSize: MEMORY_BYTES, sizeCalculation: sizeOf });
  readonly #running = new Map<string, { readonly load: Promise<ChartFiles>; readonly signal: AbortSignal }>();

  constructor(options: ChartRegistryOptions) {
    this.#options = options;
  }

  /**
   * Returns the files of a chart, from memory, from disk, or from its registry.
   *
   * @throws OverseerError of reason ChartUnavailable when its host is not allowed, it cannot be pulled, is invalid or has another digest.
   *   It is tried again, because a registry can be repaired.
   */
  async open(
    chart: ChartReference,
    credentials: ChartCredentials,
    limits: RenderLimits,
    signal: AbortSignal,
  ): Promise<ChartFiles> {
    checkHost(chart, this.#options.hosts);
    const { secretRef: _, ...identity } = chart;
    const key = hmacSha256(this.#options.digestKey, canonicalJson([identity, credentials]), 32);
    return (
      this.#kept.get(key) ?? (await this.#once(key, signal, () => this.#load(key, chart, credentials, limits, signal)))
    );
  }

  /** Shares a load that is running, unless its own caller has aborted it. */
  async #once(key: string, signal: AbortSignal, load: () => Promise<ChartFiles>): Promise<ChartFiles> {
    const running = this.#running.get(key);
    if (running !== undefined) {
      try {
        return await running.load;
      } catch (error) {
        if (!running.signal.aborted || signal.aborted) throw error;
        return this.#once(key, signal, load);
      }
    }
    const own = { load: load().finally(() => this.#running.delete(key)), signal };
    this.#running.set(key, own);
    return own.load;
  }

  async #load(
    key: string,
    chart: ChartReference,
    credentials: ChartCredentials,
    limits: RenderLimits,
    signal: AbortSignal,
  ): Promise<ChartFiles> {
    const { helm, cache } = this.#options;
    const found = await cache?.get(key);
    const maxBytes = limits.maxTotalBytes;
    const archive = found ?? (await pullChart(chart, credentials, { helm, maxBytes, signal }));
    const digest = `sha256:${sha256(archive)}`;
    if (chart.digest !== undefined && chart.digest !== digest) {
      throw chartUnavailable(
        `${describeChart(chart)} has the digest ${digest}, and source.helm.chart.digest is ${chart.digest}: correct one of the two, or find out who has changed the chart`,
      );
    }
    const files = await unpackChart(archive, `${chart.name}-${chart.version}.tgz`, limits).catch((error: unknown) => {
      throw error instanceof RenderError ? chartUnavailable(`${describeChart(chart)}: ${error.message}`) : error;
    });
    if (found === undefined) await cache?.put(key, archive);
    this.#kept.set(key, files);
    return files;
  }
}

function checkHost({ repository }: ChartReference, hosts: HostRules): void {
  if (!URL.canParse(repository)) throw chartUnavailable(`source.helm.chart.repository is no URL: ${repository}`);
  const { protocol, host, hostname, port } = new URL(repository);
  const isAllowed = hosts.allows(hostname, port === "" ? (protocol === "http:" ? 80 : 443) : Number(port));
  if (!isAllowed)
    throw chartUnavailable(
      `the host ${host} of source.helm.chart.repository is not in --allowed-chart-hosts of the operator: use another registry, or ask the administrator to allow this one`,
    );
}

function sizeOf(files: ChartFiles): number {
  let bytes = 1;
  for (const content of files.values()) bytes += content.length;
  return bytes;
}
