import type { Lookup } from "../overseer/interpolate.js";
import type { Reporter } from "../overseer/reporter.js";
import { partsOf } from "./text.js";
import { pairsOf } from "./values.js";

/**
 * Returns the lookup of variables in `env_file` of a service. As in Compose, those of the project take precedence, then those in
 * `environment` of the service. Reports a problem for one whose value contains a secret, which cannot be part of a value in the file.
 */
export function envFileLookup(project: Lookup, environment: unknown, report: Reporter): Lookup {
  const own = new Map(pairsOf(environment).flatMap(({ name, value }) => (value === undefined ? [] : [[name, value]])));
  return (name) => {
    const found = project(name);
    const value = found === undefined ? own.get(name) : undefined;
    if (value === undefined) return found;
    const parts = partsOf(value);
    if (parts.some((part) => "secret" in part))
      report.problem(
        `a value refers to ${name.slice(0, 60)}, which contains a secret in environment: write the variable in environment instead`,
      );
    return parts.map((part) => ("text" in part ? part.text : "")).join("");
  };
}
