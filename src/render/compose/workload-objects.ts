import { ANNOTATION_WAVE } from "../../api/group.js";
import { canonicalJson, sha256 } from "../../base/hash.js";
import type { AppObjects } from "./app-objects.js";
import { workloadName } from "./app-services.js";
import { warn } from "./findings.js";
import { type AppModel, COMPOSE_GROUP, labelsOf, type ServiceModel } from "./model.js";
import { joinNames } from "./names.js";
import { placementOf } from "./placement.js";
import { type PodDraft, podTemplate } from "./pod-template.js";
import type { PodVolumes } from "./pod-volumes.js";
import { mappingOf, pairsOf } from "./values.js";
import type { VolumeGroup } from "./volume-groups.js";
import { daemonStrategyOf, strategyOf, type Workload } from "./workload.js";

/** A workload to be added. */
interface WorkloadParts {
  readonly app: AppModel;
  readonly service: ServiceModel;
  readonly workload: Workload;
  readonly draft: PodDraft;
  readonly volumes: PodVolumes;
  /** Group of pods that must run on one node. */
  readonly group: VolumeGroup | undefined;
  readonly wave: number;
  readonly networks: Readonly<Record<string, string>>;
}

/** Adds the Deployment, DaemonSet or Job of a service. */
export function addWorkload(parts: WorkloadParts, objects: AppObjects): void {
  const { app, service, workload, wave, volumes } = parts;
  const template = templateOf(parts);
  const name = workloadName(app.name, service);
  const annotations = { ...deployLabels(service), ...(wave === 0 ? {} : { [ANNOTATION_WAVE]: String(wave) }) };
  const common = { service: service.dns, annotations };
  const selector = { matchLabels: labelsOf(app.name, service.dns) };
  if (workload.kind === "Job") {
    const { restarts: backoffLimit, completions } = workload;
    const spec = { backoffLimit, ...(completions > 1 ? { completions, parallelism: completions } : {}), template };
    // The template of a Job cannot be changed: another template is another Job.
    const hash = sha256(canonicalJson(spec), 8);
    objects.add(
      { apiVersion: "batch/v1", kind: "Job", name: joinNames(name, hash), ...common, rest: { spec } },
      service.report,
    );
    return;
  }
  if (workload.kind === "DaemonSet") {
    if (volumes.claims.length > 0)
      warn(service.report.at("volumes"), "the pods of all nodes share the volume: its storage has to permit that");
    objects.add(
      {
        apiVersion: "apps/v1",
        kind: "DaemonSet",
        name,
        ...common,
        rest: { spec: { selector, ...daemonStrategyOf(service), template } },
      },
      service.report,
    );
    return;
  }
  const strategy = strategyOf(service, volumes.claims.length > 0);
  const spec = { replicas: workload.replicas, selector, revisionHistoryLimit: 3, ...strategy, template };
  objects.add({ apiVersion: "apps/v1", kind: "Deployment", name, ...common, rest: { spec } }, service.report);
}

function templateOf({
  app,
  service,
  workload,
  draft,
  volumes,
  group,
  networks,
}: WorkloadParts): Readonly<Record<string, unknown>> {
  const replicas = workload.kind === "Deployment" ? workload.replicas : 1;
  const isShared = group !== undefined && (group.pods.length > 1 || replicas > 1);
  const groupName = group === undefined ? undefined : (app.services.get(group.name)?.dns ?? group.name);
  const ownClaims = volumes.claims.length > 0;
  if (ownClaims && replicas > 1)
    warn(service.report.at("volumes"), "all replicas share the volume and run on one node");
  const placement = placementOf(service, app, isShared && workload.kind !== "DaemonSet" ? groupName : undefined);
  const restartPolicy = workload.kind !== "Job" ? "Always" : workload.restarts === 0 ? "Never" : "OnFailure";
  const { contentHash } = volumes;
  return podTemplate(draft, {
    app,
    service,
    placement,
    group: groupName,
    contentHash,
    networks,
    restartPolicy,
    volumes: volumes.volumes,
  });
}

function deployLabels({ service }: ServiceModel): Readonly<Record<string, string>> {
  const labels = pairsOf(mappingOf(service.deploy).labels).map(({ name, value = "" }) => [name, value]);
  return labels.length === 0 ? {} : { [`${COMPOSE_GROUP}/labels`]: JSON.stringify(Object.fromEntries(labels)) };
}
