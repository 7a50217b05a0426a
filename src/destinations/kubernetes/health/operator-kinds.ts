import type { RawObject } from "../../../kube/object.js";
import type { ObjectHealth } from "../../../plan/live.js";
import {
  awaits,
  byPhase,
  crossplaneHealth,
  routeHealth,
  scaledObjectHealth,
  snapshotHealth,
  tektonRunHealth,
  unlessSuspended,
} from "./operators.js";
import { externalSecretHealth, sealedSecretHealth } from "./secrets.js";

type Rule = (object: RawObject) => ObjectHealth;

const ready = awaits("Ready");
const fluxReady = unlessSuspended(ready);

/** Argo CD: Suspended and Missing are words of its own health. */
const argoApplication = byPhase({
  path: ["health", "status"],
  healthy: ["Healthy"],
  degraded: ["Degraded"],
  suspended: ["Suspended"],
  message: ["health", "message"],
});

const rollout = byPhase({
  path: ["phase"],
  healthy: ["Healthy"],
  degraded: ["Degraded"],
  suspended: ["Paused"],
  message: ["message"],
});

const canary = byPhase({ path: ["phase"], healthy: ["Initialized", "Succeeded"], degraded: ["Failed"] });
const elastic = byPhase({ path: ["health"], healthy: ["green"], degraded: ["red"] });

/**
 * Rules of kinds of common operators whose conditions alone would be read wrongly: those that are not ready before their controller
 * has seen them, those with a word instead of a condition, and those that can be suspended. Keys are `group/Kind`, or `group/*` for all
 * other kinds of a group.
 */
export const OPERATOR_RULES: Readonly<Record<string, Rule>> = {
  "argoproj.io/Application": argoApplication,
  "argoproj.io/Rollout": rollout,
  "bitnami.com/SealedSecret": sealedSecretHealth,
  "cert-manager.io/*": ready,
  "pkg.crossplane.io/*": awaits("Healthy"),
  "elasticsearch.k8s.elastic.co/Elasticsearch": elastic,
  "kibana.k8s.elastic.co/Kibana": elastic,
  "external-secrets.io/ExternalSecret": externalSecretHealth,
  "external-secrets.io/ClusterExternalSecret": externalSecretHealth,
  "external-secrets.io/SecretStore": externalSecretHealth,
  "external-secrets.io/ClusterSecretStore": externalSecretHealth,
  "external-secrets.io/PushSecret": externalSecretHealth,
  "flagger.app/Canary": canary,
  "gateway.networking.k8s.io/Gateway": awaits("Programmed"),
  "gateway.networking.k8s.io/GatewayClass": awaits("Accepted"),
  "gateway.networking.k8s.io/GRPCRoute": routeHealth,
  "gateway.networking.k8s.io/HTTPRoute": routeHealth,
  "gateway.networking.k8s.io/TCPRoute": routeHealth,
  "gateway.networking.k8s.io/TLSRoute": routeHealth,
  "helm.toolkit.fluxcd.io/HelmRelease": fluxReady,
  "image.toolkit.fluxcd.io/ImageRepository": fluxReady,
  "image.toolkit.fluxcd.io/ImageUpdateAutomation": fluxReady,
  "kafka.strimzi.io/Kafka": ready,
  "kafka.strimzi.io/KafkaConnect": ready,
  "kafka.strimzi.io/KafkaTopic": ready,
  "kafka.strimzi.io/KafkaUser": ready,
  "keda.sh/ScaledObject": scaledObjectHealth,
  "kubevirt.io/VirtualMachine": byPhase({
    path: ["printableStatus"],
    healthy: ["Running"],
    degraded: ["CrashLoopBackOff", "ErrorUnschedulable", "ErrImagePull", "ImagePullBackOff", "DataVolumeError"],
    suspended: ["Stopped", "Paused"],
  }),
  "kustomize.toolkit.fluxcd.io/Kustomization": fluxReady,
  "monitoring.coreos.com/Alertmanager": awaits("Available"),
  "monitoring.coreos.com/Prometheus": awaits("Available"),
  "monitoring.coreos.com/ThanosRuler": awaits("Available"),
  "postgresql.cnpg.io/Cluster": ready,
  "rabbitmq.com/RabbitmqCluster": awaits("AllReplicasReady"),
  "serving.knative.dev/Service": ready,
  "snapshot.storage.k8s.io/VolumeSnapshot": snapshotHealth,
  "source.toolkit.fluxcd.io/*": fluxReady,
  "tekton.dev/PipelineRun": tektonRunHealth,
  "tekton.dev/TaskRun": tektonRunHealth,
};

/** Groups of managed resources of Crossplane, one for each provider. */
const CROSSPLANE = /(^|\.)(crossplane|upbound)\.io$/;

/** Returns the rule of a kind of a common operator, if it has one. */
export function operatorRule({ group, kind }: { readonly group: string; readonly kind: string }): Rule | undefined {
  const rule = OPERATOR_RULES[`${group}/${kind}`] ?? OPERATOR_RULES[`${group}/*`];
  return rule ?? (CROSSPLANE.test(group) ? crossplaneHealth : undefined);
}
