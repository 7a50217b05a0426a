import { isRecord } from "../../manifest/shape.js";
import { runs } from "../overseer/compose/dependencies.js";
import type { Mapping } from "../overseer/compose/shape.js";
import type { Lookup } from "../overseer/interpolate.js";
import type { Reporter } from "../overseer/reporter.js";
import { AppObjects } from "./app-objects.js";
import { addServices, serviceNames } from "./app-services.js";
import { addBackups, type CompiledBackup } from "./backup.js";
import { hostNames } from "./hosts.js";
import type {
  AppModel,
  AppSettings,
  BuildFolders,
  CompiledObject,
  RepositoryFiles,
  SecretPlace,
  ServiceModel,
} from "./model.js";
import { foldersOf } from "./mounts.js";
import { addNetworkPolicies } from "./network-policies.js";
import { plainDocument } from "./plain-document.js";
import { draftPod, type PodDraft } from "./pod-template.js";
import { PodVolumes } from "./pod-volumes.js";
import { addRoutes, type CompiledRoute } from "./routes.js";
import { DOCUMENT_KEYS } from "./support/document-keys.js";
import { ITEM_KEYS } from "./support/item-keys.js";
import { keyTree, reportKeys } from "./support/report-keys.js";
import { SERVICE_KEYS } from "./support/service-keys.js";
import { mappingOf, textOf } from "./values.js";
import { volumeGroups } from "./volume-groups.js";
import { expectedOf, serviceWaves } from "./waves.js";
import { type Workload, workloadOf } from "./workload.js";
import { addWorkload } from "./workload-objects.js";

/** An app to compile. */
export interface AppInput {
  readonly name: string;
  readonly namespace: string | undefined;
  readonly node: string | undefined;
  /** The merged, validated and completed Compose document. Its strings are escaped: see `Interpolated`. */
  readonly compose: Mapping;
  /** Reporter of the Compose document. */
  readonly report: Reporter;
  readonly routes: readonly CompiledRoute[];
  readonly backup: CompiledBackup | undefined;
  readonly files: RepositoryFiles;
  readonly builds: BuildFolders;
  readonly lookup: Lookup;
  /** See `AppModel`. */
  readonly secrets?: ReadonlyMap<string, SecretPlace> | undefined;
  readonly settings: AppSettings;
}

const SERVICE_TREE = keyTree(SERVICE_KEYS, ITEM_KEYS);
const DOCUMENT_TREE = keyTree(DOCUMENT_KEYS);

/**
 * Compiles an app to objects of Kubernetes. Pure: the same input gives the same objects. Every key of the document is converted,
 * or reported by its row in the tables of `support`. Discard the objects if problems are reported.
 */
export function compileApp(input: AppInput): readonly CompiledObject[] {
  const app = modelOf(input);
  const objects = new AppObjects(app);
  const pods = podsOf(app);
  const routed = routedPorts(input.routes, pods);
  const networks = addNetworkPolicies(pods, routed, app, objects);
  const { completed, running } = expectedOf(app.services);
  const names = serviceNames(app);
  const drafts = new Map<
    string,
    { readonly draft: PodDraft; readonly workload: Workload; readonly volumes: PodVolumes }
  >();
  for (const [name, members] of pods) {
    const [first] = members as readonly [ServiceModel, ...ServiceModel[]];
    const workload = workloadOf(first, { completes: completed.has(name), runs: running.has(name) });
    const volumes = new PodVolumes();
    const draft = draftPod(members, app, { app, pod: volumes, objects }, workload.kind === "Job");
    drafts.set(name, { draft, workload, volumes });
    if (workload.kind !== "Job") addServices(members, routed.get(name) ?? new Set(), app, names, objects);
  }
  const groups = volumeGroups(new Map([...drafts].map(([name, { volumes }]) => [name, volumes])), objects);
  const waves = serviceWaves(app.services, pods);
  for (const [name, { draft, workload, volumes }] of drafts) {
    const service = app.services.get(name);
    if (service === undefined) continue;
    const wave = waves.get(name) ?? 0;
    const labels = networks.labelsOf(service);
    addWorkload({ app, service, workload, draft, volumes, group: groups.get(name), wave, networks: labels }, objects);
  }
  addRoutes(input.routes, (name) => hostOf(name, pods), app, objects);
  if (input.backup !== undefined) {
    const distinct = [...new Map([...groups.values()].map((group) => [group.name, group])).values()];
    addBackups(
      input.backup,
      distinct.map(({ name, claims }) => ({ group: app.services.get(name)?.dns ?? name, claims })),
      app,
      objects,
    );
  }
  noteLevels(drafts, app);
  return objects.all;
}

