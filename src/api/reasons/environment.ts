import type { ReasonText } from "./reason-text.js";

/** Reasons of Environments. */
export const ENVIRONMENT_REASONS = {
  Governing: { meaning: "The Environment is in force; the message says what it governs." },
  PromotionCircle: {
    meaning:
      "promotesFrom leads back to this Environment, so that no revision can ever be promoted. The message names the circle.",
    remedy: "Remove one of the names from promotesFrom.",
  },
  EnvironmentNotFound: {
    meaning: "promotesFrom names an Environment that does not exist.",
    remedy: "Create the Environment, or correct the name.",
  },
  PoliciesNotInForce: {
    meaning:
      "The admission policies that prove who has decided are missing or were edited: no decision of a user counts. The message names them.",
    remedy: "Upgrade the chart with policies.changes: true.",
  },
  PoliciesInForce: { meaning: "The admission policies are those of this version." },
} as const satisfies Readonly<Record<string, ReasonText>>;
