import type { ConditionDraft } from "../../api/conditions.js";
import type { ConditionReason } from "../../api/reasons.js";

/** Result of a poll of a repository. */
export type RepositoryOutcome =
  | {
      readonly kind: "fetched";
      readonly revision: string;
      /** Who signed it, with spec.verify. */
      readonly verified?: string;
      /** Whether files are fetched when they are read. */
      readonly onDemand?: boolean;
    }
  | {
      readonly kind: "failed";
      readonly reason: ConditionReason;
      readonly message: string;
      readonly terminal: boolean;
      readonly revision: string | undefined;
      /** Set if signatures are the reason; contains the rejected revision, if known. */
      readonly unverified?: { readonly revision: string | undefined };
    }
  | { readonly kind: "fetching"; readonly revision: string };

/**
 * Returns the conditions of a repository. A failed fetch keeps the revision in use. Ready and Fetched are equal, except for a
 * revision that is fetched but not verified.
 */
export function repositoryConditions(outcome: RepositoryOutcome): ConditionDraft[] {
  switch (outcome.kind) {
    case "fetched": {
      const message = outcome.onDemand
        ? `${outcome.revision} is fetched without files, because the repository exceeds --git-max-fetch-bytes; files are fetched when apps read them`
        : `${outcome.revision} is fetched and verified`;
      return [
        { type: "Ready", status: "True", reason: "Fetched", message },
        { type: "Fetched", status: "True", reason: "Fetched", message },
        ...verifiedCondition(outcome.verified),
      ];
    }
    case "fetching":
      return [
        { type: "Ready", status: "Unknown", reason: "Fetching", message: `fetching ${outcome.revision}` },
        { type: "Fetched", status: "Unknown", reason: "Fetching", message: `fetching ${outcome.revision}` },
        { type: "Reconciling", status: "True", reason: "Fetching", message: `fetching ${outcome.revision}` },
      ];
    case "failed": {
      const none = outcome.unverified ? "; no verified revision is in use" : "";
      const kept = outcome.revision === undefined ? none : `; ${outcome.revision} stays in use`;
      const { reason } = outcome;
      const message = `${outcome.message}${kept}`;
      return [
        { type: "Ready", status: "False", reason, message },
        fetchedCondition(outcome, message),
        ...(outcome.unverified ? [{ type: "Verified", status: "False", reason, message } as const] : []),
        outcome.terminal
          ? { type: "Stalled", status: "True", reason, message }
          : { type: "Reconciling", status: "True", reason: "Retrying", message: "retrying automatically" },
      ];
    }
  }
}

function verifiedCondition(message: string | undefined): ConditionDraft[] {
  return message === undefined ? [] : [{ type: "Verified", status: "True", reason: "Verified", message }];
}

function fetchedCondition(
  { reason, unverified }: Extract<RepositoryOutcome, { kind: "failed" }>,
  message: string,
): ConditionDraft {
  if (unverified?.revision === undefined) return { type: "Fetched", status: "False", reason, message };
  return { type: "Fetched", status: "True", reason: "Fetched", message: `${unverified.revision} is fetched` };
}
