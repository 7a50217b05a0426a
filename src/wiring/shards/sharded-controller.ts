import { setMaxListeners } from "node:events";
import { GROUP } from "../../api/group.js";
import { messageOf } from "../../base/errors.js";
import { ConfigError } from "../../config/errors.js";
import type { Role, RoleParts } from "../role.js";
import { ShardBalance } from "./shard-balance.js";
import { shardConfigs } from "./shard-configs.js";
import { ShardRunner } from "./shard-runner.js";

/** Annotation of a lease: the process that requests it from its holder. */
const ANNOTATION_REQUEST = `${GROUP}/requested-by`;
/** A request that is not served within this many retry periods is repeated. */
const PATIENCE = 15;

/**
 * Manages the shards that this process holds the leases of. Each shard is an operator of its own, with its lease, write gate, caches and
 * connections, so that losing one does not concern the others.
 */
export class ShardedControllerRole implements Role {
  readonly #parts: RoleParts;
  readonly #balance: ShardBalance;
  readonly #runners: readonly ShardRunner[];
  readonly #retryMs: number;
  /** The requested shard, and the monotonic time until which this process waits for it. */
  #requested: { readonly shard: string; readonly until: number } | undefined;
  #logged = "";

  constructor(parts: RoleParts) {
    const { config } = parts;
    const { election, identity } = config;
    if (election === undefined) throw new ConfigError("--shards requires leader election", "CONFIG_INVALID");
    this.#parts = parts;
    this.#retryMs = election.retryMs;
    this.#balance = new ShardBalance(identity);
    this.#runners = shardConfigs(config, election).map(
      (shard) =>
        new ShardRunner({
          ...{ parts, shard, unsharded: election.leaseName, request: ANNOTATION_REQUEST, retryMs: election.retryMs },
          balance: this.#balance,
        }),
    );
    parts.metrics.include(() => this.#runners.map(({ metrics }) => metrics));
  }

  notReady(): readonly string[] {
    return this.#runners.flatMap((runner) => runner.notReady().map((reason) => `${runner.name}: ${reason}`));
  }

  standby(): string | undefined {
    if (this.#balance.held.length > 0) return undefined;
    const holders = this.#runners.map(
      ({ name }) => `${name} is held by ${this.#balance.holderOf(name) || "no replica"}`,
    );
    return holders.join(", ");
  }

  async run(stopping: AbortSignal): Promise<void> {
    // Each shard listens: Node would warn of a leak from the eleventh on.
    setMaxListeners(0, stopping);
    this.#rebalance(stopping);
    await Promise.all(this.#runners.map((runner) => runner.run(stopping)));
  }

  /** Requests a shard if others hold more, and again each retry period. Sends nothing while the shares are equal. */
  #rebalance(stopping: AbortSignal): void {
    const { clock, logger } = this.#parts;
    clock.after(this.#retryMs, () => {
      if (stopping.aborted) return;
      this.#log();
      void this.#request().catch((error) =>
        logger.warn("failed to request a shard", { error: messageOf(error), retryInMs: this.#retryMs }),
      );
      this.#rebalance(stopping);
    });
  }

  async #request(): Promise<void> {
    const { clock, logger, config } = this.#parts;
    const waits = this.#requested;
    const shard = this.#balance.toRequest();
    if (shard === undefined) {
      this.#requested = undefined;
      return;
    }
    if (
      waits !== undefined &&
      clock.monotonic() < waits.until &&
      this.#balance.holderOf(waits.shard) !== config.identity
    )
      return;
    const runner = this.#runners.find(({ name }) => name === shard);
    if (!(await runner?.annotate({ [ANNOTATION_REQUEST]: config.identity }))) return;
    this.#requested = { shard, until: clock.monotonic() + PATIENCE * this.#retryMs };
    logger.info("requested a shard", { shard, holder: this.#balance.holderOf(shard) });
  }

  #log(): void {
    const held = this.#balance.held.join(",");
    if (held === this.#logged) return;
    this.#logged = held;
    this.#parts.logger.info("holding shards", { held, of: this.#runners.length });
  }
}
