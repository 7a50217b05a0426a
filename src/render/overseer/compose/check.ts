import { isRecord } from "../../../manifest/shape.js";
import { nameOfValue } from "../describe-issue.js";
import type { Reporter } from "../reporter.js";
import { checkConsistency } from "./consistency.js";
import { checkDependencies, runs } from "./dependencies.js";
import { TOP_LEVEL_KEYS } from "./keys.js";
import { checkMounts, type Mount } from "./mounts.js";
import { checkPorts, type PublishedPort } from "./ports.js";
import { checkReferences, checkSources } from "./references.js";
import { checkResources } from "./resource-forms.js";
import { checkService } from "./service.js";
import { checkKeys, type Mapping } from "./shape.js";

/** What the rest of the expansion needs to know of a service. */
export interface ServiceFacts {
  /** TCP ports that its containers listen on, as far as the document says. */
  readonly ports: readonly number[];
  /** Whether it has `ports`, which those have that are meant to be reached from outside. */
  readonly hasPorts: boolean;
  /** Ports of the node that it takes. */
  readonly published: readonly PublishedPort[];
  readonly mounts: readonly Mount[];
  /** Whether it runs: it does not when it has profiles, of which a node turns none on. */
  readonly runs: boolean;
}

/**
 * The checks of Compose that can fail early with a clear message; what is not looked at here is for Compose on the node
 * to judge. `compose` has its variables filled in, `written` are the documents before that. All problems are reported. Facts
 * are given by name of the service.
 */
export function checkCompose(
  compose: Mapping,
  written: readonly { readonly value: Mapping }[],
  report: Reporter,
): ReadonlyMap<string, ServiceFacts> {
  checkKeys(compose, TOP_LEVEL_KEYS, report);
  if (compose.version !== undefined) report.at("version").note("Compose ignores it; it is left out");
  if (compose.name !== undefined) report.at("name").note("is left out: the project is named after the app");
  const { include } = compose;
  if (include !== undefined && include !== null && !(Array.isArray(include) && include.length === 0)) {
    report.at("include").problem("other files are not read by this version; write their services out");
  }
  checkResources(compose, report);
  checkSources(compose, report);
  const services = servicesOf(compose, report);
  const facts = new Map<string, ServiceFacts>();
  for (const [name, service] of services) {
    const at = report.at("services", name);
    checkService(name, service, at);
    const ports = checkPorts(service, at);
    const mounts = checkMounts(service, writtenMounts(written, name), at);
    checkConsistency(service, mounts, at);
    facts.set(name, {
      ports: ports.container,
      hasPorts: Array.isArray(service.ports) && service.ports.length > 0,
      published: ports.published,
      mounts,
      runs: runs(service),
    });
  }
  checkReferences(compose, services, report);
  checkDependencies(services, report.at("services"));
  return facts;
}

function servicesOf(compose: Mapping, report: Reporter): ReadonlyMap<string, Mapping> {
  const { services } = compose;
  const at = report.at("services");
  if (services === undefined || !isRecord(services)) {
    at.problem(
      services === undefined
        ? "is missing: the services of the app"
        : `expected a mapping, found ${nameOfValue(services)}`,
    );
    return new Map();
  }
  const all = Object.entries(services);
  if (all.length === 0) at.problem("is empty: expected at least one service");
  return new Map(
    all.flatMap(([name, service]): [string, Mapping][] => {
      if (isRecord(service)) return [[name, service]];
      at.at(name).problem(`expected a mapping, found ${nameOfValue(service)}`);
      return [];
    }),
  );
}

/** The mounts of a service as they are written; undefined when they come from several places. */
function writtenMounts(written: readonly { readonly value: Mapping }[], name: string): unknown {
  const [first] = written;
  const services = written.length === 1 && isRecord(first?.value.services) ? first.value.services : {};
  const service = services[name];
  return isRecord(service) && service.extends === undefined ? service.volumes : undefined;
}
