import type { Clock } from "../base/clock.js";
import type { Logger } from "../base/logger.js";
import { LeadershipGate, type LeadershipLostError, openGate, type WriteGate } from "../base/write-gate.js";
import type { Config, ElectionSettings } from "../config/config.js";
import { LeaseElector, type LeaseObserver, type LeaseSharing } from "../kube/lease/lease-elector.js";
import type { Metrics } from "../telemetry/metrics.js";
import type { Cluster } from "./cluster.js";
import { installationAnnotations, refuseOverlap } from "./installations.js";

/** Dependencies of leadership. */
export interface LeadershipParts {
  readonly config: Config;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Metrics;
}

/** The shard that a lease stands for. */
export interface ShardLease extends LeaseSharing {
  /** Name of the lease of this installation without shards. */
  readonly unsharded: string;
  /** Annotations of the lease that acquiring and releasing it removes. */
  readonly requests: readonly string[];
}

/** Leadership of this process: by election, or always if leader election is disabled. */
export class Leadership {
  /** Gate that every write has to pass. */
  readonly gate: WriteGate;
  /** Resolves when this process loses leadership. It must exit then, since its state in memory is stale. */
  readonly lost: Promise<LeadershipLostError>;
  readonly #parts: LeadershipParts;
  readonly #electionGate: LeadershipGate | undefined;
  readonly #shard: ShardLease | undefined;
  #elector: LeaseElector | undefined;

  /** `shard`: what the lease stands for, if there are several. */
  constructor(parts: LeadershipParts, shard?: ShardLease) {
    this.#parts = parts;
    this.#shard = shard;
    this.#electionGate = parts.config.election && new LeadershipGate(parts.clock);
    this.gate = this.#electionGate ?? openGate;
    this.lost = new Promise((resolve) => this.gate.onClosed(resolve));
  }

  /** Waits for leadership; returns false if `signal` is aborted first. `annotations`: further ones of the Lease. */
  async acquire(
    cluster: Cluster,
    signal: AbortSignal,
    annotations: Readonly<Record<string, string>> = {},
  ): Promise<boolean> {
    const { clock, logger, config } = this.#parts;
    const { election, namespace, identity } = config;
    const gate = this.#electionGate;
    if (!election || !gate) return true;
    const observer = electionObserver(this.#parts.metrics, election);
    const { ungated: client, firstEver } = cluster;
    const { leaseName: name, ...timing } = election;
    const own = installationAnnotations(config);
    const done = Object.fromEntries(this.#shard?.requests.map((key) => [key, ""]) ?? []);
    const metadata = { ...own, annotations: { ...own.annotations, ...annotations, ...done } };
    const lease = { namespace, name, metadata, identity, timing, sharing: this.#shard };
    this.#elector = new LeaseElector({ client, clock, logger, gate, firstEver, observer, ...lease });
    const leads = await this.#elector.acquire(signal);
    const { watchNamespaces, exceptNamespaces } = config;
    const check = { client, clock, logger, signal, own: { namespace, name }, watchNamespaces, exceptNamespaces };
    if (leads) await refuseOverlap({ ...check, unsharded: this.#shard?.unsharded });
    // Kinds may have changed during standby.
    cluster.discovery.invalidate();
    return leads;
  }

  /** Annotates the lease that another process holds. Returns false if it could not be written. */
  async annotate(annotations: Readonly<Record<string, string>>): Promise<boolean> {
    return (await this.#elector?.annotate(annotations)) ?? false;
  }

  /** Reasons why this process is not ready to take over; empty if it is. */
  notReady(): string[] {
    if (!this.#elector) return ["connecting to the cluster"];
    if (this.#elector.problem !== undefined) return [`watching the lease: ${this.#elector.problem}`];
    return this.#elector.leader === undefined ? ["watching the lease"] : [];
  }

  /** Returns the state of a standby. */
  standby(): string {
    return this.#elector?.leader ? `the leader is ${this.#elector.leader}` : "no leader yet";
  }

  /** Releases the lease after all work has ended. */
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
