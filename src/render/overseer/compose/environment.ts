import { isRecord } from "../../../manifest/shape.js";
import { nameOfValue } from "../describe-issue.js";
import { SUPPLY } from "../interpolate-tree.js";
import type { Reporter } from "../reporter.js";

/** What may be the name of a variable that is passed on. */
const VARIABLE = /^[A-Za-z_][A-Za-z0-9_.-]*$/;

/**
 * Checks `environment` of a service and settles what is passed through: a name without a value takes that of the
 * variable, or is left out. Otherwise Compose on the node would fill in what the node's agent happens to have. `fill`
 * gives the value of a variable in the form of the result.
 */
export function resolveEnvironment(
  environment: unknown,
  fill: (name: string) => string | undefined,
  report: Reporter,
): unknown {
  const pass = (name: string, at: Reporter): string | undefined => {
    if (!VARIABLE.test(name)) {
      // Not quoted: after a forgotten "=" it holds the value, too.
      at.problem("expected NAME=value, or the name of a variable to pass on: letters, digits, and _ . -");
      return undefined;
    }
    const value = fill(name);
    if (value === undefined) at.note(`${name} is left out: it has no value here, and none in ${SUPPLY}`);
    return value;
  };
  if (Array.isArray(environment)) {
    return environment.flatMap((item: unknown, index) => {
      const at = report.at(index);
      if (typeof item !== "string") {
        at.problem(`expected text like NAME=value, found ${nameOfValue(item)}`);
        return [item];
      }
      if (item.includes("=")) return [item];
      const value = pass(item, at);
      return value === undefined ? [] : [`${item}=${value}`];
    });
  }
  if (!isRecord(environment)) {
    report.problem(`expected a mapping or a list, found ${nameOfValue(environment)}`);
    return environment;
  }
  const settled = Object.entries(environment).flatMap(([name, value]): [string, unknown][] => {
    const at = report.at(name);
    if (typeof value === "object" && value !== null) {
      at.problem(`expected text, a number, or true or false, found ${nameOfValue(value)}`);
    }
    if (value !== null) return [[name, value]];
    const passed = pass(name, at);
    return passed === undefined ? [] : [[name, passed]];
  });
  return Object.fromEntries(settled);
}
