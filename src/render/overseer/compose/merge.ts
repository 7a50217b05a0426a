import { isRecord } from "../../../manifest/shape.js";
import { isReset, overrideOf } from "./merge-tags.js";
import type { Mapping } from "./shape.js";

/** Merges two values of one field: `value` overrides `onto`. Both are defined. */
type Rule = (onto: unknown, value: unknown) => unknown;

const replace: Rule = (_, value) => value;

/** Merges mappings, and lists of `NAME=value`, by name. */
const byName: Rule = (onto, value) => {
  const [before, after] = [asMapping(onto), asMapping(value)];
  return before === undefined || after === undefined ? value : mergeMappings(before, after, () => replace);
};

/** Concatenates strings or lists of strings without duplicates. */
const united: Rule = (onto, value) => {
  const all = [...asList(onto), ...asList(value)];
  return all.filter((item, index) => typeof item === "object" || all.indexOf(item) === index);
};

/** Merges lists whose items are identified by `keyOf`. */
const keyed =
  (keyOf: (item: unknown) => string): Rule =>
  (onto, value) => {
    const items = new Map<string, unknown>();
    for (const item of [...asList(onto), ...asList(value)]) items.set(keyOf(item), item);
    return [...items.values()];
  };

/** Merge rules of service fields that differ from the default rule. */
const SERVICE_RULES: Readonly<Record<string, Rule>> = {
  command: replace,
  entrypoint: replace,
  environment: byName,
  labels: byName,
  annotations: byName,
  sysctls: byName,
  extra_hosts: united,
  depends_on: (onto, value) => mergeMappings(conditions(onto), conditions(value), () => merge),
  networks: (onto, value) => mergeMappings(options(onto), options(value), () => merge),
  ulimits: (onto, value) => (isRecord(onto) && isRecord(value) ? mergeMappings(onto, value, () => replace) : value),
  logging: (onto, value) => (sameDriver(onto, value) ? merge(onto, value) : value),
  healthcheck: (onto, value) =>
    isRecord(onto) && isRecord(value) ? mergeMappings(onto, value, (key) => (key === "test" ? replace : merge)) : value,
  build: (onto, value) =>
    mergeMappings(build(onto), build(value), (key) => (key === "args" || key === "labels" ? byName : merge)),
  deploy: (onto, value) =>
    isRecord(onto) && isRecord(value)
      ? mergeMappings(onto, value, (key) => (key === "labels" ? byName : merge))
      : value,
  ports: keyed(portKey),
  volumes: keyed(mountKey),
  devices: keyed(mountKey),
  secrets: keyed((item) => grantKey(item, "/run/secrets/")),
  configs: keyed((item) => grantKey(item, "/")),
  env_file: keyed((item) => (isRecord(item) ? String(item.path) : String(item))),
  expose: keyed((item) => String(item)),
  dns: united,
  dns_search: united,
  dns_opt: united,
  tmpfs: united,
  label_file: united,
};

/** Merges `service` over `onto` by the rules of Compose. */
export function mergeService(onto: Mapping, service: Mapping): Mapping {
  return mergeMappings(onto, service, (key) => SERVICE_RULES[key] ?? merge);
}

/** Merges `document` over `onto` like Compose merges several files. */
export function mergeDocuments(onto: Mapping, document: Mapping): Mapping {
  return mergeMappings(onto, document, (key) => (key === "services" ? mergeServices : merge));
}

const mergeServices: Rule = (onto, value) =>
  isRecord(onto) && isRecord(value)
    ? mergeMappings(
        onto,
        value,
        () => (one, other) => (isRecord(one) && isRecord(other) ? mergeService(one, other) : other),
      )
    : value;

/** Default rule: merges mappings by key, concatenates lists and replaces other values. */
function merge(onto: unknown, value: unknown): unknown {
  if (isRecord(onto) && isRecord(value)) return mergeMappings(onto, value, () => merge);
  return Array.isArray(onto) && Array.isArray(value) ? united(onto, value) : value;
}

function mergeMappings(onto: Mapping, value: Mapping, ruleOf: (key: string) => Rule): Mapping {
  const result = new Map(Object.entries(onto));
  for (const [key, child] of Object.entries(value)) {
    const before = result.get(key);
    const override = overrideOf(child);
    const rule = ruleOf(key);
    if (isReset(child)) result.delete(key);
    else if (override !== undefined) result.set(key, override.content);
    else if (before === undefined || before === null || rule === replace) result.set(key, child);
    // As in Compose, a key without a value keeps the existing value.
    else if (child !== null) result.set(key, rule(before, child));
  }
  return Object.fromEntries(result);
}

function asList(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : value === null || value === undefined ? [] : hosts(value);
}

/** Converts an `extra_hosts` mapping to a list; wraps any other value in a list. */
function hosts(value: unknown): readonly unknown[] {
  if (!isRecord(value)) return [value];
  return Object.entries(value).flatMap(([name, address]) =>
    (Array.isArray(address) ? address : [address]).map((one: unknown) => `${name}=${String(one)}`),
  );
}

/** Converts a list of `NAME=value` to a mapping. Undefined for other values. */
function asMapping(value: unknown): Mapping | undefined {
  if (isRecord(value)) return value;
  if (!Array.isArray(value) || value.some((item) => typeof item !== "string")) return undefined;
  return Object.fromEntries(
    (value as string[]).map((item) => {
      const at = item.indexOf("=");
      return at < 0 ? [item, null] : [item.slice(0, at), item.slice(at + 1)];
    }),
  );
}

/** Converts `depends_on` to a mapping. */
function conditions(value: unknown): Mapping {
  const started = { condition: "service_started", required: true };
  if (isRecord(value)) return value;
  return Object.fromEntries(asList(value).map((name) => [String(name), started]));
}

function options(value: unknown): Mapping {
  return isRecord(value) ? value : Object.fromEntries(asList(value).map((name) => [String(name), null]));
}

function build(value: unknown): Mapping {
  return isRecord(value) ? value : { context: value };
}

function sameDriver(onto: unknown, value: unknown): boolean {
  if (!isRecord(onto) || !isRecord(value)) return false;
  return onto.driver === undefined || value.driver === undefined || onto.driver === value.driver;
}

/** Returns the merge key of an item of `ports`. */
function portKey(item: unknown): string {
  if (!isRecord(item)) return String(item).replace(/\/tcp$/i, "");
  const { host_ip = "", published = "", target, protocol = "tcp" } = item;
  const address = host_ip === "" ? "" : `${String(host_ip)}:`;
  const taken = published === "" && address === "" ? "" : `${String(published)}:`;
  return `${address}${taken}${String(target)}${protocol === "tcp" ? "" : `/${String(protocol)}`}`;
}

/** Returns the merge key of a mount: its path in the container. */
function mountKey(item: unknown): string {
  if (isRecord(item)) return String(item.target);
  const [first = "", target = first] = String(item).split(":");
  return /^(?:ro|rw|[zZ])$/.test(target) ? first : target;
}

function grantKey(item: unknown, folder: string): string {
  const source = isRecord(item) ? String(item.source) : String(item);
  const target = isRecord(item) && typeof item.target === "string" ? item.target : source;
  return target.startsWith("/") ? target : `${folder}${target}`;
}
