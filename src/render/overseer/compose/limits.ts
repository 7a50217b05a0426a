import { isRecord } from "../../../manifest/shape.js";
import type { Reporter } from "../reporter.js";
import { resourcesOf } from "./consistency.js";
import { parseBytes } from "./forms.js";
import type { Mapping } from "./shape.js";

/** Limits of a service in the form of `deploy.resources.limits`. */
export interface Limits {
  readonly cpus?: string;
  readonly memory?: string;
}

/** Adds limits. Those of the service take precedence, in either syntax. */
export function withLimits(service: Mapping, { cpus, memory }: Limits): Mapping {
  if (cpus === undefined && memory === undefined) return service;
  const deploy = isRecord(service.deploy) ? service.deploy : {};
  const resources = resourcesOf(service);
  const own = isRecord(resources.limits) ? resources.limits : {};
  const added = {
    ...(cpus === undefined || service.cpus !== undefined || service.cpu_quota !== undefined ? {} : { cpus }),
    ...(memory === undefined || service.mem_limit !== undefined ? {} : { memory }),
  };
  return { ...service, deploy: { ...deploy, resources: { ...resources, limits: { ...added, ...own } } } };
}

/** Reports limits of a service that are higher than those of a Policy, and those without an end. */
export function checkLimits(service: Mapping, { cpus, memory }: Limits, report: Reporter): void {
  if (memory !== undefined) checkSwap(service, memory, report.at("memswap_limit"));
  const { limits } = resourcesOf(service);
  const own = isRecord(limits) ? limits : {};
  const nested = report.at("deploy", "resources", "limits");
  const quota = Number(service.cpu_quota) / Number(service.cpu_period ?? 100_000);
  const written: readonly [unknown, number, string | undefined, Reporter][] = [
    [service.cpus, Number(service.cpus), cpus, report.at("cpus")],
    [own.cpus, Number(own.cpus), cpus, nested.at("cpus")],
    [service.cpu_quota, quota, cpus, report.at("cpu_quota")],
    [service.mem_limit, bytes(service.mem_limit), memory, report.at("mem_limit")],
    [own.memory, bytes(own.memory), memory, nested.at("memory")],
  ];
  for (const [value, amount, limit, at] of written) {
    if (value === undefined || value === null || limit === undefined) continue;
    const most = Number.isNaN(Number(limit)) ? bytes(limit) : Number(limit);
    if (amount > 0 && amount <= most) continue;
    at.problem(`exceeds the limit of a Policy, ${limit}: set at most that, or change spec.resources of the Policy`);
  }
}

/** Memory and swap together are by default twice the memory; `memswap_limit: -1` is no limit of the swap. */
function checkSwap({ memswap_limit: value }: Mapping, memory: string, report: Reporter): void {
  const amount = bytes(value ?? 0);
  if (amount >= 0 && amount <= 2 * bytes(memory)) return;
  report.problem(
    `exceeds twice the memory limit of a Policy, ${memory}: remove it, or change spec.resources of the Policy`,
  );
}

function bytes(value: unknown): number {
  return typeof value === "number" ? value : (parseBytes(String(value)) ?? Number.NaN);
}
