import type { AppObjects } from "./app-objects.js";
import { placesOf } from "./hosts.js";
import { type AppModel, labelsOf, type ServiceModel } from "./model.js";
import { joinNames, labelName } from "./names.js";
import { type ContainerPort, portsOf } from "./ports.js";
import { mappingOf, textOf, textsOf } from "./values.js";

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
  objects: AppObjects,
): void {
  const [first] = members as readonly [ServiceModel, ...ServiceModel[]];
  for (const { name, report } of namesOf(first, app)) {
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

/** Returns the names that lead to a service: its own, its aliases, and its container and host name if another service uses them. */
function namesOf(
  model: ServiceModel,
  app: AppModel,
): { readonly name: string; readonly report: ServiceModel["report"] }[] {
  const { service, dns, report } = model;
  const networks = Object.entries(mappingOf(service.networks)).flatMap(([network, options]) =>
    textsOf(mappingOf(options).aliases).map((alias) => [alias, report.at("networks", network, "aliases")] as const),
  );
  const definitions = new Map([...app.services].map(([name, other]) => [name, other.service]));
  const used = (["container_name", "hostname"] as const).flatMap((key) => {
    const name = textOf(service[key]);
    return name === undefined || placesOf(name, definitions, model.name).length === 0
      ? []
      : [[name, report.at(key)] as const];
  });
  const links = [...app.services.values()].flatMap((other) =>
    textsOf(other.service.links).flatMap((text, index) => {
      const [target, alias] = text.split(":");
      return target === model.name && alias !== undefined ? [[alias, other.report.at("links", index)] as const] : [];
    }),
  );
  const own = new Set([...app.services.values()].map((other) => other.dns));
  const names = new Map<string, ServiceModel["report"]>([[dns, report]]);
  for (const [alias, at] of [...networks, ...used, ...links]) {
    const isValid = /^[a-z]([-a-z0-9]{0,61}[a-z0-9])?$/.test(alias);
    if (own.has(alias) || names.has(alias)) continue;
    if (isValid) names.set(alias, at);
    else
      at.problem(
        `${JSON.stringify(alias.slice(0, 63))} is no host name in Kubernetes: use lowercase letters, digits and -`,
      );
  }
  return [...names].map(([name, at]) => ({ name, report: at }));
}
