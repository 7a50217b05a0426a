import type { ObjectKey } from "../manifest/object-id.js";
import type { HealAction, Preview, WriteAction } from "../plan/actions.js";
import type { Observation } from "../plan/live.js";
import type { Destination, Outcome, Target, Unavailability, Verdict } from "./destination.js";

/** A destination that cannot be connected to, because its Secret is missing or its address is invalid. */
export class UnavailableDestination implements Destination {
  readonly id: string;
  readonly #unavailability: Unavailability;

  constructor(id: string, unavailability: Unavailability) {
    this.id = id;
    this.#unavailability = unavailability;
  }

  connecting(): boolean {
    return false;
  }

  unavailability(): Unavailability {
    return this.#unavailability;
  }

  limits(): readonly string[] {
    return [];
  }

  recordedHash(): string {
    return "";
  }

  /** Unknown, so renders are not cached either. */
  scopeOf(): undefined {
    return undefined;
  }

  hasStatus(): boolean {
    return false;
  }

  async prepare(): Promise<readonly []> {
    return [];
  }

  observe(): Observation {
    return { complete: false, incomplete: this.#unavailability.message, objects: new Map() };
  }

  async preview(_target: unknown, writes: readonly WriteAction[]): Promise<Preview> {
    const { message } = this.#unavailability;
    return {
      accepted: [],
      refused: writes.map((action) => ({ action, message, retryable: true })),
      deferred: [],
      missing: [],
    };
  }

  async write(): Promise<Outcome> {
    return this.#refuse();
  }

  async verify(): Promise<Verdict> {
    return { drifted: false, diff: [], problem: this.#unavailability.message };
  }

  describeDrift(_target: Target, _action: HealAction): undefined {
    return undefined;
  }

  async heal(): Promise<Outcome> {
    return this.#refuse();
  }

  async remove(): Promise<Outcome> {
    return this.#refuse();
  }

  async mayWrite(): Promise<boolean> {
    return true;
  }

  async handOver(): Promise<Outcome> {
    return this.#refuse();
  }

  /** Empty, since related objects cannot be read. */
  async healthReasons(): Promise<ReadonlyMap<ObjectKey, string>> {
    return new Map();
  }

  async deletionHolders(): Promise<string> {
    return this.#unavailability.message;
  }

  async release(): Promise<Outcome> {
    return this.#refuse();
  }

  async namespaceHolds(): Promise<undefined> {
    return undefined;
  }

  #refuse(): Outcome {
    return { ok: false, message: this.#unavailability.message, retryable: true };
  }
}
