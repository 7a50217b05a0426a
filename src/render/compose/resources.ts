import { isRecord } from "../../manifest/shape.js";
import type { Mapping } from "../overseer/compose/shape.js";
import type { Reporter } from "../overseer/reporter.js";
import { warn } from "./findings.js";
import type { AppModel, ServiceModel } from "./model.js";
import { byteQuantity, bytesOf, cpuQuantity, mappingOf, numberOf, textOf, textsOf } from "./values.js";

/** Requests and limits of a container. */
export interface Resources {
  readonly limits?: Readonly<Record<string, string>>;
  readonly requests?: Readonly<Record<string, string>>;
}

/** Converts limits, reservations, GPUs and devices of a service. */
export function resourcesOf(model: ServiceModel, app: AppModel): Resources {
  const { service, report } = model;
  const resources = mappingOf(mappingOf(service.deploy).resources);
  const [limits, reservations] = [mappingOf(resources.limits), mappingOf(resources.reservations)];
  const quota = numberOf(service.cpu_quota);
  const period = numberOf(service.cpu_period) ?? 100_000;
  const cpu =
    numberOf(service.cpus) ?? numberOf(limits.cpus) ?? (quota !== undefined && quota > 0 ? quota / period : undefined);
  const memory = bytesOf(service.mem_limit) ?? bytesOf(limits.memory);
  const allLimits = {
    ...amounts(cpu, memory),
    ...devicesOf(reservations.devices, report.at("deploy", "resources", "reservations", "devices")),
    ...devicesOf(isGpus(service.gpus), report.at("gpus")),
    ...pluginDevices(model, app),
  };
  const reserved = {
    cpus: numberOf(reservations.cpus),
    memory: bytesOf(service.mem_reservation) ?? bytesOf(reservations.memory),
  };
  for (const [key, most] of [
    ["cpus", cpu],
    ["memory", memory],
  ] as const)
    if (most !== undefined && most > 0 && (reserved[key] ?? 0) > most)
      report
        .at("deploy", "resources", "reservations", key)
        .problem("is more than the limit: reserve less, or raise the limit");
  const requests = amounts(reserved.cpus, reserved.memory);
  return {
    ...(Object.keys(allLimits).length === 0 ? {} : { limits: allLimits }),
    ...(Object.keys(requests).length === 0 ? {} : { requests }),
  };
}

/** Zero means no limit, as in Compose. */
function amounts(cpu: number | undefined, memory: number | undefined): Record<string, string> {
  return {
    ...(cpu === undefined || cpu <= 0 ? {} : { cpu: cpuQuantity(cpu) }),
    ...(memory === undefined || memory <= 0 ? {} : { memory: byteQuantity(memory) }),
  };
}

function isGpus(value: unknown): unknown {
  return value === "all" ? [{ count: "all" }] : value;
}

const GPUS: Readonly<Record<string, string>> = {
  nvidia: "nvidia.com/gpu",
  amd: "amd.com/gpu",
  "gpu.intel.com": "gpu.intel.com/i915",
};

function devicesOf(devices: unknown, report: Reporter): Record<string, string> {
  const found: Record<string, string> = {};
  for (const [index, device] of (Array.isArray(devices) ? devices : []).entries()) {
    if (!isRecord(device)) continue;
    const at = report.at(index);
    const driver = textOf(device.driver) ?? "nvidia";
    const resource = driver === "cdi" ? undefined : GPUS[driver];
    if (resource === undefined) {
      at.at("driver").problem(`expected one of ${Object.keys(GPUS).join(", ")}: other drivers have no known resource`);
      continue;
    }
    found[resource] = String(countOf(device, at) + Number(found[resource] ?? 0));
  }
  return found;
}

function countOf(device: Mapping, report: Reporter): number {
  const ids = textsOf(device.device_ids);
  if (ids.length > 0) {
    warn(report.at("device_ids"), `the device plugin chooses ${ids.length} of its devices: IDs have no effect`);
    return ids.length;
  }
  const count = numberOf(device.count);
  if (count !== undefined && count > 0) return count;
  warn(report, "means all devices of a node, which cannot be requested: one is");
  return 1;
}

function pluginDevices({ service, report }: ServiceModel, { settings }: AppModel): Record<string, string> {
  const found: Record<string, string> = {};
  const list = Array.isArray(service.devices) ? service.devices : [];
  list.forEach((item: unknown, index) => {
    const [, target, permissions] = textOf(item)?.split(":") ?? [];
    const path = textOf(item)?.split(":")[0] ?? (isRecord(item) ? textOf(item.source) : undefined) ?? "";
    const resource = settings.cluster.devices?.find((device) => device.path === path)?.resource;
    if ((target ?? path) !== path || (permissions !== undefined && permissions !== "rwm"))
      warn(
        report.at("devices", index),
        "the device plugin decides about the path in the container and the permissions",
      );
    if (resource !== undefined) found[resource] = "1";
    else
      report
        .at("devices", index)
        .problem(
          `${JSON.stringify(path.slice(0, 100))} is a device of the node: name the resource of a device plugin for it in source.compose.devices of the OverseerApp`,
        );
  });
  return found;
}
