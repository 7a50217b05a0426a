import type { AppObjects } from "./app-objects.js";
import { hostUses } from "./hosts.js";
import { type AppModel, labelsOf, type ServiceModel } from "./model.js";
import { joinNames, labelName } from "./names.js";
import { type ContainerPort, portsOf } from "./ports.js";
import { itemsOf, mappingOf, textOf, textsOf } from "./values.js";

/** Name of the ClusterIP Service with the ports of a service. */
export function portsServiceName(app: string, service: ServiceModel): string {
  return joinNames(workloadName(app, service), "ports");
}

/** Name of the workload of a service. */
export function workloadName(app: string, { dns }: Pick<ServiceModel, "dns">): string {
  return dns === app ? app : joinNames(app, dns);
}

/**
 * Adds the Services of a service. As in Docker, its name leads to its containers on every port, whether they are ready or not: a
 * headless Service without ports. Ports that are published or routed to get a ClusterIP Service.
 */
export function addServices(
  members: readonly ServiceModel[],
  routed: ReadonlySet<number>,
  app: AppModel,
  names: ServiceNames,
  objects: AppObjects,
): void {
  const [first] = members as readonly [ServiceModel, ...ServiceModel[]];
  for (const { name, report } of names(first)) {
    objects.add(
      {
        apiVersion: "v1",
        kind: "Service",
        name,
        source: `service ${first.name}`,
        service: first.dns,
        rest: {
          spec: { clusterIP: "None", publishNotReadyAddresses: true, selector: labelsOf(app.name, first.dns) },
        },
      },
      report,
    );
  }
  const declared = members.flatMap(portsOf);
  const missing = [...routed].filter((port) => !declared.some((one) => one.port === port && one.protocol === "TCP"));
  const all = [...declared, ...missing.map(tcpPort)];
  if (all.length === 0) return;
  for (const member of members)
    if (portsOf(member).some(({ published }) => published !== undefined))
      member.report
        .at("ports")
        .note(
          `host ports are not opened: use a route, or the Service ${portsServiceName(app.name, first)} in the cluster`,
        );
  objects.add(
    {
      apiVersion: "v1",
      kind: "Service",
      name: portsServiceName(app.name, first),
      service: first.dns,
      rest: { spec: { selector: labelsOf(app.name, first.dns), ports: servicePorts(all) } },
    },
    first.report,
  );
}

function tcpPort(port: number): ContainerPort {
  return { port, protocol: "TCP", published: undefined, name: undefined, appProtocol: undefined, isPublic: false };
}

function servicePorts(ports: readonly ContainerPort[]): unknown[] {
  const seen = new Set<string>();
  const names = new Set<string>();
  return ports.flatMap(({ port, protocol, name, appProtocol }) => {
    const key = `${protocol}/${port}`;
    if (seen.has(key)) return [];
    seen.add(key);
    const wanted = name === undefined ? "" : labelName(name, 15);
    const unique = wanted !== "" && !names.has(wanted) ? wanted : `${protocol.toLowerCase()}-${port}`;
    names.add(unique);
    return [{ name: unique, port, targetPort: port, protocol, ...(appProtocol === undefined ? {} : { appProtocol }) }];
  });
}

/**
 * The names that lead to a service: its own, its aliases, and its container and host name if another service uses them, or reads files
 * that may.
 */
export type ServiceNames = (
  model: ServiceModel,
) => readonly { readonly name: string; readonly report: ServiceModel["report"] }[];

const OWN_NAMES = ["container_name", "hostname"] as const;

/** Reads all services of an app once, and returns the names that lead to each. */
export function serviceNames(app: AppModel): ServiceNames {
  const models = [...app.services.values()];
  const own = new Set(models.map(({ dns }) => dns));
  const wanted = models.flatMap(({ service }) => [...new Set(OWN_NAMES.flatMap((key) => textOf(service[key]) ?? []))]);
  const uses = hostUses(new Map(models.map(({ name, service }) => [name, service])), new Set(wanted));
  const links = new Map<string, [string, ServiceModel["report"]][]>();
  for (const { service, report } of models)
    textsOf(service.links).forEach((text, index) => {
      const [target = "", alias] = text.split(":");
      if (alias === undefined) return;
      const known = links.get(target) ?? [];
      known.push([alias, report.at("links", index)]);
      links.set(target, known);
    });
  const readers = new Set(models.filter(({ service }) => readsFiles(service)).map(({ name }) => name));
  const ambiguous = new Set(wanted.filter((name, index) => wanted.indexOf(name) !== index));
  return (model) => namesOf(model, { own, uses, links, readers, ambiguous });
}

interface AppNames {
  readonly own: ReadonlySet<string>;
  readonly uses: ReturnType<typeof hostUses>;
  readonly links: ReadonlyMap<string, readonly [string, ServiceModel["report"]][]>;
  /** Services that read files, which can have names in them. */
  readonly readers: ReadonlySet<string>;
  /** Host names that several services have, as Docker permits: none of them is meant by them in a file. */
  readonly ambiguous: ReadonlySet<string>;
}

const DNS_LABEL = /^[a-z]([-a-z0-9]{0,61}[a-z0-9])?$/;

function readsFiles({ configs, env_file, volumes }: ServiceModel["service"]): boolean {
  const isFile = (item: unknown): boolean => /^\./.test(textOf(item) ?? textOf(mappingOf(item).source) ?? "");
  return itemsOf(configs).length > 0 || itemsOf(env_file).length > 0 || itemsOf(volumes).some(isFile);
}

function namesOf(
  { name: model, service, dns, report }: ServiceModel,
  { own, uses, links, readers, ambiguous }: AppNames,
) {
  const networks = Object.entries(mappingOf(service.networks)).flatMap(([network, options]) =>
    textsOf(mappingOf(options).aliases).map((alias) => [alias, report.at("networks", network, "aliases")] as const),
  );
  const used = OWN_NAMES.flatMap((key) => {
    const name = textOf(service[key]);
    if (name === undefined) return [];
    const isUsed = uses.get(name)?.some((use) => use.service !== model) === true;
    const isName = DNS_LABEL.test(name) && !ambiguous.has(name);
    const mayBeUsed = isName && [...readers].some((reader) => reader !== model);
    return isUsed || mayBeUsed ? [[name, report.at(key)] as const] : [];
  });
  const names = new Map<string, ServiceModel["report"]>([[dns, report]]);
  for (const [alias, at] of [...networks, ...used, ...(links.get(model) ?? [])]) {
    if (own.has(alias) || names.has(alias)) continue;
    if (DNS_LABEL.test(alias)) names.set(alias, at);
    else
      at.problem(
        `${JSON.stringify(alias.slice(0, 63))} is no host name in Kubernetes: use lowercase letters, digits and -`,
      );
  }
  return [...names].map(([name, at]) => ({ name, report: at }));
}
