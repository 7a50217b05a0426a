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
import type { Runtime } from "./runtime.js";
import { checkService } from "./service.js";
import { checkKeys, type Mapping } from "./shape.js";

/** Facts about a service that later steps need. */
export interface ServiceFacts {
  /** Declared TCP ports of its containers. */
  readonly ports: readonly number[];
  /** Whether the service has `ports`, that is, is exposed to the outside. */
  readonly hasPorts: boolean;
  /** Host ports that it publishes. */
  readonly published: readonly PublishedPort[];
  readonly mounts: readonly Mount[];
  /** Whether the service runs. Services with profiles do not. */
  readonly runs: boolean;
}

/**
 * Validates an interpolated Compose document and returns facts by service name. Reports all problems. `written` are the
 * documents before interpolation. Compose on the node validates what is not checked here.
 */
export function checkCompose(
  compose: Mapping,
  written: readonly { readonly value: Mapping }[],
  report: Reporter,
  runtime: Runtime = "node",
): ReadonlyMap<string, ServiceFacts> {
  checkKeys(compose, TOP_LEVEL_KEYS, report);
  if (compose.version !== undefined) report.at("version").note("is ignored, as in Compose");
  if (compose.name !== undefined) report.at("name").note("is ignored: the project is named after the app");
  checkResources(compose, report);
  checkSources(compose, report, runtime);
  const services = servicesOf(compose, report);
  const facts = new Map<string, ServiceFacts>();
  for (const [name, service] of services) {
    const at = report.at("services", name);
    checkService(name, service, at, runtime);
    const ports = checkPorts(service, at);
    const mounts = checkMounts(service, writtenMounts(written, name), at, runtime);
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

/** Returns the `volumes` of a service before interpolation, unless several definitions are merged. */
function writtenMounts(written: readonly { readonly value: Mapping }[], name: string): unknown {
  const [first] = written;
  const services = written.length === 1 && isRecord(first?.value.services) ? first.value.services : {};
  const service = services[name];
  return isRecord(service) && service.extends === undefined ? service.volumes : undefined;
}
