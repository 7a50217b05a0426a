import type { Mapping } from "../../operations/compose.js";
import {
  entriesOf,
  isSet,
  itemsOf,
  type JudgeContext,
  judgeLabels,
  mappingOf,
  need,
  needVolume,
  refuse,
} from "./findings.js";
import { capability, type HostPermission } from "./host-policy.js";

/** Keys that only affect the container itself, or that have a rule of their own below. Any other key is refused. */
const HARMLESS = new Set(
  `attach blkio_config build cap_drop command configs container_name cpu_count cpu_percent cpu_period cpu_quota cpu_rt_period
  cpu_rt_runtime cpu_shares cpus cpuset depends_on deploy dns dns_opt dns_search domainname entrypoint environment expose extra_hosts
  group_add healthcheck hostname image init labels links mac_address mem_limit mem_reservation mem_swappiness memswap_limit networks
  pids_limit platform ports post_start pre_stop profiles pull_policy pull_refresh_after read_only restart scale secrets shm_size
  stdin_open stop_grace_period stop_signal storage_opt tmpfs tty ulimits user volumes volumes_from working_dir`.split(
    /\s+/,
  ),
);

/** Keys that need a permission whenever they are set. */
const NEED: Readonly<Record<string, HostPermission>> = {
  annotations: "annotations",
  cgroup_parent: "cgroup",
  device_cgroup_rules: "devices",
  devices: "devices",
  external_links: "external_containers",
  gpus: "devices",
  oom_kill_disable: "oom",
  privileged: "privileged",
  runtime: "runtime",
  sysctls: "sysctls",
  use_api_socket: "docker_socket",
  userns_mode: "userns_mode",
};

/** Namespaces, with the values that stay within the app. `service:name` always does. */
const NAMESPACES: Readonly<Record<string, { readonly permission: HostPermission; readonly own: readonly string[] }>> = {
  cgroup: { permission: "cgroup", own: ["private"] },
  ipc: { permission: "ipc", own: ["private", "shareable", "none"] },
  network_mode: { permission: "network_mode", own: ["none", "bridge", "default"] },
  pid: { permission: "pid", own: [] },
  uts: { permission: "uts", own: [] },
};

/** Log drivers that write to files of Docker only. */
const LOG_DRIVERS = ["", "json-file", "local", "none"];

/** Security options that strengthen confinement. */
const HARDENING = /^no-new-privileges([:=]true)?$/;

/** Judges one service of a resolved document, without its mounts. */
export function judgeService(context: JudgeContext, key: string, service: Mapping): void {
  for (const [name, value] of Object.entries(service)) judgeKey(context, `${key}.${name}`, name, value);
  judgeLabels(context, `${key}.labels`, service.labels);
  for (const [name, network] of entriesOf(service.networks)) {
    if (isSet(mappingOf(network).driver_opts)) need(context, `${key}.networks.${name}.driver_opts`, "networks.driver");
  }
  const { resources, labels } = mappingOf(service.deploy);
  judgeLabels(context, `${key}.deploy.labels`, labels);
  if (isSet(mappingOf(mappingOf(resources).reservations).devices)) {
    need(context, `${key}.deploy.resources.reservations.devices`, "devices");
  }
  for (const hook of ["post_start", "pre_stop"]) {
    for (const [index, step] of itemsOf(service[hook]).entries()) {
      if (isSet(mappingOf(step).privileged)) need(context, `${key}.${hook}[${index}].privileged`, "privileged");
    }
  }
}

function judgeKey(context: JudgeContext, key: string, name: string, value: unknown): void {
  const permission = Object.hasOwn(NEED, name) ? NEED[name] : undefined;
  const namespace = Object.hasOwn(NAMESPACES, name) ? NAMESPACES[name] : undefined;
  if (permission !== undefined) {
    if (isSet(value)) need(context, key, permission);
  } else if (namespace !== undefined) {
    judgeNamespace(context, key, namespace, value);
  } else if (name === "cap_add") {
    for (const one of itemsOf(value)) need(context, key, "cap_add", capability(String(one)));
  } else if (name === "security_opt") {
    if (itemsOf(value).some((option) => !HARDENING.test(String(option)))) need(context, key, "security_opt");
  } else if (name === "oom_score_adj") {
    if (Number(value) < 0) need(context, key, "oom");
  } else if (name === "logging") {
    const { driver } = mappingOf(value);
    if (!LOG_DRIVERS.includes(String(driver ?? ""))) need(context, `${key}.driver`, "logging");
  } else if (!HARMLESS.has(name) && !name.startsWith("x-") && isSet(value)) {
    refuse(context, key, "not supported on a node: remove it");
  }
  if (name === "volumes_from") {
    for (const from of itemsOf(value)) {
      if (String(from).startsWith("container:")) needVolume(context, key, "external_containers");
    }
  }
}

function judgeNamespace(
  context: JudgeContext,
  key: string,
  { permission, own }: { readonly permission: HostPermission; readonly own: readonly string[] },
  value: unknown,
): void {
  const text = String(value ?? "");
  if (text === "" || own.includes(text) || text.startsWith("service:")) return;
  need(context, key, text.startsWith("container:") ? "external_containers" : permission);
}
