import { isSettled } from "../../../api/overseer-app.js";
import type { RawObject } from "../../../kube/object.js";
import type { HealthLookup, ObjectHealth } from "../../../plan/live.js";
import { specOf } from "./conditions.js";

interface LabelSelector {
  readonly matchLabels?: Readonly<Record<string, string>>;
  readonly matchExpressions?: readonly {
    readonly key: string;
    readonly operator: string;
    readonly values?: readonly string[];
  }[];
}

/** Extends the rule of a workload by a lookup of its pods, which explain why it is not healthy. */
export function withPods(rule: (object: RawObject) => ObjectHealth): (object: RawObject) => ObjectHealth {
  return (object) => {
    const health = rule(object);
    if (isSettled(health.status)) return health;
    const pods = podSelector(specOf<{ selector?: unknown }>(object).selector);
    return pods === undefined ? health : { ...health, lookup: { pods } satisfies HealthLookup };
  };
}

/** Converts the selector of a workload to a query; undefined if it has none. A ReplicationController has plain labels. */
export function podSelector(selector: unknown): string | undefined {
  if (typeof selector !== "object" || selector === null) return undefined;
  const plain = Object.values(selector).every((value) => typeof value === "string");
  const { matchLabels = {}, matchExpressions = [] } = (plain ? { matchLabels: selector } : selector) as LabelSelector;
  const terms = [
    ...Object.entries(matchLabels).map(([key, value]) => `${key}=${value}`),
    ...matchExpressions.map(({ key, operator, values = [] }) => {
      if (operator === "Exists") return key;
      if (operator === "DoesNotExist") return `!${key}`;
      return `${key} ${operator === "NotIn" ? "notin" : "in"} (${values.join(",")})`;
    }),
  ];
  return terms.length === 0 ? undefined : terms.sort().join(",");
}
