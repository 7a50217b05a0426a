import { expect } from "chai";
import { condition, health } from "./objects.js";

const of = (...conditions: unknown[]) => ({ conditions });

describe("health of controllers' kinds", () => {
  for (const [kind, status, expected] of [
    ["apiregistration.k8s.io/v1 APIService", of(condition("Available", "True", "Passed", "ok")), "Healthy"],
    [
      "apiregistration.k8s.io/v1 APIService",
      of(condition("Available", "False", "ServiceNotFound", "no service x")),
      "Progressing: ServiceNotFound: no service x",
    ],
    ["apiregistration.k8s.io/v1 APIService", undefined, "Progressing: has not been checked by the API server yet"],
    ["autoscaling/v2 HorizontalPodAutoscaler", undefined, "Healthy"],
    [
      "autoscaling/v2 HorizontalPodAutoscaler",
      of(condition("AbleToScale", "False", "FailedGetScale", "no deployment x")),
      "Degraded: FailedGetScale: no deployment x",
    ],
    [
      "autoscaling/v2 HorizontalPodAutoscaler",
      of(
        condition("AbleToScale", "True"),
        condition("ScalingActive", "False", "FailedGetResourceMetric", "no metrics"),
      ),
      "Healthy: FailedGetResourceMetric: no metrics",
    ],
    [
      "autoscaling/v2 HorizontalPodAutoscaler",
      of(condition("ScalingActive", "False", "InvalidSelector", "x")),
      "Degraded: InvalidSelector: x",
    ],
    ["flowcontrol.apiserver.k8s.io/v1 FlowSchema", of(condition("Dangling", "False", "Found")), "Healthy"],
    [
      "flowcontrol.apiserver.k8s.io/v1 FlowSchema",
      of(condition("Dangling", "True", "NotFound", "no level x")),
      "Degraded: NotFound: no level x",
    ],
    ["certificates.k8s.io/v1 CertificateSigningRequest", undefined, "Progressing: is waiting for approval"],
    [
      "certificates.k8s.io/v1 CertificateSigningRequest",
      of(condition("Approved", "True")),
      "Progressing: is waiting for its signer",
    ],
    ["certificates.k8s.io/v1 CertificateSigningRequest", { certificate: "eA==" }, "Healthy"],
    [
      "certificates.k8s.io/v1 CertificateSigningRequest",
      of(condition("Denied", "True", "No", "not you")),
      "Degraded: No: not you",
    ],
    [
      "policy/v1 PodDisruptionBudget",
      { observedGeneration: 1 },
      "Progressing: is waiting for its controller to observe the latest generation",
    ],
    [
      "policy/v1 PodDisruptionBudget",
      { observedGeneration: 2, ...of(condition("DisruptionAllowed", "False", "InsufficientPods")) },
      "Healthy",
    ],
    [
      "policy/v1 PodDisruptionBudget",
      { observedGeneration: 2, ...of(condition("DisruptionAllowed", "False", "SyncFailed", "two budgets")) },
      "Degraded: SyncFailed: two budgets",
    ],
    ["v1 ReplicationController", { observedGeneration: 2, availableReplicas: 1 }, "Healthy"],
    ["v1 Node", of(condition("Ready", "False", "KubeletNotReady", "down")), "Progressing: KubeletNotReady: down"],
    ["flowcontrol.apiserver.k8s.io/v1 PriorityLevelConfiguration", undefined, "Healthy"],
  ] as const) {
    it(`${kind} ${JSON.stringify(status)}: ${expected}`, () => expect(health(kind, status)).to.equal(expected));
  }
});
