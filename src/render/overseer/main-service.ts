import type { ServiceFacts } from "./compose/check.js";

type Facts = ReadonlyMap<string, ServiceFacts>;

/** Returns the names of the services that run. */
export function running(facts: Facts): string[] {
  return [...facts].flatMap(([name, { runs }]) => (runs ? [name] : []));
}

/** The main service of an app. */
export interface MainService {
  readonly name: string;
  /** True if the service was selected only because it is the only one with ports. */
  readonly guessed: boolean;
}

/**
 * Returns the main service of an app: the only service, the service named like the app, or the only service with `ports`.
 * Undefined if it is ambiguous.
 */
export function mainService(app: string, facts: Facts): MainService | undefined {
  const names = running(facts);
  const sure = names.length === 1 ? names[0] : names.find((name) => name === app);
  if (sure !== undefined) return { name: sure, guessed: false };
  const [only, second] = names.filter((name) => facts.get(name)?.hasPorts);
  return only !== undefined && second === undefined ? { name: only, guessed: true } : undefined;
}
