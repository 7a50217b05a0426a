import { isRecord } from "../../manifest/shape.js";
import type { AppObjects } from "./app-objects.js";
import { type AppModel, COMPOSE_GROUP, labelsOf, type ServiceModel } from "./model.js";
import { joinNames, labelName } from "./names.js";
import { portsOf } from "./ports.js";
import { isTrue, mappingOf, textOf, textsOf } from "./values.js";

/** Drivers of networks that a cluster replaces by its own. */
const DRIVERS = ["bridge", "overlay", "host", "none", "null", "default"];

/** Networks of the services of an app. */
export interface AppNetworks {
  /** Labels of the pods of a service. Empty if all services reach each other. */
  labelsOf(service: ServiceModel): Readonly<Record<string, string>>;
}

/** Returns the names of the networks of a service. */
function networksOf({ service }: ServiceModel): readonly string[] {
  const { networks } = service;
  const names = Array.isArray(networks) ? textsOf(networks) : Object.keys(mappingOf(networks));
  return names.length === 0 ? ["default"] : names;
}

/** Returns the label of the pods in a network. External networks have the same one in all apps. */
function labelOf(network: string, app: AppModel): string {
  return `${COMPOSE_GROUP}/network-${labelName(externalName(network, app) ?? network, 50)}`;
}

/** Returns the name of a network that apps share. Undefined for networks of the app. */
function externalName(network: string, { compose }: AppModel): string | undefined {
  const { external, name } = mappingOf(mappingOf(compose.networks)[network]);
  if (!isTrue(external) && !isRecord(external)) return undefined;
  return textOf(mappingOf(external).name) ?? textOf(name) ?? network;
}

/**
 * Adds NetworkPolicies for the networks of an app, if they separate its services: services reach each other if they have a network
 * in common, also an external one with other apps, and published and routed ports are open to all. Services that have only internal
 * networks reach nothing else.
 */
export function addNetworkPolicies(
  pods: ReadonlyMap<string, readonly ServiceModel[]>,
  routed: ReadonlyMap<string, ReadonlySet<number>>,
  app: AppModel,
  objects: AppObjects,
): AppNetworks {
  checkDrivers(app);
  const hosts = [...pods.values()].flatMap(([first]) => first ?? []);
  const sets = new Set(hosts.map((host) => [...networksOf(host)].sort().join(" ")));
  const internal = new Set(
    Object.entries(mappingOf(app.compose.networks)).flatMap(([name, network]) =>
      isTrue(mappingOf(network).internal) ? [name] : [],
    ),
  );
  const isUsed = hosts.some((host) => networksOf(host).some((name) => internal.has(name)));
  const separates = sets.size > 1 || isUsed;
  for (const host of hosts) {
    if (textOf(host.service.network_mode) === "none") addPolicy(host, { ingress: [], egress: [] }, app, objects);
    else if (separates) addPolicy(host, policyOf(host, pods, routed, internal, app), app, objects);
    else if (app.settings.isolated)
      addPolicy(host, { ingress: ingressOf(host, pods, routed, app, [labelsOf(app.name)]) }, app, objects);
  }
  return {
    labelsOf: (service) =>
      Object.fromEntries(
        networksOf(service)
          .filter((name) => separates || externalName(name, app) !== undefined)
          .map((name) => [labelOf(name, app), "true"]),
      ),
  };
}

interface Rules {
  readonly ingress: readonly unknown[];
  readonly egress?: readonly unknown[];
}

function policyOf(
  host: ServiceModel,
  pods: ReadonlyMap<string, readonly ServiceModel[]>,
  routed: ReadonlyMap<string, ReadonlySet<number>>,
  internal: ReadonlySet<string>,
  app: AppModel,
): Rules {
  const networks = networksOf(host);
  const selectors = networks.map((name) => ({ ...labelsOf(app.name), [labelOf(name, app)]: "true" }));
  const ingress = ingressOf(host, pods, routed, app, selectors);
  if (!networks.every((name) => internal.has(name))) return { ingress };
  const dns = {
    ports: [
      { protocol: "UDP", port: 53 },
      { protocol: "TCP", port: 53 },
    ],
  };
  return { ingress, egress: [{ to: peers(selectors) }, dns] };
}

function ingressOf(
  host: ServiceModel,
  pods: ReadonlyMap<string, readonly ServiceModel[]>,
  routed: ReadonlyMap<string, ReadonlySet<number>>,
  app: AppModel,
  selectors: readonly Readonly<Record<string, string>>[],
): unknown[] {
  const { isolated } = app.settings;
  const members = pods.get(host.name) ?? [host];
  const shared = isolated ? [] : networksOf(host).filter((name) => externalName(name, app) !== undefined);
  const otherApps = shared.map((name) => ({
    namespaceSelector: {},
    podSelector: { matchLabels: { [labelOf(name, app)]: "true" } },
  }));
  const published = members.flatMap((member) => portsOf(member).filter(({ isPublic }) => isPublic));
  const routes = [...(routed.get(host.name) ?? [])].map((port) => ({ port, protocol: "TCP" }));
  const open = [...(isolated ? [] : published), ...routes].map(({ port, protocol }) => ({ protocol, port }));
  return [{ from: [...peers(selectors), ...otherApps] }, ...(open.length === 0 ? [] : [{ ports: open }])];
}

function peers(selectors: readonly Readonly<Record<string, string>>[]): unknown[] {
  return selectors.map((matchLabels) => ({ podSelector: { matchLabels } }));
}

function addPolicy(host: ServiceModel, { ingress, egress }: Rules, app: AppModel, objects: AppObjects): void {
  objects.add(
    {
      apiVersion: "networking.k8s.io/v1",
      kind: "NetworkPolicy",
      name: joinNames(app.name, host.dns, "network"),
      service: host.dns,
      rest: {
        spec: {
          podSelector: { matchLabels: labelsOf(app.name, host.dns) },
          policyTypes: egress === undefined ? ["Ingress"] : ["Ingress", "Egress"],
          ingress,
          ...(egress === undefined ? {} : { egress }),
        },
      },
    },
    host.report,
  );
}

function checkDrivers(app: AppModel): void {
  for (const [name, network] of Object.entries(mappingOf(app.compose.networks))) {
    const driver = textOf(mappingOf(network).driver);
    if (driver === undefined || driver === "" || DRIVERS.includes(driver)) continue;
    app.report
      .at("networks", name, "driver")
      .problem(
        `is not supported: expected ${DRIVERS.slice(0, 2).join(" or ")}; pods have one network, that of the cluster`,
      );
  }
}
