import type { ConditionDraft } from "../../api/conditions.js";
import type { ConditionReason } from "../../api/reasons.js";

/** Result of a poll of a repository. */
export type RepositoryOutcome =
  | { readonly kind: "fetched"; readonly revision: string }
  | {
      readonly kind: "failed";
      readonly reason: ConditionReason;
      readonly message: string;
      readonly terminal: boolean;
      readonly revision: string | undefined;
    }
  | { readonly kind: "fetching"; readonly revision: string };

/** Returns the conditions of a repository. Ready and Fetched are equal: a failed fetch keeps the revision in use. */
export function repositoryConditions(outcome: RepositoryOutcome): ConditionDraft[] {
  switch (outcome.kind) {
    case "fetched": {
      const message = `${outcome.revision} is fetched and verified`;
      return [
        { type: "Ready", status: "True", reason: "Fetched", message },
        { type: "Fetched", status: "True", reason: "Fetched", message },
      ];
    }
    case "fetching":
      return [
        { type: "Ready", status: "Unknown", reason: "Fetching", message: `fetching ${outcome.revision}` },
        { type: "Fetched", status: "Unknown", reason: "Fetching", message: `fetching ${outcome.revision}` },
        { type: "Reconciling", status: "True", reason: "Fetching", message: `fetching ${outcome.revision}` },
      ];
    case "failed": {
      const kept = outcome.revision === undefined ? "" : `; ${outcome.revision} stays in use`;
      const { reason } = outcome;
      const message = `${outcome.message}${kept}`;
      return [
        { type: "Ready", status: "False", reason, message },
        { type: "Fetched", status: "False", reason, message },
        outcome.terminal
          ? { type: "Stalled", status: "True", reason, message }
          : { type: "Reconciling", status: "True", reason: "Retrying", message: "retrying automatically" },
      ];
    }
  }
}
