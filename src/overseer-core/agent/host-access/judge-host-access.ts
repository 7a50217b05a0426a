import { AppRestrictions, RESTRICTIONS_KEY } from "../../../api/core/app-restrictions.js";
import type { Mapping } from "../../operations/compose.js";
import {
  entriesOf,
  type Finding,
  isSet,
  type JudgeContext,
  judgeLabels,
  mappingOf,
  need,
  needVolume,
  refuse,
} from "./findings.js";
import type { HostPolicy } from "./host-policy.js";
import { judgeIsolation } from "./judge-isolation.js";
import { boundDevice, judgeMounts, type NodePaths } from "./judge-mounts.js";
import { judgePorts, type NodePorts } from "./judge-ports.js";
import { judgeService } from "./judge-service.js";

/** A document to judge. */
export interface JudgedDocument {
  readonly app: string;
  readonly project: string;
  /** The document as `docker compose config` resolves it: extensions, merges, variables and short forms are gone. */
  readonly model: Mapping;
}

const TOP_KEYS = ["name", "services", "networks", "volumes", "configs", "secrets"];

/**
 * Returns what a resolved Compose document uses of the node beyond what the policy allows. Keys that this version does not know are
 * refused, too.
 */
export function judgeHostAccess(
  { app, project, model }: JudgedDocument,
  policy: HostPolicy,
  paths: NodePaths,
  ports: NodePorts = { reserved: [], published: [] },
): Finding[] {
  const denied = AppRestrictions.safeParse(model[RESTRICTIONS_KEY] ?? {});
  if (!denied.success)
    return [{ key: RESTRICTIONS_KEY, message: "is not what this version knows: update the agent, or remove it" }];
  const context: JudgeContext = { app, project, policy, denied: denied.data, found: [] };
  for (const [key, value] of Object.entries(model)) {
    if (!TOP_KEYS.includes(key) && !key.startsWith("x-") && isSet(value))
      refuse(context, key, "not supported on a node: remove it");
  }
  for (const [name, service] of entriesOf(model.services))
    judgeService(context, `services.${name}`, mappingOf(service));
  for (const [name, network] of entriesOf(model.networks))
    judgeNetwork(context, `networks.${name}`, mappingOf(network));
  for (const [name, volume] of entriesOf(model.volumes)) judgeVolume(context, `volumes.${name}`, mappingOf(volume));
  for (const kind of ["configs", "secrets"]) {
    for (const [name, value] of entriesOf(model[kind])) judgeFile(context, `${kind}.${name}`, mappingOf(value));
  }
  judgeMounts(context, model, paths);
  judgePorts(context, model, ports);
  if (denied.data.isolated) judgeIsolation(context, model);
  return context.found;
}

function judgeNetwork(context: JudgeContext, key: string, network: Mapping): void {
  judgeLabels(context, `${key}.labels`, network.labels);
  if (isSet(network.external) || !isOwn(context, network.name)) {
    need(context, `${key}.external`, "networks.external");
    return;
  }
  const { driver } = network;
  if (isSet(driver) && driver !== "bridge" && driver !== "default") need(context, `${key}.driver`, "networks.driver");
  if (isSet(network.driver_opts)) need(context, `${key}.driver_opts`, "networks.driver");
  const ipam = mappingOf(network.ipam);
  if (isSet(ipam.driver) && ipam.driver !== "default") need(context, `${key}.ipam.driver`, "networks.driver");
  if (isSet(ipam.options)) need(context, `${key}.ipam.options`, "networks.driver");
  // The node routes a subnet to the app's bridge: also an address of another machine, such as the sign-in service.
  const configs = Array.isArray(ipam.config) ? ipam.config.map(mappingOf) : [mappingOf(ipam.config)];
  if (configs.some((config) => Object.values(config).some(isSet)))
    need(context, `${key}.ipam.config`, "networks.subnet");
}

function judgeVolume(context: JudgeContext, key: string, volume: Mapping): void {
  judgeLabels(context, `${key}.labels`, volume.labels);
  if (isSet(volume.external) || !isOwn(context, volume.name)) {
    needVolume(context, `${key}.external`, "volumes.external");
    return;
  }
  const { driver, driver_opts: options } = volume;
  if (isSet(driver) && driver !== "local") needVolume(context, `${key}.driver`, "volumes.driver");
  if (!isSet(options) || boundDevice(volume) !== undefined) return;
  const { type, o, device, ...others } = mappingOf(options);
  const tmpfs = type === "tmpfs" && (!isSet(device) || device === "tmpfs") && Object.keys(others).length === 0;
  if (!tmpfs || /(^|,)(r?bind|r?shared|r?slave|remount|move)(,|$)/.test(String(o ?? ""))) {
    needVolume(context, `${key}.driver_opts`, "volumes.driver");
  }
}

function judgeFile(context: JudgeContext, key: string, value: Mapping): void {
  judgeLabels(context, `${key}.labels`, value.labels);
  for (const name of ["driver", "template_driver", "external"]) {
    if (isSet(value[name]))
      refuse(context, `${key}.${name}`, "only Docker Swarm supports it: set content, environment or file");
  }
}

/** Reports whether a volume or network belongs to the app. Its name is chosen by Compose unless the document sets it. */
function isOwn({ project }: JudgeContext, name: unknown): boolean {
  return name === undefined || name === null || String(name).startsWith(`${project}_`);
}

/** Returns one message for all findings, of which it names at most 20. */
export function findingsText(findings: readonly Finding[]): string {
  const shown = findings.slice(0, 20).map(({ key, message }) => `${key}: ${message}`);
  const more = findings.length > 20 ? `; and ${findings.length - 20} more` : "";
  return `the Compose document uses the node in ways that are not allowed: ${shown.join("; ")}${more}`;
}
