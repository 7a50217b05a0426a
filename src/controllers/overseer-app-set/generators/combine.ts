import { AppSetError } from "../app-set-error.js";
import type { Generated, ParameterSet } from "../parameters.js";

/** Maximum number of apps of one set. */
export const MAX_APPS = 5000;

/** Puts the parameters of a generator under a name, if it has one. */
export function under(name: string | undefined, sets: readonly ParameterSet[]): readonly ParameterSet[] {
  if (name === undefined) return sets;
  return sets.map(({ values, fromGit, ...rest }) => ({
    ...rest,
    values: { [name]: values },
    fromGit: new Set(fromGit.size > 0 ? [name] : []),
  }));
}

/**
 * Combines each set of parameters of one generator with each one of another.
 *
 * @throws AppSetError if both have a parameter of the same name, or if there are too many combinations.
 */
export function combine(field: string, first: Generated, second: Generated): Generated {
  const count = first.sets.length * second.sets.length;
  if (count > MAX_APPS) throw tooMany(field, count);
  const sets = first.sets.flatMap((one) => second.sets.map((other) => join(field, one, other)));
  return { field, sets, empty: [...first.empty, ...second.empty] };
}

/** Throws AppSetError if generators yield more apps than a set may have. */
export function limitApps(generated: readonly Generated[]): void {
  const count = generated.reduce((sum, { sets }) => sum + sets.length, 0);
  if (count > MAX_APPS) throw tooMany("spec.generators", count);
}

function join(field: string, one: ParameterSet, other: ParameterSet): ParameterSet {
  const both = Object.keys(one.values).find((name) => Object.hasOwn(other.values, name));
  if (both !== undefined) {
    throw new AppSetError(
      "GeneratorFailed",
      `${field}: both generators have the parameter ${both} (${one.origin}, ${other.origin}): set as in one of them, which puts its parameters under a name`,
    );
  }
  return {
    values: { ...one.values, ...other.values },
    fromGit: new Set([...one.fromGit, ...other.fromGit]),
    origin: `${one.origin} with ${other.origin}`,
    submodule: one.submodule ?? other.submodule,
  };
}

function tooMany(field: string, count: number): AppSetError {
  return new AppSetError(
    "GeneratorFailed",
    `${field} would make ${count} apps, more than ${MAX_APPS}: split the set into several`,
  );
}
