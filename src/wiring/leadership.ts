import type { Clock } from "../base/clock.js";
import type { Logger } from "../base/logger.js";
import { LeadershipGate, type LeadershipLostError, openGate, type WriteGate } from "../base/write-gate.js";
import type { Config, ElectionSettings } from "../config/config.js";
import { LeaseElector, type LeaseObserver } from "../kube/lease/lease-elector.js";
import type { Metrics } from "../telemetry/metrics.js";
import type { Cluster } from "./cluster.js";
import { installationAnnotations, refuseOverlap } from "./installations.js";

/** What leadership is made of. */
export interface LeadershipParts {
  readonly config: Config;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Metrics;
}

/** Whether this process is the one that works: by election, or since it is the only one. */
export class Leadership {
  /** What every client that writes has to be made with. */
  readonly gate: WriteGate;
  /** Comes true when this process has led and may not any more. Its memory is worth nothing then: it has to end. */
  readonly lost: Promise<LeadershipLostError>;
  readonly #parts: LeadershipParts;
  readonly #electionGate: LeadershipGate | undefined;
  #elector: LeaseElector | undefined;

  constructor(parts: LeadershipParts) {
    this.#parts = parts;
    this.#electionGate = parts.config.election && new LeadershipGate(parts.clock);
    this.gate = this.#electionGate ?? openGate;
    this.lost = new Promise((resolve) => this.gate.onClosed(resolve));
  }

  /** Waits until this process leads: true; false when `signal` aborted before. */
  async acquire(cluster: Cluster, signal: AbortSignal): Promise<boolean> {
    const { clock, logger, config } = this.#parts;
    const { election, namespace, identity } = config;
    const gate = this.#electionGate;
    if (!election || !gate) return true;
    const observer = electionObserver(this.#parts.metrics, election);
    const { ungated: client, firstEver } = cluster;
    const { leaseName: name, ...timing } = election;
    const lease = { namespace, name, marks: installationAnnotations(config), identity, timing };
    this.#elector = new LeaseElector({ client, clock, logger, gate, firstEver, observer, ...lease });
    const leads = await this.#elector.acquire(signal);
    const { watchNamespaces } = config;
    if (leads) await refuseOverlap({ client, clock, logger, own: { namespace, name }, watchNamespaces });
    // Kinds may have come and gone while we stood by.
    cluster.discovery.invalidate();
    return leads;
  }

  /** What is in the way of standing by; empty when we would take over. */
  notReady(): string[] {
    if (!this.#elector) return ["connecting to the cluster"];
    if (this.#elector.problem !== undefined) return [`following the lease: ${this.#elector.problem}`];
    return this.#elector.leader === undefined ? ["following the lease"] : [];
  }

  /** What a standby says of itself. */
  standby(): string {
    return this.#elector?.leader ? `${this.#elector.leader} leads` : "nobody leads yet";
  }

  /** Gives the lease up, once all work has ended. */
  async release(): Promise<void> {
    await this.#elector?.release();
  }
}

function electionObserver(metrics: Metrics, election: ElectionSettings): LeaseObserver {
  const master = metrics.election.master.of({ name: election.leaseName });
  master.set(0);
  return {
    leads: (yes) => master.set(yes ? 1 : 0),
    renewed: (result) => metrics.election.renewals.of({ result }).inc(),
  };
}
