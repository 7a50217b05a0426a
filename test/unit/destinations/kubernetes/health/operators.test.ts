import { expect } from "chai";
import { condition, health } from "./objects.js";

const of = (...conditions: unknown[]) => ({ conditions });
const waitsFor = (type: string) => `Progressing: is waiting for its controller: no condition ${type}`;

type Row = readonly [kind: string, status: unknown, expected: string, spec?: unknown];

const ROWS: readonly Row[] = [
  ["cert-manager.io/v1 Certificate", undefined, waitsFor("Ready")],
  ["cert-manager.io/v1 Certificate", of(condition("Ready", "True")), "Healthy"],
  [
    "cert-manager.io/v1 ClusterIssuer",
    of(condition("Ready", "False", "ErrRegisterACMEAccount", "no account")),
    "Degraded: ErrRegisterACMEAccount: no account",
  ],
  ["kustomize.toolkit.fluxcd.io/v1 Kustomization", undefined, "Suspended: is suspended", { suspend: true }],
  ["kustomize.toolkit.fluxcd.io/v1 Kustomization", undefined, waitsFor("Ready"), { suspend: false }],
  ["source.toolkit.fluxcd.io/v1 GitRepository", of(condition("Ready", "True")), "Healthy"],
  ["argoproj.io/v1alpha1 Rollout", undefined, "Progressing: is waiting for its controller to report its state"],
  ["argoproj.io/v1alpha1 Rollout", { phase: "Healthy", observedGeneration: "2" }, "Healthy"],
  [
    "argoproj.io/v1alpha1 Rollout",
    { phase: "Healthy", observedGeneration: "1" },
    "Progressing: is waiting for its controller to observe the latest generation",
  ],
  [
    "argoproj.io/v1alpha1 Rollout",
    { phase: "Paused", message: "CanaryPauseStep" },
    "Suspended: is Paused: CanaryPauseStep",
  ],
  ["argoproj.io/v1alpha1 Rollout", { phase: "Degraded", message: "aborted" }, "Degraded: is Degraded: aborted"],
  ["argoproj.io/v1alpha1 Application", { health: { status: "Missing" } }, "Progressing: is Missing"],
  ["argoproj.io/v1alpha1 Application", { health: { status: "Healthy" } }, "Healthy"],
  ["elasticsearch.k8s.elastic.co/v1 Elasticsearch", { health: "yellow" }, "Progressing: is yellow"],
  ["elasticsearch.k8s.elastic.co/v1 Elasticsearch", { health: "red" }, "Degraded: is red"],
  ["flagger.app/v1beta1 Canary", { phase: "Failed" }, "Degraded: is Failed"],
  ["gateway.networking.k8s.io/v1 Gateway", of(condition("Accepted", "True")), waitsFor("Programmed")],
  ["gateway.networking.k8s.io/v1 Gateway", of(condition("Programmed", "True")), "Healthy"],
  [
    "gateway.networking.k8s.io/v1 Gateway",
    of(condition("Programmed", "False", "Invalid", "no listener")),
    "Degraded: Invalid: no listener",
  ],
  [
    "gateway.networking.k8s.io/v1 Gateway",
    of({ ...condition("Programmed", "True"), observedGeneration: 1 }),
    "Progressing: has a condition Programmed of an older generation",
  ],
  ["gateway.networking.k8s.io/v1 HTTPRoute", { parents: [] }, "Progressing: is waiting for a gateway to accept it"],
  ["gateway.networking.k8s.io/v1 HTTPRoute", { parents: [of(condition("Accepted", "True"))] }, "Healthy"],
  [
    "gateway.networking.k8s.io/v1 HTTPRoute",
    { parents: [of(condition("Accepted", "True")), of(condition("ResolvedRefs", "False", "BackendNotFound"))] },
    "Degraded: BackendNotFound",
  ],
  ["gateway.networking.k8s.io/v1 HTTPRoute", { parents: "none" }, "Progressing: is waiting for a gateway to accept it"],
  [
    "s3.aws.upbound.io/v1beta1 Bucket",
    of(condition("Synced", "False", "ReconcileError", "denied")),
    "Degraded: ReconcileError: denied",
  ],
  ["s3.aws.upbound.io/v1beta1 Bucket", of(condition("Ready", "True"), condition("Synced", "True")), "Healthy"],
  ["pkg.crossplane.io/v1 Provider", of(condition("Installed", "True")), waitsFor("Healthy")],
  [
    "keda.sh/v1alpha1 ScaledObject",
    of(condition("Paused", "True"), condition("Ready", "True")),
    "Suspended: is paused",
  ],
  ["keda.sh/v1alpha1 ScaledObject", of(condition("Ready", "False", "TriggerError")), "Degraded: TriggerError"],
  ["kubevirt.io/v1 VirtualMachine", { printableStatus: "Stopped" }, "Suspended: is Stopped"],
  ["kubevirt.io/v1 VirtualMachine", { printableStatus: "Provisioning" }, "Progressing: is Provisioning"],
  [
    "monitoring.coreos.com/v1 Prometheus",
    of(condition("Available", "Degraded", "SomePodsNotReady")),
    "Progressing: SomePodsNotReady",
  ],
  [
    "postgresql.cnpg.io/v1 Cluster",
    of(condition("Ready", "False", "ClusterIsNotReady")),
    "Progressing: ClusterIsNotReady",
  ],
  ["snapshot.storage.k8s.io/v1 VolumeSnapshot", { readyToUse: false }, "Progressing: is not ready to use yet"],
  ["snapshot.storage.k8s.io/v1 VolumeSnapshot", { error: { message: "no driver" } }, "Degraded: no driver"],
  ["tekton.dev/v1 PipelineRun", undefined, "Progressing: has not started yet"],
  ["tekton.dev/v1 PipelineRun", of(condition("Succeeded", "Unknown", "Running")), "Progressing: Running"],
  ["tekton.dev/v1 TaskRun", of(condition("Succeeded", "False", "TaskRunTimeout")), "Degraded: TaskRunTimeout"],
];

describe("health of kinds of common operators", () => {
  for (const [kind, status, expected, spec] of ROWS)
    it(`${kind} with ${JSON.stringify(spec ?? status) ?? "no status"} is ${expected}`, () => {
      expect(health(kind, status, spec)).to.equal(expected);
    });
});

describe("health of suspended objects", () => {
  const seen = { observedGeneration: 2, replicas: 1, updatedReplicas: 1, availableReplicas: 0 };
  for (const [kind, spec, status] of [
    ["apps/v1 Deployment", { paused: true }, seen],
    ["batch/v1 Job", { suspend: true }, of(condition("Suspended", "True"))],
    ["batch/v1 CronJob", { suspend: true }, {}],
  ] as const)
    it(`is Suspended for a ${kind}`, () => {
      expect(health(kind, status, spec)).to.match(/^Suspended: /);
    });

  it("is that of its state for a CronJob that is not suspended, whatever its last run did", () => {
    expect(health("batch/v1 CronJob", { lastScheduleTime: "2026-01-01T00:00:00Z" }, { suspend: false })).to.equal(
      "Healthy",
    );
  });
});
