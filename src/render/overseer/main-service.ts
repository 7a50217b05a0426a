import type { ServiceFacts } from "./compose/check.js";

/** Names of the services that run. */
export function running(facts: ReadonlyMap<string, ServiceFacts>): string[] {
  return [...facts].flatMap(([name, { runs }]) => (runs ? [name] : []));
}

/** The service that an app is about: the only one, or the one named like the app; undefined when it cannot be told. */
export function mainService(app: string, services: readonly string[]): string | undefined {
  return services.length === 1 ? services[0] : services.find((service) => service === app);
}
