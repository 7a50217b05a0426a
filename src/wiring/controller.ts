import { messageOf } from "../base/errors.js";
import type { Logger } from "../base/logger.js";
import type { LeaderFacts } from "../server/internal/facts.js";
import { requestObserver } from "../telemetry/observers.js";
import { VERSION } from "../version.js";
import { type Cluster, connectCluster, onceReady } from "./cluster.js";
import { ensureDigestKey } from "./digest-key.js";
import { startInternalServer } from "./internal-server.js";
import { Leadership } from "./leadership.js";
import { Operator } from "./operator.js";
import type { Role, RoleParts } from "./role.js";

/** Fetches, applies and reverts drift while this process is the leader. */
export class ControllerRole implements Role {
  readonly #parts: RoleParts;
  readonly #leadership: Leadership;
  #operator: Operator | undefined;

  constructor(parts: RoleParts) {
    this.#parts = parts;
    this.#leadership = new Leadership(parts);
  }

  notReady(): readonly string[] {
    return (this.#operator ?? this.#leadership).notReady();
  }

  standby(): string | undefined {
    return this.#operator ? undefined : this.#leadership.standby();
  }

  /** Throws LeadershipLostError after losing leadership, since the state in memory is then stale. */
  async run(stopping: AbortSignal): Promise<void> {
    const leadership = this.#leadership;
    const cluster = await this.#connect(stopping);
    const facts = (): LeaderFacts | undefined =>
      this.#operator?.notReady().length === 0 ? this.#operator.facts : undefined;
    const internal = cluster && (await startInternalServer(this.#parts, cluster.ungated, facts));
    if (cluster && (await this.#acquire(cluster, stopping, internal?.annotations)) && !stopping.aborted) {
      const { logger } = this.#parts;
      const lost = await Promise.race([this.#work(cluster, stopping), leadership.lost]);
      if (lost) {
        logger.error("leadership lost, restarting as standby", { error: lost.message });
        throw lost;
      }
    }
    await internal?.stop();
    await leadership.release();
    await cluster?.ungated.close();
  }

  /** Runs the operator until `stopping` is aborted. */
  async #work(cluster: Cluster, stopping: AbortSignal): Promise<undefined> {
    const { logger, clock, config } = this.#parts;
    const ensureKey = (): Promise<string> => ensureDigestKey(cluster.client, config.namespace);
    const digestKey = await onceReady({ clock, logger, signal: stopping }, ensureKey).catch((error) => {
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
