import { autoscaler, claim, document, policy, service, settings, webhook, workload } from "./documents.js";
import { widget } from "./widgets.js";

/** Adds the label that is changed and put back. */
function marked(text: string): string {
  return text
    .replace(", labels: { tier: back }", "")
    .replace(/^metadata: \{ (.*) \}$/m, "metadata: { $1, labels: { marker: steady } }");
}

const rbac = "rbac.authorization.k8s.io/v1";
const rules = "rules: [{ apiGroups: [''], resources: [pods], verbs: [get] }]";
const role = (name: string): string =>
  `roleRef: { apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: ${name} }`;

const TEXTS: Readonly<Record<string, (name: string) => string>> = {
  ConfigMap: (name) => settings(name),
  Secret: (name) => document("v1", "Secret", name, "data: { a: b25l }"),
  Service: (name) => service(name),
  ServiceAccount: (name) => document("v1", "ServiceAccount", name, "automountServiceAccountToken: false"),
  LimitRange: (name) => document("v1", "LimitRange", name, "spec: { limits: [] }"),
  Namespace: (name) => document("v1", "Namespace", name, "spec: {}"),
  Event: (name) =>
    document(
      "v1",
      "Event",
      name,
      "involvedObject: { kind: Namespace, name: default, apiVersion: v1 }\nreason: Marker",
      ", namespace: default",
    ),
  Endpoints: (name) => document("v1", "Endpoints", name, "subsets: []"),
  Pod: (name) => document("v1", "Pod", name, "spec: { containers: [{ name: web, image: registry.example/web:1 }] }"),
  PersistentVolumeClaim: (name) => claim(name),
  PersistentVolume: (name) =>
    document(
      "v1",
      "PersistentVolume",
      name,
      "spec: { capacity: { storage: 1Mi }, accessModes: [ReadWriteOnce], storageClassName: none, hostPath: { path: /tmp/none } }",
    ),
  Lease: (name) => document("coordination.k8s.io/v1", "Lease", name, "spec: { holderIdentity: me }"),
  Deployment: (name) => workload(name),
  StatefulSet: (name) =>
    document(
      "apps/v1",
      "StatefulSet",
      name,
      `spec: { replicas: 0, serviceName: none, selector: { matchLabels: { app: ${name}-set } }, template: { metadata: { labels: { app: ${name}-set } }, spec: { containers: [{ name: web, image: registry.example/web:1 }] } } }`,
    ),
  Ingress: (name) =>
    document(
      "networking.k8s.io/v1",
      "Ingress",
      name,
      "spec: { defaultBackend: { service: { name: none, port: { number: 80 } } } }",
    ),
  NetworkPolicy: (name) => policy(name, "{ podSelector: { matchLabels: { app: none } }, policyTypes: [Ingress] }"),
  HorizontalPodAutoscaler: (name) => autoscaler(name, "v2"),
  EndpointSlice: (name) => document("discovery.k8s.io/v1", "EndpointSlice", name, "addressType: IPv4\nendpoints: []"),
  Role: (name) => document(rbac, "Role", name, rules),
  ClusterRole: (name) => document(rbac, "ClusterRole", name, rules),
  RoleBinding: (name) => document(rbac, "RoleBinding", name, role(name)),
  ClusterRoleBinding: (name) => document(rbac, "ClusterRoleBinding", name, role(name)),
  ValidatingWebhookConfiguration: (name) => webhook(name),
  ValidatingAdmissionPolicy: (name) =>
    document(
      "admissionregistration.k8s.io/v1",
      "ValidatingAdmissionPolicy",
      name,
      "spec: { failurePolicy: Ignore, matchConstraints: { resourceRules: [{ apiGroups: [none.example.com], apiVersions: [v1], operations: [CREATE], resources: [nothings] }] }, validations: [{ expression: 'true' }] }",
    ),
  Widget: (name) => widget(name, "{ solid: 1 }"),
  Gadget: (name) => widget(name, "{ solid: 1 }", "Gadget"),
  CustomResourceDefinition: (name) =>
    document(
      "apiextensions.k8s.io/v1",
      "CustomResourceDefinition",
      `markers.${name}.example.com`,
      `spec: { group: ${name}.example.com, scope: Namespaced, names: { kind: Marker, plural: markers }, versions: [{ name: v1, served: true, storage: true, schema: { openAPIV3Schema: { type: object } } }] }`,
    ),
};

/** Name of the marker of a kind. */
export function markerKey(kind: string): string {
  return kind;
}

/**
 * One object of each kind with a label that a test can change and see put back: as the events of a kind come in order,
 * everything that happened to objects of the kind before has then been dealt with.
 */
export const MARKERS: Readonly<Record<string, (suffix: string) => string>> = Object.fromEntries(
  Object.entries(TEXTS).map(([kind, text]) => [kind, (suffix) => marked(text(`marker-${suffix}`))]),
);
