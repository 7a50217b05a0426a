import { isRecord } from "../../../manifest/shape.js";
import { closest } from "../../closest.js";
import type { Reporter } from "../reporter.js";
import { noService } from "./dependencies.js";
import type { Runtime } from "./runtime.js";
import { isRelativePath, listAt, type Mapping, mappingAt, namesIn } from "./shape.js";

/** Validates that networks, secrets, configs, models and services that a service references exist. */
export function checkReferences(compose: Mapping, services: ReadonlyMap<string, Mapping>, report: Reporter): void {
  for (const field of ["networks", "secrets", "configs", "models"] as const) {
    const defined = new Set(Object.keys(isRecord(compose[field]) ? compose[field] : {}));
    for (const [name, service] of services) {
      for (const { reference, at } of used(service, field, report.at("services", name, field))) {
        if (defined.has(reference) || (field === "networks" && reference === "default")) continue;
        at.problem(() => notDefined(field, reference, [...defined]));
      }
    }
  }
  checkNetworkModes(services, report.at("services"));
  checkShared(services, report.at("services"));
  checkLinks(services, report.at("services"));
}

function used(
  service: Mapping,
  field: string,
  report: Reporter,
): readonly { readonly reference: string; readonly at: Reporter }[] {
  const value = service[field];
  const plain = namesIn(value).map(({ name, step }) => ({ reference: name, at: report.at(step) }));
  if (!Array.isArray(value)) return field === "networks" || field === "models" ? plain : [];
  const long = value.flatMap((item: unknown, index) =>
    isRecord(item) && typeof item.source === "string"
      ? [{ reference: item.source, at: report.at(index, "source") }]
      : [],
  );
  return [...plain, ...long];
}

function notDefined(field: string, name: string, defined: readonly string[]): string {
  const near = closest(name, defined);
  const hint = near === undefined ? `define it in top-level ${field}` : `did you mean ${near}?`;
  return `${JSON.stringify(name.slice(0, 100))} is not defined; ${hint}`;
}

function checkNetworkModes(services: ReadonlyMap<string, Mapping>, report: Reporter): void {
  for (const [name, { network_mode: mode, networks }] of services) {
    if (typeof mode !== "string") continue;
    const at = report.at(name, "network_mode");
    if (networks !== undefined && networks !== null) at.problem("excludes networks; remove one of the two");
  }
}

/** Validates the service in `network_mode`, `pid` and `ipc` of the form `service:name`. */
function checkShared(services: ReadonlyMap<string, Mapping>, report: Reporter): void {
  for (const [name, service] of services) {
    for (const field of ["network_mode", "pid", "ipc"] as const) {
      const [, other] = /^service:(.*)$/.exec(String(service[field])) ?? [];
      if (other === undefined || services.has(other)) continue;
      report.at(name, field).problem(() => {
        const near = closest(other, [...services.keys()]);
        return `names a service that does not exist${near === undefined ? "" : `; did you mean ${near}?`}`;
      });
    }
  }
}

/** Validates the services in `links` and `volumes_from`, whose items are `service:suffix`. */
function checkLinks(services: ReadonlyMap<string, Mapping>, report: Reporter): void {
  for (const [name, service] of services) {
    for (const field of ["links", "volumes_from"] as const) {
      listAt(service, field, report.at(name)).forEach((item, index) => {
        const [other = ""] = String(item).split(":");
        if (services.has(other) || (field === "volumes_from" && other === "container")) return;
        report.at(name, field, index).problem(() => noService(other, [...services.keys()]));
      });
    }
  }
}

/** Sources of secrets and configs that are not external. */
const SOURCES = { secrets: ["file", "environment"], configs: ["file", "environment", "content"] } as const;

/** Validates the sources of top-level secrets and configs. Repository files and variables are not available on a node. */
export function checkSources(compose: Mapping, report: Reporter, runtime: Runtime): void {
  for (const field of ["secrets", "configs"] as const) {
    const all = mappingAt(compose, field, report) ?? {};
    for (const name of Object.keys(all)) {
      const one = mappingAt(all, name, report.at(field));
      const at = report.at(field, name);
      if (one === undefined) continue;
      checkOrigin(one, SOURCES[field], at);
      if (runtime === "cluster") continue;
      if (typeof one.file === "string" && isRelativePath(one.file)) {
        at.at("file").problem(
          "relative path: the repository's files are not on the node; use an absolute path, or configs.content",
        );
      }
      if (one.environment !== undefined) {
        at.at("environment").problem(
          "is not supported: nodes have no environment variables; use content: ${NAME} in configs",
        );
      }
    }
  }
}

/** Validates that a secret or config has exactly one source or is external. */
function checkOrigin(one: Mapping, sources: readonly string[], report: Reporter): void {
  const [, second] = sources.filter((key) => one[key] !== undefined);
  if (second !== undefined) report.at(second).problem(`expected only one of ${sources.join(", ")}`);
  const isGiven = [...sources, "external"].some((key) => one[key] !== undefined);
  if (!isGiven) report.problem(`expected one of ${[...sources, "external"].join(", ")}`);
}
