import { isDeepStrictEqual } from "node:util";
import { serviceName } from "../compose/names.js";
import type { AppFacts, Mount, RouteFacts, ServiceFacts } from "./facts.js";

/** A difference between an app on a Core and on Kubernetes. */
export interface Difference {
  readonly app: string;
  /** What differs, like `services.web.environment.DB` or `routes.a.example.com/`. */
  readonly field: string;
  /** What it is on a Core. Values of variables are never quoted. */
  readonly core: string;
  readonly kubernetes: string;
}

const NOTHING = "nothing";

/** Compares what the apps of a source see and offer on a Core and on Kubernetes: names, variables, commands, files, volumes and routes. */
export function compareApps(
  core: ReadonlyMap<string, AppFacts>,
  kubernetes: ReadonlyMap<string, AppFacts>,
): readonly Difference[] {
  return both(core, kubernetes).flatMap(([app, ours, theirs]) => {
    if (ours === undefined || theirs === undefined)
      return [{ app, field: "", core: ours ? "an app" : NOTHING, kubernetes: theirs ? "an app" : NOTHING }];
    return compareApp(ours, theirs).map(([field, one, other]) => ({ app, field, core: one, kubernetes: other }));
  });
}

type Found = readonly [field: string, core: string, kubernetes: string];

function compareApp(core: AppFacts, kubernetes: AppFacts): Found[] {
  const services = new Map([...core.services].map(([name, facts]) => [serviceName(name), { name, facts }]));
  const own = new Map([...services].map(([name, { facts }]) => [name, facts]));
  const volumes = [mountsByVolume(own), mountsByVolume(kubernetes.services)] as const;
  const found = both(own, kubernetes.services).flatMap(([dns, ours, theirs]): Found[] => {
    const field = `services.${services.get(dns)?.name ?? dns}`;
    if (ours === undefined || theirs === undefined)
      return [[field, ours ? "a service" : NOTHING, theirs ? "a container" : NOTHING]];
    return compareService(dns, ours, theirs, volumes).map(([part, one, other]) => [`${field}.${part}`, one, other]);
  });
  const routes = both(core.routes, kubernetes.routes).flatMap(([place, ours, theirs]): Found[] => {
    const known = theirs === undefined ? undefined : { ...theirs, tls: theirs.tls ?? ours?.tls };
    const expected = ours === undefined ? undefined : { ...ours, service: serviceName(ours.service) };
    return isDeepStrictEqual(expected, known) ? [] : [[`routes.${place}`, showRoute(expected), showRoute(known)]];
  });
  return [...found, ...routes];
}

type VolumeMounts = ReadonlyMap<string, readonly string[]>;

function compareService(
  dns: string,
  core: ServiceFacts,
  kubernetes: ServiceFacts,
  [coreVolumes, claims]: readonly [VolumeMounts, VolumeMounts],
): Found[] {
  const found: Found[] = [];
  const compare = (field: string, ours: unknown, theirs: unknown, show: (value: unknown) => string): void => {
    if (!isDeepStrictEqual(ours, theirs)) found.push([field, show(ours), show(theirs)]);
  };
  const missing = core.names.filter((name) => !kubernetes.names.includes(name));
  if (missing.length > 0) found.push(["names", showList(core.names), showList(kubernetes.names)]);
  compare("image", core.image, kubernetes.image, String);
  compare("command", core.command, kubernetes.command, showWords);
  compare("entrypoint", core.entrypoint, kubernetes.entrypoint, showWords);
  for (const [name, ours, theirs] of both(entries(core.environment), entries(kubernetes.environment))) {
    // Variables that hold a secret for others are added by the compiler.
    if (ours === undefined && theirs?.startsWith("${SECRET:") && name.startsWith("SECRET_")) continue;
    if (ours !== theirs)
      found.push([
        `environment.${name}`,
        ours === undefined ? NOTHING : "a value",
        theirs === undefined ? NOTHING : "another value",
      ]);
  }
  for (const [path, ours, theirs] of both(core.mounts, kubernetes.mounts)) {
    const place = `${dns}:${path}`;
    if (isSameMount(ours, theirs, coreVolumes.get(place), claims.get(place))) continue;
    found.push([`mounts.${path}`, showMount(ours), showMount(theirs)]);
  }
  return found;
}

/** Volumes are the same if they are mounted at the same places, whatever their names, in the same way. */
function isSameMount(
  core: Mount | undefined,
  kubernetes: Mount | undefined,
  places: readonly string[] | undefined,
  claimPlaces: readonly string[] | undefined,
): boolean {
  if (core === undefined || kubernetes === undefined || core.kind !== kubernetes.kind) return false;
  const isSame = (key: "readOnly" | "subPath"): boolean =>
    core[key] === undefined || kubernetes[key] === undefined || core[key] === kubernetes[key];
  if (!isSame("readOnly") || !isSame("subPath")) return false;
  return core.kind === "volume" ? isDeepStrictEqual(places, claimPlaces) : core.source === kubernetes.source;
}

/** All places at which a volume is mounted, by each of them. */
function mountsByVolume(services: ReadonlyMap<string, ServiceFacts>): VolumeMounts {
  const byVolume = new Map<string, string[]>();
  for (const [name, { mounts }] of services)
    for (const [path, { kind, source }] of mounts)
      if (kind === "volume") byVolume.set(source, [...(byVolume.get(source) ?? []), `${name}:${path}`]);
  return new Map([...byVolume.values()].flatMap((places) => places.map((place) => [place, [...places].sort()])));
}

/** The values of two maps by key, sorted by key. */
function both<T>(
  first: ReadonlyMap<string, T>,
  second: ReadonlyMap<string, T>,
): readonly (readonly [key: string, first: T | undefined, second: T | undefined])[] {
  const keys = [...new Set([...first.keys(), ...second.keys()])].sort();
  return keys.map((key) => [key, first.get(key), second.get(key)]);
}

function entries(record: Readonly<Record<string, string>>): ReadonlyMap<string, string> {
  return new Map(Object.entries(record));
}

function showList(texts: readonly string[]): string {
  return texts.length > 0 ? texts.join(", ") : NOTHING;
}

/** Words are not quoted: they can contain secrets. */
function showWords(value: unknown): string {
  return Array.isArray(value) ? `${value.length} word${value.length === 1 ? "" : "s"}` : "that of the image";
}

function showMount(mount: Mount | undefined): string {
  if (mount === undefined) return NOTHING;
  const { kind, source, readOnly, subPath = "" } = mount;
  if (kind === "volume")
    return `the volume ${source}${subPath === "" ? "" : `, folder ${subPath}`}${readOnly ? ", read-only" : ""}`;
  if (kind === "host") return `${source} of the host`;
  if (kind === "file") return "a file";
  return kind === "memory" ? "memory" : "a temporary volume";
}

function showRoute(route: RouteFacts | undefined): string {
  if (route === undefined) return NOTHING;
  const { service, port, tls, signIn } = route;
  return `${service}:${port}${tls === true ? ", TLS" : ""}${signIn ? ", sign-in" : ""}`;
}
