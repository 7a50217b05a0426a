import { expect } from "chai";
import { describeUnknownKind } from "../../../../../src/destinations/kubernetes/refusals/unknown-kind.js";
import { type GroupVersionKind, parseApiVersion } from "../../../../../src/manifest/object-id.js";

const gvk = (text: string): GroupVersionKind => {
  const [apiVersion = "", kind = ""] = text.split(" ");
  return { ...parseApiVersion(apiVersion), kind };
};

const SERVED = [
  "v1 ConfigMap",
  "v1 Secret",
  "v1 Service",
  "v1 Pod",
  "v1 Namespace",
  "v1 ServiceAccount",
  "v1 Event",
  "apps/v1 Deployment",
  "apps/v1 StatefulSet",
  "apps/v1 DaemonSet",
  "batch/v1 Job",
  "batch/v1 CronJob",
  "policy/v1 PodDisruptionBudget",
  "networking.k8s.io/v1 Ingress",
  "networking.k8s.io/v1 NetworkPolicy",
  "autoscaling/v1 HorizontalPodAutoscaler",
  "autoscaling/v2 HorizontalPodAutoscaler",
  "events.k8s.io/v1 Event",
  "apiextensions.k8s.io/v1 CustomResourceDefinition",
  "rbac.authorization.k8s.io/v1 RoleBinding",
  "cert-manager.io/v1 Certificate",
  "cert-manager.io/v1 Issuer",
  "gitops.overseer.io/v1alpha1 GitRepository",
].map(gvk);

const CASES: readonly [wanted: string, says: string][] = [
  ["v1 Configmap", "the cluster has no kind Configmap in v1; did you mean ConfigMap?"],
  [
    "policy/v1beta1 PodDisruptionBudget",
    "policy/v1beta1 is no longer served for PodDisruptionBudget (since Kubernetes 1.25); PodDisruptionBudget is in policy/v1: change the apiVersion",
  ],
  [
    "extensions/v1beta1 Ingress",
    "extensions/v1beta1 is no longer served for Ingress (since Kubernetes 1.22); Ingress is in networking.k8s.io/v1 (its fields have changed): change the apiVersion and the fields",
  ],
  ["v1 Deployment", "the cluster has no kind Deployment in v1: Deployment is in apps/v1; change the apiVersion"],
  [
    "app/v1 Deployment",
    "the cluster has no kind Deployment in app: Deployment is in apps/v1; change the apiVersion".replace(
      "app:",
      "app/v1:",
    ),
  ],
  [
    "apps/v1beta1 StatefulSet",
    "apps/v1beta1 is no longer served for StatefulSet (since Kubernetes 1.16); StatefulSet is in apps/v1 (its fields have changed): change the apiVersion and the fields",
  ],
  ["apps/v2 Deployment", "apps/v2 is not served: Deployment is in apps/v1; change the apiVersion"],
  ["apps/v1 Deploymnet", "the cluster has no kind Deploymnet in apps/v1; did you mean Deployment?"],
  ["v1 deployments", "the cluster has no kind deployments in v1; did you mean Deployment in apps/v1?"],
  [
    "policy/v1beta1 PodSecurityPolicy",
    "PodSecurityPolicy is no longer served (since Kubernetes 1.25): use Pod Security admission, by the label pod-security.kubernetes.io/enforce of the Namespace",
  ],
  [
    "batch/v1beta1 CronJob",
    "batch/v1beta1 is no longer served for CronJob (since Kubernetes 1.25); CronJob is in batch/v1: change the apiVersion",
  ],
  [
    "rbac.authorization.k8s.io/v1beta1 RoleBinding",
    "rbac.authorization.k8s.io/v1beta1 is no longer served for RoleBinding (since Kubernetes 1.22); RoleBinding is in rbac.authorization.k8s.io/v1: change the apiVersion",
  ],
  [
    "cert-manager.io/v1alpha2 Certificate",
    "cert-manager.io/v1alpha2 is not served: Certificate is in cert-manager.io/v1; change the apiVersion",
  ],
  [
    "cert-manager.io/v1 Certifcate",
    "the cluster has no kind Certifcate in cert-manager.io/v1; did you mean Certificate?",
  ],
  [
    "cert-manager.io/v1 Order",
    "the cluster has no kind Order in cert-manager.io/v1; cert-manager.io has Certificate, Issuer",
  ],
  [
    "certmanager.io/v1 Certificate",
    "the cluster has no kind Certificate in certmanager.io/v1: Certificate is in cert-manager.io/v1; change the apiVersion",
  ],
  [
    "serving.example.dev/v1 Service",
    "the cluster has no kind Service in serving.example.dev/v1: install its CustomResourceDefinition, or correct the apiVersion",
  ],
  [
    "example.org/v1 Nothing",
    "the cluster has no kind Nothing in example.org/v1: install its CustomResourceDefinition, or correct the apiVersion",
  ],
  [
    "resource.k8s.io/v1alpha2 ResourceClass",
    "the cluster has no kind ResourceClass in resource.k8s.io/v1alpha2, nor any other kind of resource.k8s.io: correct the apiVersion, or enable that group on the API server",
  ],
];

describe("describeUnknownKind", () => {
  for (const [wanted, says] of CASES) {
    it(`says what to write in the place of ${wanted}`, () => {
      expect(describeUnknownKind(gvk(wanted), SERVED)).to.equal(says);
    });
  }
});
