import type { Clock, Timer } from "../../base/clock.js";
import { messageOf, OverseerError } from "../../base/errors.js";
import type { Logger } from "../../base/logger.js";
import type { LeadershipGate } from "../../base/write-gate.js";
import { isSameHolding, type LeaseHolding, type LeaseRecord, microTime, released } from "./lease-record.js";
import type { AcquiredLease } from "./lease-standby.js";
import type { LeaseStore } from "./lease-store.js";

/** Options of a lease holder. */
export interface LeaseHolderOptions {
  readonly store: LeaseStore;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly gate: LeadershipGate;
  readonly renewDeadlineMs: number;
  readonly retryMs: number;
  readonly onRenewal: (result: "error" | "success") => void;
  /** Called with the lease as another client has written it, before it is overwritten. */
  readonly onForeignWrite?: ((lease: LeaseRecord) => void) | undefined;
}

/** Edits by other clients that one renewal overwrites before it fails. */
const MAX_OVERWRITES = 3;

/** Holds an acquired lease: renews it, which keeps the gate open, and finally releases it. */
export class LeaseHolder {
  readonly #options: LeaseHolderOptions;
  /** The lease as last written by this process. */
  #record: LeaseRecord;
  #timer: Timer | undefined;
  #renewing: Promise<void> = Promise.resolve();

  constructor(options: LeaseHolderOptions, acquired: AcquiredLease) {
    this.#options = options;
    this.#record = acquired.record;
    this.#schedule(acquired.began);
  }

  /** Releases the lease, so that another process can acquire it at once. Closes the gate first, permanently. */
  async release(): Promise<void> {
    const { gate, clock, logger } = this.#options;
    const wasLeading = gate.open;
    gate.close("the lease was released");
    this.#timer?.cancel();
    await this.#renewing;
    if (!wasLeading) return;
    try {
      await this.#write(released(this.#record, microTime(clock.now())));
    } catch (error) {
      logger.warn("failed to release the lease; the next leader must wait until it expires", {
        error: messageOf(error),
      });
    }
  }

  #schedule(began: number): void {
    const { clock, retryMs, gate } = this.#options;
    if (!gate.open) return;
    this.#timer = clock.after(Math.max(0, began + retryMs - clock.monotonic()), () => {
      this.#renewing = this.#renew();
    });
  }

  /** Renews once. Does nothing after the gate has closed: another process may already lead. */
  async #renew(): Promise<void> {
    const { clock, logger, retryMs, renewDeadlineMs, gate, onRenewal } = this.#options;
    if (!gate.open) return;
    const began = clock.monotonic();
    try {
      const other = await this.#write({ ...this.#record, renewTime: microTime(clock.now()) });
      if (other !== undefined) gate.close(`the lease is now held by ${JSON.stringify(other)}`);
      else gate.openUntil(began + renewDeadlineMs);
      onRenewal(other === undefined ? "success" : "error");
    } catch (error) {
      onRenewal("error");
      logger.warn("failed to renew the lease", { error: messageOf(error), retryInMs: retryMs });
    }
    this.#schedule(began);
  }

  /**
   * Writes the lease; returns the name of another holder, if any. A manually edited lease is overwritten and a deleted one is
   * re-created: while the gate was open, no other process could acquire it.
   */
  async #write(holding: LeaseHolding): Promise<string | undefined> {
    const { store } = this.#options;
    let written = await store.update(this.#record, holding);
    for (let overwrites = 0; !written; overwrites++) {
      const found = await store.get();
      if (found && found.holder !== "" && !isSameHolding(found, this.#record)) return found.holder;
      if (found) this.#options.onForeignWrite?.(found);
      if (overwrites === MAX_OVERWRITES) throw changedTooOften();
      written = found ? await store.update(found, holding) : await store.create(holding);
    }
    this.#record = written;
    return undefined;
  }
}

function changedTooOften(): OverseerError {
  const message = "other clients keep changing the lease: allow only the operator to write it";
  return new OverseerError(message, { code: "LEASE_CONTESTED", reason: "Contested", class: "retryable" });
}
