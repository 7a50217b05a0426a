import type { AppDocument } from "../../api/documents/app.js";
import type { ServiceFacts } from "./compose/check.js";
import { doesNotRun, noService } from "./compose/dependencies.js";
import type { Expanded } from "./expanded.js";
import { mainService, running } from "./main-service.js";
import type { Reporter } from "./reporter.js";

/** Port of a route if neither the route nor the service declares one. */
const DEFAULT_PORT = 80;

type Facts = ReadonlyMap<string, ServiceFacts>;
type WrittenRoute = NonNullable<AppDocument["spec"]["routes"]>[number];

/** Expands the routes of an app. A domain without routes is one route. `report` is the reporter of the spec. */
export function appRoutes({ metadata, spec }: AppDocument, facts: Facts, report: Reporter): Expanded[] {
  if (running(facts).length === 0) return [];
  const { domain, routes } = spec;
  if (routes === undefined) {
    return domain === undefined
      ? []
      : oneRoute(metadata.name, domain, { path: "/", tls: true }, facts, report.at("domain"));
  }
  return routes.flatMap((route, index) => {
    const at = report.at("routes", index);
    const host = route.host ?? domain;
    if (host !== undefined) return oneRoute(metadata.name, host, route, facts, at);
    at.problem("has no host: set host, or spec.domain for all routes");
    return [];
  });
}

function oneRoute(app: string, host: string, route: WrittenRoute, facts: Facts, report: Reporter): Expanded[] {
  const service = serviceOf(app, route, facts, report);
  if (service === undefined) return [];
  const { path, tls, auth } = route;
  const port = portOf(service, route, facts, report);
  const spec = { host, path, app, target: `${service}:${port}`, tls, auth };
  return [{ object: { kind: "Route", name: `${host}${path.toLowerCase()}`, spec }, report }];
}

function serviceOf(app: string, { service }: WrittenRoute, facts: Facts, report: Reporter): string | undefined {
  if (service !== undefined) {
    const found = facts.get(service);
    if (found?.runs) return service;
    report.at("service").problem(found === undefined ? noService(service, [...facts.keys()]) : doesNotRun(service));
    return undefined;
  }
  const main = mainService(app, facts);
  if (main === undefined) {
    const names = running(facts).slice(0, 10).join(", ");
    report.problem(`the target service is ambiguous: none of ${names} is named like the app; set service in a route`);
  } else if (main.guessed) report.note(`routes to the service ${main.name}, the only one with ports`);
  return main?.name;
}

function portOf(service: string, { port }: WrittenRoute, facts: Facts, report: Reporter): number {
  const [first] = facts.get(service)?.ports ?? [];
  if (port !== undefined) return port;
  if (first === undefined) report.note(`the service ${service} declares no port: the route uses port ${DEFAULT_PORT}`);
  return first ?? DEFAULT_PORT;
}
