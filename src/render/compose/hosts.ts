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
  const changed = new Map([...dns].filter(([name, wanted]) => name !== wanted && name.toLowerCase() !== wanted));
  if (changed.size === 0) return { dns, services };
  const rewrites = isTrue(mappingOf(compose["x-overseer"]).rewriteHosts);
  const uses = hostUses(services, new Set(changed.keys()));
  const rewritten = new Map<string, string>();
  for (const [name, wanted] of changed) {
    const places = (uses.get(name) ?? []).filter(({ service }) => service !== name);
    const at = report.at("services", name);
    if (places.length === 0) {
      warn(at, `is named ${wanted} in DNS: write this name where files or other apps use it`);
      continue;
    }
    const where = places.slice(0, MAX_PLACES).map(({ path }) => showPath(path));
    const more = places.length > MAX_PLACES ? ` and ${places.length - MAX_PLACES} more` : "";
    if (rewrites || places.every(({ isCertain }) => isCertain)) {
      warn(at, `is named ${wanted} in DNS; rewritten in ${where.join(", ")}${more}`);
      rewritten.set(name, wanted);
    } else
      at.problem(
        `is no host name in Kubernetes, and is used in ${where.join(", ")}${more}: rename it to ${wanted}, or set x-overseer.rewriteHosts: true in the Compose document`,
      );
  }
  return { dns, services: rewritten.size === 0 ? services : rewriteHosts(rewritten, services) };
}

/** A field of a service that uses a name as a host name. */
export interface HostUse {
  /** The service that the field is of. */
  readonly service: string;
  readonly path: FieldPath;
  /** Whether the name is a host for certain there: in a URL, before a port, or as the value of a variable for hosts. */
  readonly isCertain: boolean;
}

/** Returns the fields that use one of `names` as a host name, in one pass over all services. */
export function hostUses(
  services: ReadonlyMap<string, Mapping>,
  names: ReadonlySet<string>,
): ReadonlyMap<string, readonly HostUse[]> {
  const found = new Map<string, HostUse[]>();
  for (const [service, fields] of services) {
    const look = (value: unknown, path: FieldPath): void => {
      if (typeof value === "string")
        for (const [name, isCertain] of hostsIn(value, path, names)) {
          const uses = found.get(name) ?? [];
          uses.push({ service, path, isCertain });
          found.set(name, uses);
        }
      else if (Array.isArray(value)) value.forEach((item, index) => void look(item, [...path, index]));
      else if (isRecord(value)) for (const [key, child] of Object.entries(value)) look(child, [...path, key]);
    };
    for (const field of REFERRING) look(fields[field], ["services", service, field]);
  }
  return found;
}

/** Names of variables whose value is a host name or address. */
const HOST_VARIABLE = /HOST|SERVER|ADDR|URL|URI|ENDPOINT|DSN|BROKER|NODES?$|PEER/i;

/**
 * A name in the place of a host: after `//`, `@`, `=`, a comma or a blank, and before `:`, `/`, a comma or the end. So the name of a
 * database in the path of a URL is not one.
 */
const HOST = /(?<=^|\/\/|[@=,;\s"'(])[A-Za-z0-9._-]+(?=$|[:/,;\s"')])/g;

/** Returns the names that a text uses as hosts, each with whether all of its uses are certain. */
function hostsIn(text: string, path: FieldPath, names: ReadonlySet<string>): ReadonlyMap<string, boolean> {
  const found = new Map<string, boolean>();
  const [variable = "", ...rest] = path[2] !== "environment" ? ["", text] : splitVariable(path, text);
  const isAlone = names.has(rest.join("="));
  for (const { 0: name, index } of text.matchAll(HOST)) {
    if (!names.has(name)) continue;
    const before = text.slice(Math.max(0, index - 2), index);
    const after = text.slice(index + name.length, index + name.length + 2);
    const isCertain = isAlone ? HOST_VARIABLE.test(variable) : /\/\/$|@$/.test(before) || /^:[0-9]/.test(after);
    found.set(name, isCertain && found.get(name) !== false);
  }
  return found;
}

function splitVariable(path: FieldPath, text: string): readonly string[] {
  return typeof path[3] === "string" ? [path[3], text] : text.split("=");
}

/** Replaces names that other services use as hosts. */
function rewriteHosts(
  names: ReadonlyMap<string, string>,
  services: ReadonlyMap<string, Mapping>,
): ReadonlyMap<string, Mapping> {
  return new Map(
    [...services].map(([own, service]) => {
      const rewrite = (value: unknown): unknown => {
        if (typeof value === "string")
          return value.replaceAll(HOST, (name) => (name === own ? name : (names.get(name) ?? name)));
        if (Array.isArray(value)) return value.map(rewrite);
        return isRecord(value)
          ? Object.fromEntries(Object.entries(value).map(([key, child]) => [key, rewrite(child)]))
          : value;
      };
      const fields = REFERRING.filter((field) => service[field] !== undefined);
      return [own, { ...service, ...Object.fromEntries(fields.map((field) => [field, rewrite(service[field])])) }];
    }),
  );
}
