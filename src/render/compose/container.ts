import type { Reporter } from "../overseer/reporter.js";
import { builtImage } from "./built-images.js";
import { commandOf } from "./commands.js";
import { storeVariables } from "./encrypted-variables.js";
import { environmentOf } from "./environment.js";
import { warn } from "./findings.js";
import { grantMounts } from "./grants.js";
import type { AppModel, ServiceModel } from "./model.js";
import { mountsOf } from "./mounts.js";
import type { VolumeMount } from "./pod-volumes.js";
import { portsOf } from "./ports.js";
import { probesOf } from "./probes.js";
import { resourcesOf } from "./resources.js";
import { containerSecurity } from "./security.js";
import { shellWords } from "./shell-words.js";
import { isTrue, mappingOf, textOf, textsOf } from "./values.js";
import type { MountTargets } from "./volume-sources.js";

/** A container of a pod. */
export type Container = Readonly<Record<string, unknown>>;

/** Converts a service to a container and adds its volumes to the pod. A Job has no probes. */
export function containerOf(model: ServiceModel, app: AppModel, targets: MountTargets, isJob: boolean): Container {
  const { service, dns } = model;
  const environment = environmentOf(model, app);
  const command = commandOf(model, environment);
  const mounts = [...mountsOf(model, targets), ...grantMounts(model, targets)];
  const env = environment.list(storeVariables(environment.encrypted, model, targets));
  const ports = portsOf(model).map(({ port, protocol }) => ({ containerPort: port, protocol }));
  const resources = resourcesOf(model, app);
  const workingDir = textOf(service.working_dir);
  const lifecycle = lifecycleOf(model);
  return {
    name: dns,
    image: imageOf(model, app),
    ...pullPolicy(model, app),
    ...command,
    ...(workingDir === undefined ? {} : { workingDir }),
    ...(env.length === 0 ? {} : { env }),
    ...(ports.length === 0 ? {} : { ports }),
    ...(Object.keys(resources).length === 0 ? {} : { resources }),
    ...(mounts.length === 0 ? {} : { volumeMounts: distinct(mounts, model.report) }),
    ...(isJob ? {} : probesOf(model)),
    ...(lifecycle === undefined ? {} : { lifecycle }),
    securityContext: containerSecurity(model, app, targets.pod),
    ...(isTrue(service.stdin_open) ? { stdin: true } : {}),
    ...(isTrue(service.tty) ? { tty: true } : {}),
  };
}

/** Returns mounts by their path, each path once: an API server refuses a container with a second one. */
function distinct(mounts: readonly VolumeMount[], report: Reporter): readonly VolumeMount[] {
  const found = new Map<string, VolumeMount>();
  for (const mount of mounts) {
    const { mountPath, name, subPath } = mount;
    const other = found.get(mountPath) ?? mount;
    if (other.name !== name || other.subPath !== subPath)
      report.problem(`two of volumes, tmpfs, secrets and configs have the target ${mountPath}: remove one of them`);
    found.set(mountPath, other);
  }
  return [...found.values()].sort((a, b) => (a.mountPath < b.mountPath ? -1 : 1));
}

function imageOf(model: ServiceModel, app: AppModel): string {
  const { service, report } = model;
  const image = textOf(service.image);
  if (image === undefined) return builtImage(model, app);
  const name = image.slice(image.lastIndexOf("/") + 1);
  if (!name.includes("@") && (!name.includes(":") || name.endsWith(":latest")))
    warn(report.at("image"), "has no version: pods that start later may run another one; name a tag or digest");
  return image;
}

function pullPolicy({ service, report }: ServiceModel, { settings }: AppModel): { readonly imagePullPolicy?: string } {
  const policy = textOf(service.pull_policy);
  switch (policy) {
    case undefined:
      return {};
    case "never":
      return { imagePullPolicy: "Never" };
    case "missing":
    case "if_not_present":
      return { imagePullPolicy: "IfNotPresent" };
    case "build":
      if (service.image === undefined && settings.cluster.builtImages !== undefined) return {};
      report.at("pull_policy").problem("a cluster does not build images: push the image to a registry, and remove it");
      return {};
    case "always":
    case "refresh":
      return { imagePullPolicy: "Always" };
    default:
      warn(report.at("pull_policy"), "the image is pulled whenever a pod starts, and not by time");
      return { imagePullPolicy: "Always" };
  }
}

/** Converts hooks. Kubernetes runs one command per hook, without variables of its own. */
function lifecycleOf({ service, report }: ServiceModel): Readonly<Record<string, unknown>> | undefined {
  const hooks = [
    ["post_start", "postStart"],
    ["pre_stop", "preStop"],
  ] as const;
  const found = hooks.flatMap(([key, name]) => {
    const list = Array.isArray(service[key]) ? service[key] : [];
    if (list.length > 1) report.at(key).problem("only one command is supported: join them with sh -c");
    const written: unknown = mappingOf(list[0]).command;
    const text = textOf(written);
    const command = text === undefined ? textsOf(written) : (shellWords(text)?.words ?? []);
    return command.length === 0 ? [] : [[name, { exec: { command } }] as const];
  });
  return found.length === 0 ? undefined : Object.fromEntries(found);
}
