import type { Timer } from "../base/clock.js";
import { messageOf } from "../base/errors.js";
import type { Logger } from "../base/logger.js";
import type { LeaderFacts } from "../server/internal/facts.js";
import { requestObserver } from "../telemetry/observers.js";
import { VERSION } from "../version.js";
import { type Cluster, connectCluster, onceReady } from "./cluster.js";
import { ensureDigestKey } from "./digest-key.js";
import { startInternalServer } from "./internal-server.js";
import { Leadership, type ShardLease } from "./leadership.js";
import { Operator } from "./operator.js";
import type { Role, RoleParts } from "./role.js";

/** Time for the work of a lost shard to end, in milliseconds. */
const END_MS = 30_000;

/** Fetches, applies and reverts drift while this process is the leader. */
export class ControllerRole implements Role {
  readonly #parts: RoleParts;
  readonly #leadership: Leadership;
  readonly #shard: ShardLease | undefined;
  #operator: Operator | undefined;
  #isDiscarded = false;

  /** `shard`: what the lease stands for, if this process can lead several at a time. */
  constructor(parts: RoleParts, shard?: ShardLease) {
    this.#parts = parts;
    this.#shard = shard;
    this.#leadership = new Leadership(parts, shard);
  }

  /** Annotates the lease that another process holds. Returns false if it could not be written. */
  annotate(annotations: Readonly<Record<string, string>>): Promise<boolean> {
    return this.#leadership.annotate(annotations);
  }

  notReady(): readonly string[] {
    return (this.#operator ?? this.#leadership).notReady();
  }

  standby(): string | undefined {
    return this.#operator ? undefined : this.#leadership.standby();
  }

  /**
   * Throws LeadershipLostError after losing leadership, since the state in memory is then stale. With a shard, all of it has been
   * discarded before, unless that takes too long: then `isDiscarded` is false, and the process must exit.
   */
  async run(stopping: AbortSignal): Promise<void> {
    const ended = new AbortController();
    stopping.addEventListener("abort", () => ended.abort(), { once: true });
    if (stopping.aborted) ended.abort();
    const { signal } = ended;
    const cluster = await this.#connect(signal);
    const facts = (): LeaderFacts | undefined =>
      this.#operator?.notReady().length === 0 ? this.#operator.facts : undefined;
    const internal = cluster && (await startInternalServer(this.#parts, cluster.ungated, facts));
    if (cluster && (await this.#acquire(cluster, signal, internal?.annotations)) && !signal.aborted) {
      const work = this.#work(cluster, signal);
      const lost = await Promise.race([work, this.#leadership.lost]);
      if (lost && this.#shard !== undefined) {
        ended.abort();
        await this.#discard(work, cluster);
      }
      if (lost) {
        this.#parts.logger.error("leadership lost, restarting as standby", { error: lost.message });
        throw lost;
      }
    }
    await internal?.stop();
    await this.#leadership.release();
    await cluster?.ungated.close();
    if (this.#shard !== undefined) await cluster?.client.close();
  }

  /** Whether nothing of a lost shard is left. */
  get isDiscarded(): boolean {
    return this.#isDiscarded;
  }

  /** Ends the work of a lost shard. Its gate is closed for good, so that nothing of it can be written anymore. */
  async #discard(work: Promise<unknown>, { client, ungated }: Cluster): Promise<void> {
    let timer: Timer | undefined;
    const late = new Promise<boolean>((resolve) => {
      timer = this.#parts.clock.after(END_MS, () => resolve(false));
    });
    this.#isDiscarded = await Promise.race([
      work.then(
        () => true,
        () => true,
      ),
      late,
    ]);
    timer?.cancel();
    await Promise.all([client.close(), ungated.close()]);
  }

  /** Runs the operator until `stopping` is aborted. */
  async #work(cluster: Cluster, stopping: AbortSignal): Promise<undefined> {
    const { logger, clock, config } = this.#parts;
    // A server that has just come back may refuse what it serves a moment later.
    const prepare = async (): Promise<string> => {
      await cluster.discovery.all();
      return ensureDigestKey(cluster.client, config.namespace);
    };
    const digestKey = await onceReady({ clock, logger, signal: stopping }, prepare).catch((error) => {
      if (stopping.aborted) return undefined;
      throw error;
    });
    if (digestKey === undefined) return undefined;
    const { gate } = this.#leadership;
    this.#operator = await Operator.create({ ...this.#parts, cluster: { ...cluster, digestKey }, gate });
    return runUntilStopped(this.#operator, cluster, stopping, logger);
  }

  /** Waits for leadership; returns whether this process leads. Releases the lease if another installation overlaps. */
  async #acquire(
    cluster: Cluster,
    stopping: AbortSignal,
    annotations: Readonly<Record<string, string>> | undefined,
  ): Promise<boolean> {
    try {
      return await this.#leadership.acquire(cluster, stopping, annotations);
    } catch (error) {
      this.#parts.logger.error("cannot start", { error: messageOf(error) });
      await this.#leadership.release();
      if (this.#shard !== undefined) await Promise.all([cluster.client.close(), cluster.ungated.close()]);
      throw error;
    }
  }

  /** Connects to the cluster; returns undefined if `signal` is aborted first. */
  async #connect(signal: AbortSignal): Promise<Cluster | undefined> {
    const { config, clock, logger, metrics } = this.#parts;
    const { cluster: settings, namespace, election } = config;
    const onRequest = requestObserver(metrics);
    const { gate } = this.#leadership;
    try {
      return await connectCluster({
        ...{ settings, namespace, leaseName: election?.leaseName, version: VERSION },
        ...{ clock, logger, onRequest, signal, gate },
      });
    } catch (error) {
      if (signal.aborted) return undefined;
      throw error;
    }
  }
}

/** Runs the operator until `stopping` is aborted, also during its start, which a hanging API server can block. */
async function runUntilStopped(
  operator: Operator,
  cluster: Cluster,
  stopping: AbortSignal,
  logger: Logger,
): Promise<undefined> {
  const stopped = new Promise<void>((resolve) => {
    if (stopping.aborted) resolve();
    stopping.addEventListener("abort", () => resolve(), { once: true });
  });
  await Promise.race([operator.start(), stopped]);
  if (!stopping.aborted) logger.info("running", { server: cluster.client.server, instance: cluster.instance });
  await stopped;
  logger.info("stopping");
  await operator.stop();
}
