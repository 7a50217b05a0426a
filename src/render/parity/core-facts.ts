import { ownerOfEnvFileSecret } from "../../api/core/env-file-secret.js";
import { CORE_OBJECT_GROUP } from "../../api/core/objects.js";
import type { KubeObject } from "../../manifest/document.js";
import { parseApiVersion } from "../../manifest/object-id.js";
import { isRecord } from "../../manifest/shape.js";
import { hostUses } from "../compose/hosts.js";
import { shellWords } from "../compose/shell-words.js";
import { partsOf, scalarText, unescapeText } from "../compose/text.js";
import { itemsOf, mappingOf, pairsOf, textOf, textsOf } from "../compose/values.js";
import { runs } from "../overseer/compose/dependencies.js";
import type { Mapping } from "../overseer/compose/shape.js";
import { secretPaths } from "../overseer/secrets-in.js";
import {
  type AppFacts,
  ENCRYPTED_VARIABLE,
  type Mount,
  mountPath,
  type RouteFacts,
  type ServiceFacts,
  unique,
} from "./facts.js";

/** Returns the facts of each app of documents that are rendered for a Core, by the name of the app. */
export function coreFacts(objects: readonly KubeObject[]): ReadonlyMap<string, AppFacts> {
  const own = objects.filter(({ apiVersion }) => parseApiVersion(apiVersion).group === CORE_OBJECT_GROUP);
  const routes = own.filter(({ kind }) => kind === "Route").map(({ spec }) => mappingOf(spec));
  return new Map(
    own
      .filter(({ kind }) => kind === "App")
      .map(({ metadata: { name }, spec }) => [
        name,
        {
          services: servicesOf(mappingOf(mappingOf(spec).compose)),
          routes: new Map(routes.filter(({ app }) => app === name).map(routeEntry)),
        },
      ]),
  );
}

function routeEntry({ host, path, target, tls, auth }: Mapping): [string, RouteFacts] {
  const [service = "", port = ""] = String(target).split(":");
  const signIn = auth !== undefined;
  return [`${String(host)}${String(path)}`, { service, port: Number(port), tls: tls === true, signIn }];
}

function servicesOf(compose: Mapping): ReadonlyMap<string, ServiceFacts> {
  const active = new Map(
    Object.entries(mappingOf(compose.services)).filter(
      (entry): entry is [string, Mapping] => isRecord(entry[1]) && runs(entry[1]),
    ),
  );
  const linked = linkedNames(active);
  return new Map([...active].map(([name, service]) => [name, factsOf(name, service, active, linked, compose)]));
}

/** The names that `links` of other services give to a service, by its name. */
function linkedNames(services: ReadonlyMap<string, Mapping>): ReadonlyMap<string, readonly string[]> {
  const linked = new Map<string, string[]>();
  for (const { links } of services.values())
    for (const text of textsOf(links)) {
      const [target = "", alias] = text.split(":");
      if (alias !== undefined) linked.set(target, [...(linked.get(target) ?? []), alias]);
    }
  return linked;
}

function factsOf(
  name: string,
  service: Mapping,
  services: ReadonlyMap<string, Mapping>,
  linked: ReadonlyMap<string, readonly string[]>,
  compose: Mapping,
): ServiceFacts {
  return {
    names: namesOf(name, service, services, linked.get(name) ?? []),
    environment: Object.fromEntries(
      pairsOf(service.environment).flatMap((pair) =>
        pair.value === undefined ? [] : [[pair.name, variableOf(pair.value)]],
      ),
    ),
    image: unescapeText(textOf(service.image) ?? ""),
    command: wordsOf(service.command),
    entrypoint: wordsOf(service.entrypoint),
    mounts: new Map([
      ...volumesOf(service),
      ...filesOf(service, compose, "configs"),
      ...filesOf(service, compose, "secrets"),
    ]),
  };
}

function variableOf(value: string): string {
  const [first, second] = partsOf(value);
  const secret = first !== undefined && second === undefined && "secret" in first ? first.secret : "";
  return ownerOfEnvFileSecret(secret) === undefined ? unescapeText(value) : ENCRYPTED_VARIABLE;
}

/**
 * Without a network of its own, a service has no names. Container and host names count only if another service uses them, as they
 * are no promise of Compose.
 */
function namesOf(
  name: string,
  service: Mapping,
  services: ReadonlyMap<string, Mapping>,
  linked: readonly string[],
): readonly string[] {
  if (/^(host|none|service:)/.test(textOf(service.network_mode) ?? "")) return [];
  const aliases = Object.values(mappingOf(service.networks)).flatMap((network) => textsOf(mappingOf(network).aliases));
  const used = [service.container_name, service.hostname].flatMap((value) => {
    const other = textOf(value);
    const uses = other === undefined ? [] : (hostUses(services, new Set([other])).get(other) ?? []);
    return other !== undefined && uses.some(({ service: user }) => user !== name) ? [other] : [];
  });
  return unique([name, ...aliases, ...used, ...linked]);
}

function wordsOf(value: unknown): readonly string[] | undefined {
  if (value === undefined || value === null) return undefined;
  if (!Array.isArray(value)) return shellWords(unescapeText(scalarText(value)))?.words;
  return value.map((word) => unescapeText(scalarText(word)));
}

function volumesOf(service: Mapping): [string, Mount][] {
  const mounts = itemsOf(service.volumes).map((item): [string, Mount] => {
    if (isRecord(item)) return [mountPath(String(item.target)), longMount(item)];
    const [first = "", second, modes = ""] = unescapeText(String(item)).split(":");
    return second === undefined || /^(ro|rw|z|Z)$/.test(second)
      ? [mountPath(first), { kind: "temporary", source: "" }]
      : [mountPath(second), shortMount(first, modes.split(",").includes("ro"))];
  });
  const memory = textsOf(service.tmpfs).map((text): [string, Mount] => [
    mountPath(text.split(":")[0] ?? ""),
    { kind: "memory", source: "" },
  ]);
  // Every container has shared memory. Only its size is a decision of the document.
  const shared: [string, Mount][] =
    service.shm_size === undefined ? [] : [["/dev/shm", { kind: "memory", source: "" }]];
  return [...mounts, ...memory, ...shared];
}

function longMount({ type, source, read_only, volume }: Mapping): Mount {
  if (type === "tmpfs") return { kind: "memory", source: "" };
  if (type === "bind") return { kind: "host", source: String(source) };
  if (source === undefined) return { kind: "temporary", source: "" };
  const subPath = String(mappingOf(volume).subpath ?? "");
  return { kind: "volume", source: String(source), readOnly: read_only === true, subPath };
}

function shortMount(source: string, readOnly: boolean): Mount {
  return /^[./~]/.test(source) ? { kind: "host", source } : { kind: "volume", source, readOnly, subPath: "" };
}

/** Files of configs and secrets, with their content as far as the document has it. */
function filesOf(service: Mapping, compose: Mapping, kind: "configs" | "secrets"): [string, Mount][] {
  return itemsOf(service[kind]).map((item) => {
    const { source, target } = isRecord(item) ? item : { source: item, target: undefined };
    const path = typeof target === "string" ? target : `${kind === "secrets" ? "/run/secrets" : ""}/${String(source)}`;
    const { content } = mappingOf(mappingOf(compose[kind])[String(source)]);
    const at = path.startsWith("/") ? path : `${kind === "secrets" ? "/run/secrets/" : "/"}${path}`;
    const isKnown = typeof content === "string" && secretPaths(content).size === 0;
    return [at, { kind: "file", source: isKnown ? unescapeText(content) : "" }];
  });
}
