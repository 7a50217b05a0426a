import { isRecord } from "../../../manifest/shape.js";
import type { Reporter } from "../reporter.js";
import { cleanPath } from "./clean-path.js";
import { parseBytes } from "./forms.js";
import type { Mount } from "./mounts.js";
import type { Mapping } from "./shape.js";

/** Keys that duplicate a field of `deploy.resources`. If that group is present, Compose requires the same value in both. */
const TWICE: readonly (readonly [key: string, group: "limits" | "reservations", field: string])[] = [
  ["cpus", "limits", "cpus"],
  ["mem_limit", "limits", "memory"],
  ["pids_limit", "limits", "pids"],
  ["mem_reservation", "reservations", "memory"],
];

/** Validates that the keys of a service do not contradict each other. */
export function checkConsistency(service: Mapping, mounts: readonly Mount[], report: Reporter): void {
  checkTargets(service, mounts, report);
  checkScale(service, report);
  const resources = resourcesOf(service);
  for (const [key, group, field] of TWICE) {
    const { [group]: values } = resources;
    if (!isRecord(values) || service[key] === undefined || values[field] === undefined) continue;
    if (amount(service[key]) === amount(values[field])) continue;
    report.at(key).problem(`is not the same as deploy.resources.${group}.${field}; remove one of the two`);
  }
  const { reservations } = resources;
  checkDevices(
    isRecord(reservations) ? reservations.devices : [],
    report.at("deploy", "resources", "reservations", "devices"),
  );
  checkDevices(service.gpus, report.at("gpus"));
}

/** Copies limits from the older keys to `deploy.resources` if that already has the group. */
export function repeatLimits(service: Mapping): Mapping {
  const resources = resourcesOf(service);
  const repeated: Record<string, Mapping> = {};
  for (const [key, group, field] of TWICE) {
    const values = repeated[group] ?? resources[group];
    if (!isRecord(values) || service[key] === undefined || values[field] !== undefined) continue;
    repeated[group] = { ...values, [field]: field === "pids" ? service[key] : String(service[key]) };
  }
  if (Object.keys(repeated).length === 0) return service;
  const deploy = isRecord(service.deploy) ? service.deploy : {};
  return { ...service, deploy: { ...deploy, resources: { ...resources, ...repeated } } };
}

/** `deploy.resources` of a service. */
export function resourcesOf({ deploy }: Mapping): Mapping {
  const resources = isRecord(deploy) ? deploy.resources : undefined;
  return isRecord(resources) ? resources : {};
}

/** Converts a number or size to a number. Other strings are returned unchanged. */
function amount(value: unknown): unknown {
  if (typeof value !== "string") return value;
  return value === "" || Number.isNaN(Number(value)) ? (parseBytes(value) ?? value) : Number(value);
}

/** Validates that each container path is mounted only once. */
function checkTargets({ tmpfs }: Mapping, mounts: readonly Mount[], report: Reporter): void {
  const taken = new Map<string, string>();
  const paths = Array.isArray(tmpfs) ? tmpfs : typeof tmpfs === "string" ? [tmpfs] : [];
  for (const path of paths) taken.set(cleanPath(String(path).split(":", 1)[0] ?? ""), "tmpfs");
  for (const { target: written, index } of mounts) {
    const target = cleanPath(written);
    const first = taken.get(target);
    if (first === undefined) taken.set(target, `volumes[${index}]`);
    else report.at("volumes", index).problem(`has the same target as ${first}; remove one of them`);
  }
}

function checkScale({ scale, deploy, container_name: name }: Mapping, report: Reporter): void {
  const replicas = isRecord(deploy) ? deploy.replicas : undefined;
  if (scale !== undefined && replicas !== undefined && Number(scale) !== Number(replicas)) {
    report.at("scale").problem("is not the same as deploy.replicas; remove one of the two");
  }
  if (name !== undefined && Number(scale ?? replicas ?? 1) > 1) {
    report.at("container_name").problem("excludes more than one container: a name can be given once; remove it");
  }
}

function checkDevices(devices: unknown, report: Reporter): void {
  if (!Array.isArray(devices)) return;
  for (const [index, device] of devices.entries()) {
    if (!isRecord(device) || device.count === undefined || device.device_ids === undefined) continue;
    report.at(index, "count").problem("excludes device_ids; remove one of the two");
  }
}
