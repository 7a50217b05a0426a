import type { PlannedAction } from "../../../api/change.js";
import { cutMessage } from "../../../api/conditions.js";
import type { Outcome } from "../../../destinations/destination.js";
import { formatOrigin, type Origin } from "../../../manifest/document.js";
import { apiVersionOf, displayId, type ObjectId } from "../../../manifest/object-id.js";
import type { AppRun } from "../run.js";

/** A failed write or delete. */
export interface Failure {
  readonly object: string;
  readonly apiVersion: string;
  /** File and line of the document; undefined for a delete. */
  readonly where: string | undefined;
  readonly message: string;
  readonly retryAfterMs: number;
}

/** Collects the results of the actions of a plan. */
export class Results {
  readonly failures: Failure[] = [];
  readonly #done = new Set<string>();
  readonly #run: AppRun;

  constructor(run: AppRun) {
    this.#run = run;
  }

  get failed(): boolean {
    return this.failures.length > 0;
  }

  /** Records the outcome of one action, and emits the destination's notes as Events. */
  note(id: ObjectId, outcome: Outcome, origin?: Origin): void {
    const object = displayId(id);
    if (!outcome.ok) {
      const where = origin && formatOrigin(origin);
      const { message, retryAfterMs = 0 } = outcome;
      this.failures.push({ object, apiVersion: apiVersionOf(id), where, message, retryAfterMs });
      return;
    }
    this.#done.add(`${apiVersionOf(id)} ${object}`);
    for (const text of outcome.notes) {
      this.#run.emitEventOnce(`note ${object} ${text}`, "Warning", "ApplyWarning", "Apply", text);
    }
  }

  /** Returns the failures in one line. */
  summary(): string {
    const shown = this.failures
      .slice(0, 3)
      .map(({ object, where, message }) => `${where === undefined ? "" : `${where}: `}${object}: ${message}`);
    return `${shown.join("; ")}${this.failures.length > 3 ? `; and ${this.failures.length - 3} more` : ""}`;
  }

  /** Returns the longest retry delay that the destination requested. */
  retryAfterMs(): number {
    return Math.max(0, ...this.failures.map((failure) => failure.retryAfterMs));
  }

  /** Describes the progress of a plan: `2 of 6 were written: Namespace shop, ConfigMap shop/a`. */
  progress(plan: readonly PlannedAction[] | undefined): string {
    const actions = (plan ?? []).filter(({ verb }) => verb !== "Keep");
    const done = actions.filter(({ result }) => result === "Done").map(({ object }) => object);
    if (done.length === 0) return "nothing was written";
    const more = done.length > 3 ? ` and ${done.length - 3} more` : "";
    return `${done.length} of ${actions.length} were written: ${done.slice(0, 3).join(", ")}${more}`;
  }

  /**
   * Returns the plan with the result of each action so far. If `complete`, every action is done, except Keep and Hook: the runs of
   * hooks are recorded in `status.hooks`.
   */
  mark(plan: readonly PlannedAction[] | undefined, complete: boolean): PlannedAction[] | undefined {
    const errors = new Map(
      this.failures.map((failure) => [`${failure.apiVersion} ${failure.object}`, failure.message]),
    );
    return plan?.map((action) => {
      const { result, error: _, ...bare } = action;
      const key = `${action.apiVersion} ${action.object}`;
      const error = errors.get(key);
      if (error !== undefined) return { ...bare, result: "Failed" as const, error: cutMessage(error) };
      const done = complete || result === "Done" || this.#done.has(key);
      return done && action.verb !== "Keep" && action.verb !== "Hook" ? { ...bare, result: "Done" as const } : bare;
    });
  }
}
