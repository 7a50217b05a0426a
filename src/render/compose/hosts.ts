import { type FieldPath, showPath } from "../../manifest/field-path.js";
import { isRecord } from "../../manifest/shape.js";
import type { Mapping } from "../overseer/compose/shape.js";
import type { Reporter } from "../overseer/reporter.js";
import { warn } from "./findings.js";
import { serviceName } from "./names.js";
import { isTrue, mappingOf } from "./values.js";

/** Fields of a service that can contain names of other services. */
const REFERRING = ["environment", "command", "entrypoint", "healthcheck"] as const;

/** Maximum number of places in a message. */
const MAX_PLACES = 5;

/** Names of services as Kubernetes accepts them, and the document with rewritten references to those that are changed. */
export interface HostNames {
  readonly dns: ReadonlyMap<string, string>;
  readonly services: ReadonlyMap<string, Mapping>;
}

/**
 * Gives each service a name for DNS. A name that is not valid there, like `app_db`, is changed. If other services use it as a
 * host name, these places are rewritten if they are host names for certain. Otherwise that is a problem, unless
 * `x-overseer.rewriteHosts` permits to rewrite them.
 */
export function hostNames(compose: Mapping, services: ReadonlyMap<string, Mapping>, report: Reporter): HostNames {
  const dns = new Map<string, string>();
  const owners = new Map<string, string>();
  for (const name of services.keys()) {
    const wanted = serviceName(name);
    const other = owners.get(wanted);
    if (other !== undefined)
      report.at("services", name).problem(`has the same name in DNS as ${other}: ${wanted}; rename one of the two`);
    owners.set(wanted, name);
    dns.set(name, wanted);
  }
  const changed = [...dns].filter(([name, wanted]) => name !== wanted && name.toLowerCase() !== wanted);
  const rewrites = isTrue(mappingOf(compose["x-overseer"]).rewriteHosts);
  let result: ReadonlyMap<string, Mapping> = services;
  for (const [name, wanted] of changed) {
    const places = placesOf(name, result);
    if (places.length === 0) continue;
    const isCertain = places.every((path) => isHostField(path, textAt(result, path), name));
    const at = report.at("services", name);
    const where = places.slice(0, MAX_PLACES).map(showPath).join(", ");
    const more = places.length > MAX_PLACES ? ` and ${places.length - MAX_PLACES} more` : "";
    if (rewrites || isCertain) {
      warn(at, `is named ${wanted} in DNS; rewritten in ${where}${more}`);
      result = rewriteHosts(name, wanted, result);
    } else
      at.problem(
        `is no host name in Kubernetes, and is used in ${where}${more}: rename it to ${wanted}, or set x-overseer.rewriteHosts: true in the Compose document`,
      );
  }
  return { dns, services: result };
}

/** Returns the places where other services than `own` use a name as a host name. */
export function placesOf(name: string, services: ReadonlyMap<string, Mapping>, own = name): FieldPath[] {
  const pattern = hostPattern(name);
  const found: FieldPath[] = [];
  for (const [other, service] of services) {
    if (other === own) continue;
    const look = (value: unknown, path: FieldPath): void => {
      if (typeof value === "string" && value.includes(name)) {
        if (value.search(pattern) >= 0) found.push(path);
      } else if (Array.isArray(value)) value.forEach((item, index) => void look(item, [...path, index]));
      else if (isRecord(value)) for (const [key, child] of Object.entries(value)) look(child, [...path, key]);
    };
    for (const field of REFERRING) look(service[field], ["services", other, field]);
  }
  return found;
}

/** Names of variables whose value is a host name or address. */
const HOST_VARIABLE = /HOST|SERVER|ADDR|URL|URI|ENDPOINT|DSN|BROKER|NODES?$|PEER/i;

/** Whether a text uses a name as a host for certain: in a URL, before a port, or as the value of a variable for hosts. */
function isHostField(path: FieldPath, text: string, name: string): boolean {
  const [variable = "", ...rest] = path[2] === "environment" ? splitVariable(path, text) : ["", text];
  const value = rest.join("=");
  if (value === name) return HOST_VARIABLE.test(variable);
  const escaped = name.replaceAll(/[^A-Za-z0-9_]/g, "\\$&");
  const uses = [...value.matchAll(hostPattern(name))].length;
  const certain = [
    ...value.matchAll(
      new RegExp(`(?<=//(?:[^/@\\s]*@)?|@)${escaped}(?=$|[:/,;\\s"')])|(?<![\\w.-])${escaped}(?=:[0-9])`, "g"),
    ),
  ];
  return uses > 0 && certain.length === uses;
}

function splitVariable(path: FieldPath, text: string): readonly string[] {
  return typeof path[3] === "string" ? [path[3], text] : text.split("=");
}

function textAt(services: ReadonlyMap<string, Mapping>, [, service, ...path]: FieldPath): string {
  let value: unknown = services.get(String(service));
  for (const step of path) value = isRecord(value) || Array.isArray(value) ? (value as Mapping)[step] : undefined;
  return typeof value === "string" ? value : "";
}

/**
 * Matches a name in the place of a host: after `//`, `@`, `=`, a comma or a blank, and before `:`, `/`, a comma or the end. So the
 * name of a database in the path of a URL is not one.
 */
function hostPattern(name: string): RegExp {
  const escaped = name.replaceAll(/[^A-Za-z0-9_]/g, "\\$&");
  return new RegExp(`(?<=^|//|[@=,;\\s"'(])${escaped}(?=$|[:/,;\\s"')])`, "g");
}

function rewriteHosts(
  name: string,
  wanted: string,
  services: ReadonlyMap<string, Mapping>,
): ReadonlyMap<string, Mapping> {
  const pattern = hostPattern(name);
  const rewrite = (value: unknown): unknown => {
    if (typeof value === "string") return value.replaceAll(pattern, wanted);
    if (Array.isArray(value)) return value.map(rewrite);
    return isRecord(value)
      ? Object.fromEntries(Object.entries(value).map(([key, child]) => [key, rewrite(child)]))
      : value;
  };
  return new Map(
    [...services].map(([other, service]) => {
      if (other === name) return [other, service];
      const fields = REFERRING.filter((field) => service[field] !== undefined);
      return [other, { ...service, ...Object.fromEntries(fields.map((field) => [field, rewrite(service[field])])) }];
    }),
  );
}
