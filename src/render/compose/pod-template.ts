import { isIP } from "node:net";
import { canonicalJson } from "../../base/hash.js";
import type { Mapping } from "../overseer/compose/shape.js";
import { type Container, containerOf } from "./container.js";
import { warn } from "./findings.js";
import { type AppModel, COMPOSE_GROUP, labelsOf, type ServiceModel } from "./model.js";
import { labelName } from "./names.js";
import { GROUP_LABEL, type Placement } from "./placement.js";
import { isId, requirePrivilege, sysctlsOf, userOf } from "./security.js";
import { itemsOf, mappingOf, pairsOf, textOf, textsOf, wholeSeconds } from "./values.js";
import type { MountTargets } from "./volume-sources.js";

/** Seconds between the stop signal and the end, as in Compose. */
const GRACE_PERIOD = 10;

/** Name servers of an app in addition to that of the cluster. */
const MAX_NAMESERVERS = 2;
/** Keys that concern a whole pod: those of the service whose network the others use decide. */
const POD_KEYS = [
  "hostname",
  "extra_hosts",
  "dns",
  "dns_search",
  "dns_opt",
  "runtime",
  "platform",
  "scale",
  "restart",
] as const;
const POD_DEPLOY_KEYS = ["mode", "replicas", "placement", "restart_policy", "update_config"] as const;

/** A pod before it is known where it runs. */
export interface PodDraft {
  readonly containers: readonly Container[];
  readonly spec: Readonly<Record<string, unknown>>;
  readonly annotations: Readonly<Record<string, string>>;
}

/** Converts a service, and the services in its network namespace, to a pod. */
export function draftPod(
  members: readonly ServiceModel[],
  app: AppModel,
  targets: MountTargets,
  isJob: boolean,
): PodDraft {
  const containers = members.map((member) => containerOf(member, app, targets, isJob));
  const [first, ...others] = members as readonly [ServiceModel, ...ServiceModel[]];
  for (const other of others) warnOfPodKeys(other, first);
  const security = podSecurity(members, targets);
  const grace = Math.max(...members.map(({ service }) => wholeSeconds(service.stop_grace_period, 0) ?? GRACE_PERIOD));
  const spec = {
    // Variables of Docker links, which Kubernetes imitates, break apps.
    enableServiceLinks: false,
    automountServiceAccountToken: false,
    terminationGracePeriodSeconds: grace,
    ...hostNamespaces(members, app, targets),
    ...(Object.keys(security).length === 0 ? {} : { securityContext: security }),
    ...namesOf(first),
    ...dnsOf(first),
    ...runtimeOf(first),
  };
  return { containers, spec, annotations: annotationsOf(members) };
}

/** Completes a pod to the template of a workload. */
export function podTemplate(
  draft: PodDraft,
  {
    app,
    service,
    placement,
    group,
    contentHash,
    networks,
    restartPolicy,
    volumes,
  }: {
    readonly app: AppModel;
    readonly service: ServiceModel;
    readonly placement: Placement;
    readonly group: string | undefined;
    readonly contentHash: string | undefined;
    /** Labels of the networks of the pod. */
    readonly networks: Readonly<Record<string, string>>;
    readonly restartPolicy: "Always" | "OnFailure" | "Never";
    readonly volumes: readonly unknown[];
  },
): Readonly<Record<string, unknown>> {
  const annotations = {
    ...draft.annotations,
    ...(contentHash === undefined ? {} : { [`${COMPOSE_GROUP}/content`]: contentHash }),
  };
  return {
    metadata: {
      labels: {
        ...labelsOf(app.name, service.dns),
        ...(group === undefined ? {} : { [GROUP_LABEL]: group }),
        ...networks,
      },
      ...(Object.keys(annotations).length === 0 ? {} : { annotations }),
    },
    spec: {
      ...draft.spec,
      ...placement,
      ...(restartPolicy === "Always" ? {} : { restartPolicy }),
      containers: draft.containers,
      ...(volumes.length === 0 ? {} : { volumes }),
    },
  };
}

/** Warns of keys of a service that is in the pod of another one, and that differ there. */
function warnOfPodKeys({ service, report }: ServiceModel, { name, service: host }: ServiceModel): void {
  const lost = (at: typeof report, own: Mapping, others: Mapping, keys: readonly string[]): void => {
    for (const key of keys)
      if (own[key] !== undefined && canonicalJson(own[key]) !== canonicalJson(others[key] ?? null))
        warn(at.at(key), `has no effect: the service is in the pod of ${name}; set it there`);
  };
  lost(report, service, host, POD_KEYS);
  lost(report.at("deploy"), mappingOf(service.deploy), mappingOf(host.deploy), POD_DEPLOY_KEYS);
}

function podSecurity(members: readonly ServiceModel[], { pod }: MountTargets): Readonly<Record<string, unknown>> {
  const sysctls = members.flatMap((member) => sysctlsOf(member, pod, warn));
  const unique = [...new Map(sysctls.map((one) => [one.name, one])).values()];
  const groups = members.flatMap(({ service, report }) =>
    itemsOf(service.group_add).flatMap((item, index) => {
      const text = textOf(item) ?? "";
      if (isId(text)) return [Number(text)];
      report.at("group_add", index).problem("expected the number of the group: names are only known to the image");
      return [];
    }),
  );
  // Volumes are empty and belong to root at first: the group lets a user other than root write there.
  const users = members.map(userOf).filter(({ user }) => user !== undefined && user > 0);
  const [first] = users;
  const fsGroup = pod.claims.length > 0 && first !== undefined ? (first.group ?? first.user) : undefined;
  return {
    ...(fsGroup === undefined ? {} : { fsGroup, fsGroupChangePolicy: "OnRootMismatch" }),
    ...(groups.length === 0 ? {} : { supplementalGroups: [...new Set(groups)] }),
    ...(unique.length === 0 ? {} : { sysctls: unique }),
  };
}

