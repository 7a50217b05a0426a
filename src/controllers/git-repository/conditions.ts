import type { ConditionDraft } from "../../api/conditions.js";

/** What a look at a repository came to. */
export type RepositoryOutcome =
  | { readonly kind: "fetched"; readonly revision: string }
  | {
      readonly kind: "failed";
      readonly reason: string;
      readonly message: string;
      readonly terminal: boolean;
      readonly revision: string | undefined;
    }
  | { readonly kind: "fetching"; readonly revision: string };

/** The conditions of a repository. Ready and Fetched say the same: a failed fetch keeps the revision that is in use. */
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
