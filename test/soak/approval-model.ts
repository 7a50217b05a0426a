import type { Approval } from "../../src/api/approval.js";
import type { Change } from "../../src/api/change.js";
import type { Heart } from "../unit/controllers/support/heart.js";
import { resourceOf } from "../unit/controllers/support/resources.js";
import type { Policy } from "./disturbances.js";
import type { SeededRandom } from "./random.js";

/** How many users have to approve, and for how long an approval counts. */
export const REQUIRED = 2;
export const EXPIRES_MS = 1_800_000;
const USERS = ["alice", "bob", "carol"] as const;
/** Changes of these causes apply what has passed the gates before. */
const FREE_CAUSES: ReadonlySet<string> = new Set(["Rollback", "Retry"]);

/**
 * Users who decide about the Changes of an app at random, and a model that knows, without the code of the product, whether a Change may have
 * been applied.
 */
export class ApprovalModel {
  readonly #heart: Heart;
  readonly #random: SeededRandom;
  readonly #app: string;
  readonly #judged = new Set<string>();
  readonly #policy: () => Policy;
  /** Commits of Changes that were let through by break-glass. */
  readonly broken = new Set<string>();
  /** Hashes of plans that were seen before, to approve with a wrong one. */
  readonly #hashes: string[] = [];
  /** Number of Changes that were applied with approvals. */
  approved = 0;

  /** `policy` tells what the Environment of the app asks for. */
  constructor(heart: Heart, random: SeededRandom, app: string, policy: () => Policy) {
    this.#heart = heart;
    this.#random = random;
    this.#app = app;
    this.#policy = policy;
  }

  /** A user decides about the Change that waits: mostly approves it, and sometimes a plan of before. Returns what the user has done. */
  decide(): string {
    const waiting = this.#changes().find(({ status }) => status?.phase === "Waiting");
    const dice = this.#random.next();
    if (waiting === undefined || dice > 0.9) return this.#withdraw();
    const user = this.#random.pick(USERS);
    if (dice < 0.7) return this.#put(waiting, user, "Approve");
    if (dice < 0.78) return this.#put(waiting, user, "Reject");
    if (dice < 0.82) return this.#put(waiting, user, "BreakGlass");
    const planHash = this.#hashes.length === 0 ? "0".repeat(32) : this.#random.pick(this.#hashes);
    return this.#put(waiting, user, "Approve", planHash);
  }

  /** Fair approvers: whatever waits is approved, and whatever is rejected is withdrawn. */
  approveAll(): void {
    for (const change of this.#changes()) {
      if (change.status?.phase === "Waiting") for (const user of USERS) this.#put(change, user, "Approve");
      if (change.status?.phase === "Rejected") for (const user of USERS) this.#put(change, user, "Withdraw");
    }
  }

  /** Returns what is wrong with the Changes that have begun since the last call. Call it after each reconcile. */
  judge(): string[] {
    const wrong: string[] = [];
    for (const change of this.#changes()) {
      const { metadata, spec, status } = change;
      if (status?.planHash !== undefined && !this.#hashes.includes(status.planHash)) this.#hashes.push(status.planHash);
      const hasBegun =
        status?.phase === "Applying" || status?.phase === "Verifying" || status?.appliedTime !== undefined;
      if (!hasBegun || this.#judged.has(metadata.uid)) continue;
      this.#judged.add(metadata.uid);
      if (FREE_CAUSES.has(spec.cause)) continue;
      if (this.#isBroken(change)) {
        this.broken.add(spec.inputs?.commit ?? "");
        continue;
      }
      const { frozen, required } = this.#policy();
      if (frozen) wrong.push(`${metadata.name} (${spec.cause}) has begun in a freeze`);
      const approvers = this.#approvers(change);
      if (approvers.size >= required) this.approved++;
      else
        wrong.push(
          `${metadata.name} (${spec.cause}) was applied with ${approvers.size} approvals of plan ${status?.planHash}: ${[...approvers].join()}`,
        );
    }
    return wrong;
  }

  /** Users whose approval of the plan of a Change counts now. */
  #approvers({ metadata, status }: Change): Set<string> {
    const now = this.#heart.api.time();
    const all = this.#approvals().filter(({ spec }) => spec.change.uid === metadata.uid);
    const time = (one: Approval): number => Date.parse(one.metadata.creationTimestamp ?? "");
    const counting = all.filter(
      (one) =>
        one.spec.decision === "Approve" &&
        one.spec.planHash === status?.planHash &&
        now < time(one) + EXPIRES_MS &&
        !all.some(
          ({ metadata: other, spec }) =>
            spec.decision === "Withdraw" &&
            spec.approver === one.spec.approver &&
            Date.parse(other.creationTimestamp ?? "") >= time(one),
        ),
    );
    return new Set(counting.map(({ spec }) => spec.approver));
  }

  /** Whether a user has let the plan of a Change through, and has not withdrawn that. */
  #isBroken({ metadata, status }: Change): boolean {
    const own = this.#approvals().filter(({ spec }) => spec.change.uid === metadata.uid);
    return own.some(({ spec }) => spec.decision === "BreakGlass" && spec.planHash === status?.planHash);
  }

  #withdraw(): string {
    const own = this.#approvals();
    if (own.length === 0) return "no decision";
    const { spec } = this.#random.pick(own);
    const change = this.#changes().find(({ metadata }) => metadata.uid === spec.change.uid);
    return change === undefined ? "no decision" : this.#put(change, spec.approver, "Withdraw");
  }

  #put(change: Change, user: string, decision: Approval["spec"]["decision"], planHash?: string): string {
    const [namespace = ""] = this.#app.split("/");
    this.#heart.approve(`${namespace}/${change.metadata.name}`, user, decision, planHash);
    return decision.toLowerCase();
  }

  #changes(): Change[] {
    const all = this.#heart.api.cache<Change>(resourceOf("Change", "changes")).values();
    const [namespace, name] = this.#app.split("/");
    return [...all].filter(({ metadata, spec }) => metadata.namespace === namespace && spec.app.name === name);
  }

  #approvals(): Approval[] {
    const [namespace] = this.#app.split("/");
    const all = this.#heart.api.cache<Approval>(resourceOf("Approval", "approvals")).values();
    return [...all].filter(({ metadata }) => metadata.namespace === namespace);
  }
}
