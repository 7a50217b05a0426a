import { OverseerError } from "../../base/errors.js";
import { LeadershipLostError } from "../../base/write-gate.js";
import { createMetrics, type Metrics } from "../../telemetry/metrics.js";
import { VERSION } from "../../version.js";
import { ControllerRole } from "../controller.js";
import type { ShardLease } from "../leadership.js";
import type { RoleParts } from "../role.js";
import type { ShardBalance } from "./shard-balance.js";
import type { Shard } from "./shard-configs.js";

/** Retry periods for which a process that gave a shard away leaves it to others. */
const AWAY_PERIODS = 5;

/** Options of a shard runner. */
export interface ShardRunnerOptions {
  readonly parts: RoleParts;
  readonly shard: Shard;
  readonly balance: ShardBalance;
  /** Name of the lease of this installation without shards. */
  readonly unsharded: string;
  /** Annotation of a lease that requests it from its holder. */
  readonly request: string;
  readonly retryMs: number;
}

/**
 * Stands by for one shard, manages it while this process holds its lease, and stands by again. Each term has a `ControllerRole` of its
 * own: its write gate never opens again after the term, and no state outlives it.
 */
export class ShardRunner {
  readonly name: string;
  readonly #options: ShardRunnerOptions;
  #term: { readonly role: ControllerRole; readonly metrics: Metrics; readonly handOver: AbortController };
  /** Monotonic time until which the shard is left to others. */
  #leftUntil = 0;

  constructor(options: ShardRunnerOptions) {
    this.#options = options;
    this.name = options.shard.name;
    this.#term = this.#newTerm();
  }

  /** Metrics of the current term. */
  get metrics(): Metrics {
    return this.#term.metrics;
  }

  notReady(): readonly string[] {
    return this.#term.role.notReady();
  }

  /** Annotates the lease that another process holds. Returns false if it could not be written. */
  annotate(annotations: Readonly<Record<string, string>>): Promise<boolean> {
    return this.#term.role.annotate(annotations);
  }

  /** Runs until `stopping` is aborted. Throws LeadershipLostError if the process must exit. */
  async run(stopping: AbortSignal): Promise<void> {
    const { retryMs, balance, parts } = this.#options;
    while (!stopping.aborted) {
      const { role, handOver } = this.#term;
      let pauseMs = 0;
      const stop = (): void => handOver.abort();
      stopping.addEventListener("abort", stop, { once: true });
      try {
        await role.run(handOver.signal);
      } catch (error) {
        if (error instanceof LeadershipLostError && !role.isDiscarded) throw error;
        if (!(error instanceof LeadershipLostError) && !isOverlap(error)) throw error;
        if (isOverlap(error)) pauseMs = 2 * retryMs;
      }
      stopping.removeEventListener("abort", stop);
      balance.observe(this.name, "");
      if (pauseMs > 0) await this.#pause(pauseMs, stopping);
      if (stopping.aborted) return;
      parts.logger.info("standing by again", { shard: this.name });
      this.#term = this.#newTerm();
    }
  }

  #newTerm(): { readonly role: ControllerRole; readonly metrics: Metrics; readonly handOver: AbortController } {
    const { parts, shard } = this.#options;
    const { clock, config } = parts;
    const metrics = createMetrics({
      ...{ clock, version: VERSION, shard: this.name, processMetrics: false, perApp: config.metricsPerApp },
    });
    const handOver = new AbortController();
    const logger = parts.logger.child({ shard: this.name });
    const role = new ControllerRole({ config: shard.config, clock, logger, metrics }, this.#lease(handOver));
    return { role, metrics, handOver };
  }

  #lease(handOver: AbortController): ShardLease {
    const { parts, balance, unsharded, request, retryMs } = this.#options;
    const { clock, logger, config } = parts;
    return {
      unsharded,
      requests: [request],
      onHolder: (holder) => balance.observe(this.name, holder),
      onAcquired: () => balance.observe(this.name, config.identity),
      onForeignWrite: ({ object }) => {
        const by = object.metadata.annotations?.[request];
        if (by === undefined || by === config.identity || handOver.signal.aborted) return;
        logger.info("giving a shard away", { shard: this.name, requestedBy: by });
        this.#leftUntil = clock.monotonic() + AWAY_PERIODS * retryMs;
        handOver.abort();
      },
      hesitateMs: () => Math.max(this.#leftUntil - clock.monotonic(), balance.hesitateMs()),
    };
  }

  #pause(ms: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      this.#options.parts.clock.after(ms, resolve);
      signal.addEventListener("abort", () => resolve(), { once: true });
    });
  }
}

function isOverlap(error: unknown): boolean {
  if (error instanceof OverseerError && error.code === "INSTALLATIONS_OVERLAP") return true;
  return false;
}
