import { expressionProblem } from "../../../destinations/kubernetes/health/expressions.js";
import type { Problem } from "../outcome.js";
import type { AppRun } from "../run.js";

/** Returns what is wrong with the spec of an app that its schema cannot tell; undefined if nothing is. */
export function specProblem({ app }: Pick<AppRun, "app">): Problem | undefined {
  const message = expressionProblem(app.spec.health?.expressions ?? []);
  return message === undefined ? undefined : { stage: "Source", reason: "InvalidExpression", message, terminal: true };
}
