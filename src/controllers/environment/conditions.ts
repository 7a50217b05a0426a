import type { ConditionDraft } from "../../api/conditions.js";
import type { Environment } from "../../api/environment.js";
import { promotionCircle } from "../../gates/environments.js";

/** What is known about an Environment, besides its spec. */
export interface EnvironmentFacts {
  readonly all: readonly Environment[];
  /** Number of apps in its namespaces; undefined if another shard manages one of them. */
  readonly apps: number | undefined;
  /** Why the admission policies prove nothing; undefined if they are in force. */
  readonly doubt: string | undefined;
}

/** Returns the conditions of an Environment. */
export function environmentConditions(environment: Environment, facts: EnvironmentFacts): ConditionDraft[] {
  const { doubt } = facts;
  const problem = problemOf(environment, facts);
  const governing = describeGoverned(environment, facts.apps);
  return [
    problem === undefined
      ? { type: "Ready", status: "True", reason: "Governing", message: governing }
      : { type: "Ready", status: "False", ...problem },
    doubt === undefined
      ? {
          type: "PoliciesInForce",
          status: "True",
          reason: "PoliciesInForce",
          message: "the admission policies are those of this version",
        }
      : { type: "PoliciesInForce", status: "False", reason: "PoliciesNotInForce", message: doubt },
    ...(problem === undefined ? [] : [{ type: "Stalled", status: "True", ...problem } as const]),
  ];
}

function describeGoverned({ spec }: Environment, apps: number | undefined): string {
  const count = spec.namespaces?.length ?? 0;
  const namespaces = `${count} ${count === 1 ? "namespace" : "namespaces"}`;
  if (apps === undefined) return `governs ${namespaces}, some of other shards`;
  return `governs ${apps} ${apps === 1 ? "app" : "apps"} in ${namespaces}`;
}

function problemOf(
  { metadata, spec }: Environment,
  { all, doubt }: EnvironmentFacts,
): Pick<ConditionDraft, "reason" | "message"> | undefined {
  const circle = promotionCircle(metadata.name, all);
  if (circle !== undefined) {
    const path = circle.join(" → ");
    return {
      reason: "PromotionCircle",
      message: `spec.promotesFrom leads in a circle: ${path}: nothing can be promoted until one of these names is removed`,
    };
  }
  const missing = spec.promotesFrom?.find((name) => all.every((one) => one.metadata.name !== name));
  if (missing !== undefined) {
    return {
      reason: "EnvironmentNotFound",
      message: `spec.promotesFrom names Environment ${missing}, which does not exist: create it, or correct the name`,
    };
  }
  return doubt === undefined
    ? undefined
    : { reason: "PoliciesNotInForce", message: `no decision of a user counts: ${doubt}` };
}
