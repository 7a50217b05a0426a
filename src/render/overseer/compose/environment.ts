import { isRecord } from "../../../manifest/shape.js";
import { nameOfValue } from "../describe-issue.js";
import { SUPPLY } from "../interpolate-tree.js";
import type { Reporter } from "../reporter.js";

/** Valid names of variables that are passed through. */
const VARIABLE = /^[A-Za-z_][A-Za-z0-9_.-]*$/;

/**
 * Validates `environment` of a service and resolves names without a value: they get the value of the variable or are omitted.
 * Otherwise Compose on the node would use the environment of the node agent. `fill` returns the escaped value of a variable.
 */
export function resolveEnvironment(
  environment: unknown,
  fill: (name: string) => string | undefined,
  report: Reporter,
): unknown {
  const pass = (name: string, at: Reporter): string | undefined => {
    if (!VARIABLE.test(name)) {
      // The item is not quoted: if the "=" is missing, it contains the value.
      at.problem("expected NAME=value, or the name of a variable to pass on: letters, digits, and _ . -");
      return undefined;
    }
    const value = fill(name);
    if (value === undefined) at.note(`${name} is omitted: it has no value here or in ${SUPPLY}`);
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
