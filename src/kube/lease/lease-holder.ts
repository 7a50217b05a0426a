import type { Clock, Timer } from "../../base/clock.js";
import { messageOf, OverseerError } from "../../base/errors.js";
import type { Logger } from "../../base/logger.js";
import type { LeadershipGate } from "../../base/write-gate.js";
import { isSameHolding, type LeaseHolding, type LeaseRecord, microTime, released } from "./lease-record.js";
import type { TakenLease } from "./lease-standby.js";
import type { LeaseStore } from "./lease-store.js";

/** How a holder is set up. */
export interface LeaseHolderOptions {
  readonly store: LeaseStore;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly gate: LeadershipGate;
  readonly renewDeadlineMs: number;
  readonly retryMs: number;
  readonly onRenewal: (result: "error" | "success") => void;
}

/** Edits by others that are written over in one renewal, before it counts as failed. */
const MOST_EDITS = 3;

/** Keeps a lease that was taken: renews it, which keeps the gate open, and gives it up in the end. */
export class LeaseHolder {
  readonly #options: LeaseHolderOptions;
  /** The lease as we wrote it last. */
  #mine: LeaseRecord;
  #timer: Timer | undefined;
  #renewing: Promise<void> = Promise.resolve();

  constructor(options: LeaseHolderOptions, taken: TakenLease) {
    this.#options = options;
    this.#mine = taken.record;
    this.#schedule(taken.began);
  }

  /** Gives the lease up, so that another can take it at once. Closes the gate first, for good. */
  async release(): Promise<void> {
    const { gate, clock, logger } = this.#options;
    const led = gate.open;
    gate.close("it gave its lease up");
    this.#timer?.cancel();
    await this.#renewing;
    if (!led) return;
    try {
      await this.#write(released(this.#mine, microTime(clock.now())));
    } catch (error) {
      logger.warn("the lease was not given up: the next leader waits until it expires", { error: messageOf(error) });
    }
  }

  #schedule(began: number): void {
    const { clock, retryMs, gate } = this.#options;
    if (!gate.open) return;
    this.#timer = clock.after(Math.max(0, began + retryMs - clock.monotonic()), () => {
      this.#renewing = this.#renew();
    });
  }

  /** Renews once. Once the gate has closed nothing is renewed: another may lead already. */
  async #renew(): Promise<void> {
    const { clock, logger, retryMs, renewDeadlineMs, gate, onRenewal } = this.#options;
    if (!gate.open) return;
    const began = clock.monotonic();
    try {
      const other = await this.#write({ ...this.#mine, renewTime: microTime(clock.now()) });
      if (other !== undefined) gate.close(`its lease is held by ${JSON.stringify(other)} now`);
      else gate.openUntil(began + renewDeadlineMs);
      onRenewal(other === undefined ? "success" : "error");
    } catch (error) {
      onRenewal("error");
      logger.warn("the lease was not renewed", { error: messageOf(error), retryInMs: retryMs });
    }
    this.#schedule(began);
  }

  /**
   * Writes the lease; gives the name of another holder, if there is one. A record that was edited by hand is written over,
   * and one that was deleted is made again: as long as our gate was open, nobody else may have taken it.
   */
  async #write(holding: LeaseHolding): Promise<string | undefined> {
    const { store } = this.#options;
    let written = await store.update(this.#mine, holding);
    for (let edits = 0; !written; edits++) {
      const found = await store.get();
      if (found && found.holder !== "" && !isSameHolding(found, this.#mine)) return found.holder;
      if (edits === MOST_EDITS) throw changedTooOften();
      written = found ? await store.update(found, holding) : await store.create(holding);
    }
    this.#mine = written;
    return undefined;
  }
}

function changedTooOften(): OverseerError {
  const message = "the lease is edited by others all the time: nobody but the operator may write it";
  return new OverseerError(message, { code: "LEASE_CONTESTED", reason: "Contested", class: "retryable" });
}
