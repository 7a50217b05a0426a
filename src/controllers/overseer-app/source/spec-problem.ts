import { expressionProblem } from "../../../destinations/kubernetes/health/expressions.js";
import { celPathProblem } from "../../../manifest/ignored/ignored-fields.js";
import { metadataFault } from "../../../render/common-metadata.js";
import type { Problem } from "../outcome.js";
import type { AppRun } from "../run.js";

/** Returns what is wrong with the spec of an app that its schema cannot tell; undefined if nothing is. */
export function specProblem({ app }: Pick<AppRun, "app">): Problem | undefined {
  const message =
    expressionProblem(app.spec.health?.expressions ?? []) ?? celPathProblem(app.spec.sync?.ignoreDifferences ?? []);
  if (message !== undefined) return { stage: "Source", reason: "InvalidExpression", message, terminal: true };
  const fault = metadataFault("sync.createNamespace", app.spec.sync?.createNamespace ?? {});
  return fault === undefined
    ? undefined
    : { stage: "Source", reason: "UnsupportedSource", message: `spec.${fault}`, terminal: true };
}
