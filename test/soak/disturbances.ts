import { isSuspended } from "../../src/api/suspension.js";
import { rfc3339 } from "../../src/base/clock.js";
import type { Heart } from "../unit/controllers/support/heart.js";
import type { SeededRandom } from "./random.js";

/** Longest suspension, and largest step of a clock, in milliseconds. */
const MAX_SUSPENSION_MS = 600_000;
const MAX_STEP_MS = 3_600_000;

/** What the Environment of prod asks for, as far as a walk edits it. */
export interface Policy {
  /** Whether a freeze is in force. */
  frozen: boolean;
  /** How many users must approve; only in a walk with approvals. */
  required: number;
  /** How many seconds a commit must have been healthy in staging. */
  soak: number;
}

/**
 * What administrators and clocks do while Changes wait: freezes, edits of the Environment of prod, suspensions with an end, and steps of the clock of
 * the operator, but not of that of the API server.
 */
export class Disturbances {
  readonly #heart: Heart;
  readonly #random: SeededRandom;
  readonly #spec: Readonly<Record<string, unknown>>;
  readonly #govern: (policy: Policy) => void;
  readonly #usual: Policy;
  /** Keys of the inputs that suspended apps had when they were suspended. */
  readonly #suspended = new Map<string, string | undefined>();
  policy: Policy;

  /** `spec` is that of all apps. `govern` writes the Environment of prod. */
  constructor(
    heart: Heart,
    random: SeededRandom,
    spec: Readonly<Record<string, unknown>>,
    usual: Policy,
    govern: (policy: Policy) => void,
  ) {
    this.#heart = heart;
    this.#random = random;
    this.#spec = spec;
    this.#usual = usual;
    this.#govern = govern;
    this.policy = { ...usual };
  }

  /** Does something to one of the apps, or to prod. Returns what. */
  act(apps: readonly string[]): string {
    const dice = this.#random.next();
    if (dice < 0.25) return this.#edit("freeze", { frozen: !this.policy.frozen });
    if (dice < 0.5) return this.#edit("edit", this.#otherPolicy());
    if (dice < 0.75) return this.#suspend(this.#random.pick(apps));
    return this.#stepClock();
  }

  /** Ends everything: no freeze, the usual policy, no suspension. */
  end(apps: readonly string[]): void {
    this.#edit("end", this.#usual);
    for (const app of apps) this.#heart.apply(app, this.#spec);
    this.#suspended.clear();
  }

  /** Returns which suspended apps have applied something. Call it after each reconcile. */
  judge(): string[] {
    const wrong: string[] = [];
    for (const [app, key] of this.#suspended) {
      const found = this.#heart.app(app);
      if (found === undefined || !isSuspended(found.spec, this.#heart.clock.now())) this.#suspended.delete(app);
      else if (found.status?.applied?.key !== key) wrong.push(`${app} has applied something while it was suspended`);
    }
    return wrong;
  }

  #edit(what: string, change: Partial<Policy>): string {
    this.policy = { ...this.policy, ...change };
    this.#govern(this.policy);
    return what;
  }

  #otherPolicy(): Partial<Policy> {
    const { required, soak } = this.#usual;
    return this.#random.next() < 0.5
      ? { required: this.policy.required === required ? 1 : required }
      : { soak: this.policy.soak === soak ? 2 * soak : soak };
  }

  #suspend(app: string): string {
    const suspendUntil = rfc3339(this.#heart.clock.now() + this.#random.int(MAX_SUSPENSION_MS));
    this.#heart.apply(app, { ...this.#spec, suspend: true, suspendUntil });
    this.#suspended.set(app, this.#heart.app(app)?.status?.applied?.key);
    return "suspend";
  }

  #stepClock(): string {
    const ms = this.#random.int(2 * MAX_STEP_MS) - MAX_STEP_MS;
    this.#heart.clock.set(ms);
    this.#heart.api.aheadMs -= ms;
    return "clock";
  }
}