function hostNamespaces(
  members: readonly ServiceModel[],
  app: AppModel,
  { pod }: MountTargets,
): Readonly<Record<string, unknown>> {
  const found: Record<string, unknown> = {};
  const names = new Set(members.map(({ name }) => name));
  for (const { service, report } of members) {
    if (textOf(service.network_mode) === "host" && requirePrivilege("HostNetwork", app, report.at("network_mode"))) {
      pod.needs("privileged");
      Object.assign(found, { hostNetwork: true, dnsPolicy: "ClusterFirstWithHostNet" });
    }
    for (const [key, privilege, field] of [
      ["pid", "HostPID", "hostPID"],
      ["ipc", "HostIPC", "hostIPC"],
    ] as const) {
      const mode = textOf(service[key]) ?? "";
      const at = report.at(key);
      const [, other] = /^service:(.*)$/.exec(mode) ?? [];
      if (mode === "host") {
        if (requirePrivilege(privilege, app, at)) found[field] = true;
        pod.needs("privileged");
      } else if (other !== undefined && names.has(other)) {
        if (key === "pid") found.shareProcessNamespace = true;
      } else if (other !== undefined)
        at.problem(`is supported in one pod only: set network_mode: service:${other} too`);
      else if (mode !== "" && !["private", "shareable", "none"].includes(mode))
        at.problem(`is not supported: expected host or service:<name>`);
    }
  }
  return found;
}

function namesOf({ service, report }: ServiceModel): Readonly<Record<string, unknown>> {
  const hostname = textOf(service.hostname);
  const aliases = new Map<string, string[]>();
  const hosts = service.extra_hosts;
  const pairs = Array.isArray(hosts)
    ? hosts.map((item, index) => [...splitHost(textOf(item) ?? ""), index] as const)
    : Object.entries(mappingOf(hosts)).flatMap(([name, value]) =>
        textsOf(value).map((ip) => [name, ip, name] as const),
      );
  for (const [name, address, step] of pairs) {
    const at = report.at("extra_hosts", step);
    const ip = address.replace(/^\[(.*)\]$/, "$1");
    if (ip === "host-gateway")
      warn(at, "is omitted: the address of the node is not known in advance; use the name of a Service");
    else if (isIP(ip) === 0) at.problem("expected an IP address");
    else aliases.set(ip, [...(aliases.get(ip) ?? []), name]);
  }
  if (hostname !== undefined && labelName(hostname) !== hostname) {
    // The app may use its own name, which the host file of the container has in Docker.
    aliases.set("127.0.0.1", [...(aliases.get("127.0.0.1") ?? []), hostname]);
    warn(
      report.at("hostname"),
      `is ${labelName(hostname)} in the pod, which has no dots on Kubernetes; the full name leads to the pod itself`,
    );
  }
  return {
    ...(hostname === undefined ? {} : { hostname: labelName(hostname) }),
    ...(aliases.size === 0 ? {} : { hostAliases: [...aliases].map(([ip, hostnames]) => ({ ip, hostnames })) }),
  };
}

function splitHost(text: string): readonly [name: string, address: string] {
  const [, name = "", address = ""] = /^\s*([^\s:=]+)\s*[:=]\s*(.*?)\s*$/.exec(text) ?? [];
  return [name, address];
}

function dnsOf({ service, report }: ServiceModel): Readonly<Record<string, unknown>> {
  const nameservers = textsOf(service.dns);
  if (nameservers.length > MAX_NAMESERVERS)
    warn(
      report.at("dns"),
      `only the first ${MAX_NAMESERVERS} are used: pods have at most three, with that of the cluster`,
    );
  const searches = textsOf(service.dns_search).filter((name) => name !== ".");
  const options = textsOf(service.dns_opt).map((text) => {
    const [name = "", value] = text.split(":");
    return { name, ...(value === undefined ? {} : { value }) };
  });
  const config = {
    ...(nameservers.length === 0 ? {} : { nameservers: nameservers.slice(0, MAX_NAMESERVERS) }),
    ...(searches.length === 0 ? {} : { searches }),
    ...(options.length === 0 ? {} : { options }),
  };
  return Object.keys(config).length === 0 ? {} : { dnsConfig: config };
}

function runtimeOf({ service }: ServiceModel): Readonly<Record<string, unknown>> {
  const runtime = textOf(service.runtime);
  return runtime === undefined || runtime === "runc" ? {} : { runtimeClassName: runtime };
}

function annotationsOf(members: readonly ServiceModel[]): Readonly<Record<string, string>> {
  const annotations: Record<string, string> = {};
  const labels: Record<string, string> = {};
  for (const { service, report } of members) {
    for (const { name, value = "", step } of pairsOf(service.annotations)) {
      if (/^([a-z0-9.-]{1,253}\/)?[A-Za-z0-9]([\w.-]{0,61}[A-Za-z0-9])?$/.test(name)) annotations[name] = value;
      else report.at("annotations", step).problem("is no name of an annotation in Kubernetes");
    }
    for (const { name, value = "", step } of pairsOf(service.labels)) {
      labels[name] = value;
      if (/^(?:traefik|caddy)\b/.test(name))
        report.at("labels", step).note("labels of proxies have no effect on Kubernetes: use routes of the App");
    }
  }
  return Object.keys(labels).length === 0
    ? annotations
    : { ...annotations, [`${COMPOSE_GROUP}/labels`]: JSON.stringify(labels) };
}
