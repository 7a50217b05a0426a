import { messageOf } from "../base/errors.js";
import type { Logger } from "../base/logger.js";
import { requestObserver } from "../telemetry/observers.js";
import { VERSION } from "../version.js";
import { type Cluster, connectCluster, onceReady } from "./cluster.js";
import { ensureDigestKey } from "./digest-key.js";
import { Leadership } from "./leadership.js";
import { Operator } from "./operator.js";
import type { Role, RoleParts } from "./role.js";

/** Fetches, applies and heals, as long as it leads. */
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

  /** Throws LeadershipLostError when it has led and may not any more: its memory is worth nothing then. */
  async run(stopping: AbortSignal): Promise<void> {
    const leadership = this.#leadership;
    const cluster = await this.#connect(stopping);
    if (cluster && (await this.#acquire(cluster, stopping)) && !stopping.aborted) {
      const { logger } = this.#parts;
      const lost = await Promise.race([this.#work(cluster, stopping), leadership.lost]);
      if (lost) {
        logger.error("ending, to start anew as a standby", { error: lost.message });
        throw lost;
      }
    }
    await leadership.release();
    await cluster?.ungated.close();
  }

  /** Works until told to stop. */
  async #work(cluster: Cluster, stopping: AbortSignal): Promise<undefined> {
    const { logger, clock, config } = this.#parts;
    const makeKey = (): Promise<string> => ensureDigestKey(cluster.client, config.namespace);
    const digestKey = await onceReady({ clock, logger, signal: stopping }, makeKey).catch((error) => {
      if (stopping.aborted) return undefined;
      throw error;
    });
    if (digestKey === undefined) return undefined;
    const { gate } = this.#leadership;
    this.#operator = await Operator.create({ ...this.#parts, cluster: { ...cluster, digestKey }, gate });
    return work(this.#operator, cluster, stopping, logger);
  }

  /** Whether this process leads. One that may not work beside another installation gives its lease up. */
  async #acquire(cluster: Cluster, stopping: AbortSignal): Promise<boolean> {
    try {
      return await this.#leadership.acquire(cluster, stopping);
    } catch (error) {
      this.#parts.logger.error("not working", { error: messageOf(error) });
      await this.#leadership.release();
      throw error;
    }
  }

  /** The cluster, once it is there; undefined when we are told to stop before. */
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

/** Works until told to stop, and ends what is under way, be it the start: an API server may let it wait for ever. */
async function work(operator: Operator, cluster: Cluster, stopping: AbortSignal, logger: Logger): Promise<undefined> {
  const told = new Promise<void>((resolve) => {
    if (stopping.aborted) resolve();
    stopping.addEventListener("abort", () => resolve(), { once: true });
  });
  await Promise.race([operator.start(), told]);
  if (!stopping.aborted) logger.info("working", { server: cluster.client.server, instance: cluster.instance });
  await told;
  logger.info("stopping");
  await operator.stop();
}
