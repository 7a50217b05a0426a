import { LRUCache } from "lru-cache";
import type { ChartReference } from "../../../api/renderers.js";
import { canonicalJson, hmacSha256, sha256 } from "../../../base/hash.js";
import type { DiskCache } from "../../disk-cache.js";
import type { RenderLimits } from "../../limits.js";
import type { RenderProgram } from "../../programs.js";
import { RenderError } from "../../render-error.js";
import { type ChartFiles, unpackChart } from "./archive.js";
import { type ChartCredentials, describeChart, pullChart } from "./chart-pull.js";

/** Options of a `ChartRegistry`. */
export interface ChartRegistryOptions {
  /** Helm with a network. */
  readonly helm: RenderProgram;
  /** Archives that outlive the process; undefined to keep none. */
  readonly cache: DiskCache | undefined;
  /** Keys what identifies an archive, which depends on credentials. */
  readonly digestKey: string;
}

/** Unpacked charts that are kept in memory, in bytes. */
const MEMORY_BYTES = 32 * 2 ** 20;

interface Kept {
  readonly digest: string;
  readonly files: ChartFiles;
}

/**
 * Charts of HTTP and OCI registries. A version is pulled once and then kept, since a version that changes would change apps without a
 * commit. Archives are kept per credentials: an app never gets a private chart that another one has pulled.
 */
export class ChartRegistry {
  readonly #options: ChartRegistryOptions;
  readonly #kept = new LRUCache<string, Kept>({ maxSize: MEMORY_BYTES, sizeCalculation: sizeOf });
  readonly #running = new Map<string, { readonly load: Promise<Kept>; readonly signal: AbortSignal }>();

  constructor(options: ChartRegistryOptions) {
    this.#options = options;
  }

  /**
   * Returns the files of a chart, from memory, from disk, or from its registry.
   *
   * @throws RenderError when the archive is invalid or has another digest; what `pullChart` throws.
   */
  async open(
    chart: ChartReference,
    credentials: ChartCredentials,
    limits: RenderLimits,
    signal: AbortSignal,
  ): Promise<ChartFiles> {
    const { digest: wanted, secretRef: _, ...identity } = chart;
    const key = hmacSha256(this.#options.digestKey, canonicalJson([identity, credentials]), 32);
    const kept =
      this.#kept.get(key) ?? (await this.#once(key, signal, () => this.#load(key, chart, credentials, limits, signal)));
    if (wanted !== undefined && wanted !== kept.digest) {
      throw new RenderError([
        {
          message: `${describeChart(chart)} has the digest ${kept.digest}, and source.helm.chart.digest is ${wanted}: correct one of the two, or find out who has changed the chart`,
        },
      ]);
    }
    return kept.files;
  }

  /** Shares a load that is running, unless its own caller has aborted it. */
  async #once(key: string, signal: AbortSignal, load: () => Promise<Kept>): Promise<Kept> {
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
  ): Promise<Kept> {
    const { helm, cache } = this.#options;
    const found = await cache?.get(key);
    const maxBytes = limits.maxTotalBytes;
    const archive = found ?? (await pullChart(chart, credentials, { helm, maxBytes, signal }));
    const files = await unpackChart(archive, `${chart.name}-${chart.version}.tgz`, limits);
    if (found === undefined) await cache?.put(key, archive);
    const kept = { digest: `sha256:${sha256(archive)}`, files };
    this.#kept.set(key, kept);
    return kept;
  }
}

function sizeOf({ files }: Kept): number {
  let bytes = 1;
  for (const content of files.values()) bytes += content.length;
  return bytes;
}
