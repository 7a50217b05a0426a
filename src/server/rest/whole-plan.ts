import { LRUCache } from "lru-cache";
import { type Change, type ChangePhase, isFinal, type PlannedAction } from "../../api/change.js";
import { Semaphore } from "../../base/semaphore.js";
import { ProblemError } from "../../http/problem.js";
import { WholePlanName } from "../internal/facts.js";
import type { Identity } from "./identity/identity.js";
import type { LeaderClient } from "./leader/leader-client.js";

/** Phases in which the status shows as much of the plan as it can hold. Later it is shortened. */
const SHOWN_WHOLE: ReadonlySet<ChangePhase> = new Set(["Waiting", "Planned"]);
/** Bytes of all actions that are kept, so that users who read the same plan share them. One plan has at most 32 MiB. */
const MAX_BYTES = 48 * 2 ** 20;

/** The plan of a Change for a user. */
export interface ReadPlan {
  /** Names it in a decision of this user. */
  readonly planHash: string;
  readonly complete: boolean;
  /** The actions that the status of the Change shows; undefined if the leader has them, with this digest. */
  readonly actions?: PlannedAction[];
  readonly digest?: string;
}

/** Plans of Changes: what their status does not show, the leader has in memory until they end. */
export class PlanReader {
  readonly #leader: Pick<LeaderClient, "ask" | "askBytes">;
  readonly #actions = new LRUCache<string, Buffer>({
    maxSize: MAX_BYTES,
    sizeCalculation: ({ length }) => length + 100,
  });
  /** Plans that are loaded at once. */
  readonly #loads = new Semaphore(2);

  constructor(leader: Pick<LeaderClient, "ask" | "askBytes">) {
    this.#leader = leader;
  }

  /**
   * Returns the plan of a Change, which the user must be able to read.
   *
   * @throws ProblemError CONFLICT while there is no plan, or if it is larger than the leader keeps; NOT_READY if the leader cannot be asked
   * or has not made the plan again yet.
   */
  async planFor(user: Identity, { metadata, spec, status }: Change): Promise<ReadPlan> {
    const { planHash, planIncomplete, plan = [], omitted = 0, phase } = status ?? {};
    if (planHash === undefined)
      throw new ProblemError("CONFLICT", "the Change has no plan yet: read it again in a few seconds");
    const complete = planIncomplete === undefined && omitted === 0 && phase !== undefined && SHOWN_WHOLE.has(phase);
    if (complete || planIncomplete === undefined) return { planHash, complete, actions: plan };
    const shown: ReadPlan = { planHash, complete: false, actions: plan };
    if (isFinal(phase) && phase !== "Planned") return shown;
    const query = new URLSearchParams({ planHash, user: user.name, app: `${metadata.namespace}/${spec.app.name}` });
    const path = `${pathOf(metadata.uid)}?${query}`;
    const name = await this.#leader.ask({ path, schema: WholePlanName }).catch((error: unknown) => {
      // A dry run has ended: its plan is not computed anew.
      if (isNotFound(error) && phase === "Planned") return undefined;
      throw isNotFound(error) ? isMadeAgain() : error;
    });
    if (name?.digest !== undefined) return { planHash: name.planHash, complete: true, digest: name.digest };
    if (phase === "Planned") return shown;
    throw new ProblemError(
      "CONFLICT",
      "the plan is larger than the operator keeps: split the commit, or decide BreakGlass with a comment",
    );
  }

  /** Returns the actions of a plan as JSON. Throws NOT_READY if the leader has others by now. */
  async actionsOf({ metadata: { uid } }: Change, digest: string): Promise<Buffer> {
    return this.#loads.run(async () => {
      const key = `${uid} ${digest}`;
      const known = this.#actions.get(key);
      if (known !== undefined) return known;
      const actions = await this.#leader.askBytes(`${pathOf(uid)}/actions?digest=${digest}`).catch((error: unknown) => {
        throw isNotFound(error) ? isMadeAgain() : error;
      });
      this.#actions.set(key, actions);
      return actions;
    });
  }
}

function pathOf(changeUid: string): string {
  return `/internal/v1/plans/${encodeURIComponent(changeUid)}`;
}

function isNotFound(error: unknown): boolean {
  return error instanceof ProblemError && error.code === "NOT_FOUND";
}

function isMadeAgain(): ProblemError {
  return new ProblemError("NOT_READY", "the operator makes the whole plan again: read it in a few seconds", {
    retryAfter: 5,
  });
}