function modelOf({ compose, report, ...input }: AppInput): AppModel {
  reportKeys(compose, DOCUMENT_TREE, report);
  const plain = plainDocument(compose, report);
  const active = new Map<string, Mapping>();
  for (const [name, service] of Object.entries(mappingOf(plain.services))) {
    if (!isRecord(service)) continue;
    if (runs(service)) {
      active.set(name, service);
      reportKeys(service, SERVICE_TREE, report.at("services", name));
    } else
      report
        .at("services", name, "profiles")
        .note("the service is omitted: none of its profiles is in spec.profiles of the App");
  }
  const { dns, services } = hostNames(plain, active, report);
  const models = [...services].map(([name, service]): [string, ServiceModel] => [
    name,
    { name, dns: dns.get(name) ?? name, service, report: report.at("services", name) },
  ]);
  return { ...input, compose: plain, report, services: new Map(models), folders: foldersOf(services.values()) };
}

/** Returns the services of each pod: a service, and those that use its network. */
function podsOf({ services }: AppModel): ReadonlyMap<string, readonly ServiceModel[]> {
  const hosts = new Map<string, string>();
  for (const model of services.values()) {
    let host = model;
    for (let depth = 0; depth <= services.size; depth++) {
      const mode = textOf(host.service.network_mode) ?? "";
      const [, kind, name = ""] = /^(service|container):(.*)$/.exec(mode) ?? [];
      if (kind === undefined) break;
      const next = kind === "service" ? services.get(name) : undefined;
      if (next === undefined) {
        model.report.at("network_mode").problem("is not supported: expected service:<name> of a service that runs");
        break;
      }
      host = next;
    }
    hosts.set(model.name, host.name);
  }
  const pods = new Map<string, ServiceModel[]>();
  for (const model of services.values()) if (hosts.get(model.name) === model.name) pods.set(model.name, [model]);
  for (const model of services.values()) {
    const host = hosts.get(model.name);
    if (host !== undefined && host !== model.name) pods.get(host)?.push(model);
  }
  return pods;
}

function hostOf(name: string, pods: ReadonlyMap<string, readonly ServiceModel[]>): ServiceModel | undefined {
  return [...pods.values()].find((members) => members.some((member) => member.name === name))?.[0];
}

function routedPorts(
  routes: readonly CompiledRoute[],
  pods: ReadonlyMap<string, readonly ServiceModel[]>,
): ReadonlyMap<string, ReadonlySet<number>> {
  const ports = new Map<string, Set<number>>();
  for (const { service, port } of routes) {
    const host = hostOf(service, pods)?.name;
    if (host !== undefined) ports.set(host, (ports.get(host) ?? new Set()).add(port));
  }
  return ports;
}

/** Notes the level of Pod Security that the namespace must permit. */
function noteLevels(drafts: ReadonlyMap<string, { readonly volumes: PodVolumes }>, app: AppModel): void {
  for (const level of ["privileged", "baseline"] as const) {
    const names = [...drafts].filter(([, { volumes }]) => volumes.level === level).map(([name]) => name);
    if (names.length === 0) continue;
    const services =
      names.length === 1 ? `the service ${names[0]} needs` : `the services ${names.slice(0, 10).join(", ")} need`;
    app.report.note(`${services} a namespace with the Pod Security level ${level}`);
    return;
  }
}
