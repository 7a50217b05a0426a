import { LABEL_APP, LABEL_APP_NAMESPACE } from "../../../api/group.js";
import type { HealthExpression } from "../../../api/health-expressions.js";
import { sha256 } from "../../../base/hash.js";
import type { RawObject } from "../../../kube/object.js";
import { compile, type Expression, ExpressionError, variablesOf } from "../../../manifest/expressions/expression.js";
import { type GroupVersionKind, parseApiVersion } from "../../../manifest/object-id.js";
import type { ObjectHealth } from "../../../plan/live.js";
import { condition, degraded, progressing, statusOf, suspended, text, unobserved } from "./conditions.js";
import { healthOf, needsStatus } from "./rules.js";

/** The health of a kind by expressions of an app. */
export interface KindHealth {
  /** Identifies the expressions. */
  readonly digest: string;
  judge(object: RawObject): ObjectHealth;
}

/** Health by expressions, by `group/kind`. */
type KindHealths = ReadonlyMap<string, KindHealth>;

/** Returns the expressions of an app (`namespace/name`), if it has any. */
export type ExpressionsOfApp = (app: string) => readonly HealthExpression[] | undefined;

const FIELDS = ["inProgress", "failed", "suspended", "current"] as const;
type Field = (typeof FIELDS)[number];

const HEALTHY: ObjectHealth = { status: "Healthy" };
/** Limit of remembered compiled lists. */
const MAX_COMPILED = 500;

/**
 * Returns what is wrong with the expressions of an app, with its place in the spec; undefined if nothing is. Kinds that are healthy as
 * soon as they exist are refused, because their objects are not read.
 */
export function expressionProblem(list: readonly HealthExpression[]): string | undefined {
  for (const [at, entry] of list.entries()) {
    const place = `spec.health.expressions[${at}]`;
    const kind = { ...parseApiVersion(entry.apiVersion), kind: entry.kind };
    if (!needsStatus(kind))
      return `${place}: a ${entry.kind} is healthy as soon as it exists, and its health cannot be computed by expressions: remove the entry`;
    for (const field of FIELDS) {
      const problem = problemOf(entry[field]);
      if (problem !== undefined) return `${place}.${field} ${problem}: correct the expression`;
    }
  }
  return undefined;
}

function problemOf(source: string | undefined): string | undefined {
  if (source === undefined) return undefined;
  const compiled = tryCompile(source);
  return typeof compiled === "string" ? compiled : undefined;
}

/** Returns the compiled expression, or why it cannot be compiled. */
function tryCompile(source: string): Expression | string {
  try {
    return compile(source);
  } catch (error) {
    if (error instanceof ExpressionError) return error.message;
    throw error;
  }
}

/** Judges objects by the expressions of their apps, or else by the rules of their kinds. */
export class HealthJudge {
  readonly #of: ExpressionsOfApp;
  readonly #byList = new WeakMap<readonly HealthExpression[], KindHealths>();
  readonly #byText = new Map<string, KindHealths>();

  constructor(of: ExpressionsOfApp = () => undefined) {
    this.#of = of;
  }

  /** Returns the expressions of an app for a kind, if it has any. */
  expressionsOf(app: string, kind: Pick<GroupVersionKind, "group" | "kind">): KindHealth | undefined {
    if (!needsStatus({ ...kind, version: "" })) return undefined;
    const list = this.#of(app);
    return list === undefined || list.length === 0 ? undefined : this.#compiled(list).get(keyOf(kind));
  }

  /** Computes the health of an object; `by` identifies the expressions, if any. */
  judge(object: RawObject, kind: GroupVersionKind): { readonly health: ObjectHealth; readonly by?: string } {
    const { labels } = object.metadata;
    const rule = this.expressionsOf(`${labels?.[LABEL_APP_NAMESPACE]}/${labels?.[LABEL_APP]}`, kind);
    return rule === undefined ? { health: healthOf(object, kind) } : { health: rule.judge(object), by: rule.digest };
  }

  /** Most lists are found by identity; those of an app whose status was written are found by their text. */
  #compiled(list: readonly HealthExpression[]): KindHealths {
    const known = this.#byList.get(list);
    if (known) return known;
    const key = JSON.stringify(list);
    const compiled = this.#byText.get(key) ?? compileAll(list);
    if (this.#byText.size >= MAX_COMPILED) this.#byText.clear();
    this.#byText.set(key, compiled);
    this.#byList.set(list, compiled);
    return compiled;
  }
}

const keyOf = ({ group, kind }: Pick<GroupVersionKind, "group" | "kind">): string => `${group}/${kind}`;

function compileAll(list: readonly HealthExpression[]): KindHealths {
  const healths = new Map<string, KindHealth>();
  for (const [at, entry] of list.entries()) {
    const key = keyOf({ ...parseApiVersion(entry.apiVersion), kind: entry.kind });
    if (healths.has(key)) continue;
    const place = `health.expressions[${at}]`;
    const steps = FIELDS.flatMap((field) => {
      const source = entry[field];
      return source === undefined ? [] : [{ field, compiled: tryCompile(source) }];
    });
    healths.set(key, {
      digest: sha256(JSON.stringify(entry), 16),
      judge: (object) => judgeBy(steps, place, object),
    });
  }
  return healths;
}

type Step = { readonly field: Field; readonly compiled: Expression | string };

function judgeBy(steps: readonly Step[], place: string, object: RawObject): ObjectHealth {
  const behind = unobserved(object);
  if (behind) return behind;
  const variables = variablesOf({ ...object });
  for (const { field, compiled } of steps) {
    if (typeof compiled === "string") return { status: "Unknown", message: `${place}.${field} ${compiled}` };
    try {
      if (compiled.evaluate(variables)) return healthBy(field, place, object);
    } catch (error) {
      if (!(error instanceof ExpressionError)) throw error;
      return progressing(`${place}.${field}: ${error.message}`);
    }
  }
  return progressing(describe(`none of ${place} is true`, object));
}

function healthBy(field: Field, place: string, object: RawObject): ObjectHealth {
  if (field === "current") return HEALTHY;
  const message = describe(`${place}.${field} is true`, object);
  if (field === "failed") return degraded(message);
  return field === "suspended" ? suspended(message) : progressing(message);
}

/** Adds what the condition Ready says, if it is not True. */
function describe(what: string, object: RawObject): string {
  const ready = condition(statusOf(object), "Ready");
  return ready === undefined || ready.status === "True" ? what : `${what}: ${text(ready)}`;
}
