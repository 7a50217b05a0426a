import type { ServiceFacts } from "./compose/check.js";

type Facts = ReadonlyMap<string, ServiceFacts>;

/** Names of the services that run. */
export function running(facts: Facts): string[] {
  return [...facts].flatMap(([name, { runs }]) => (runs ? [name] : []));
}

/** The service that an app is about. */
export interface MainService {
  readonly name: string;
  /** It is not the only service, and not named like the app: only its ports tell. */
  readonly guessed: boolean;
}

/**
 * The service that an app is about: the only one, the one named like the app, or the only one with `ports`; undefined when it
 * cannot be told.
 */
export function mainService(app: string, facts: Facts): MainService | undefined {
  const names = running(facts);
  const sure = names.length === 1 ? names[0] : names.find((name) => name === app);
  if (sure !== undefined) return { name: sure, guessed: false };
  const [only, second] = names.filter((name) => facts.get(name)?.hasPorts);
  return only !== undefined && second === undefined ? { name: only, guessed: true } : undefined;
}
