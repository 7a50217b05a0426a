import { expect } from "chai";
import { waitUntil } from "../../../tools/wait-until.js";
import { at, edits, type ManagedFieldsCase, patches, pokes, THIEF } from "./case.js";
import { autoscaler, claim, document, service, webhook } from "./documents.js";

const rbac = "rbac.authorization.k8s.io/v1";
const rules = "rules: [{ apiGroups: [''], resources: [pods], verbs: [get] }]";
const bound =
  (kind: string) =>
  (name: string): string =>
    document(
      rbac,
      kind,
      name,
      "roleRef: { apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: none }\nsubjects: [{ kind: User, name: one, apiGroup: rbac.authorization.k8s.io }]",
    );
const stranger = { kind: "User", name: "stranger", apiGroup: "rbac.authorization.k8s.io" };

const stateful = (name: string): string =>
  document(
    "apps/v1",
    "StatefulSet",
    name,
    `spec:
  replicas: 0
  serviceName: none
  selector: { matchLabels: { app: ${name} } }
  template: { metadata: { labels: { app: ${name} } }, spec: { containers: [{ name: web, image: registry.example/web:1 }] } }
  volumeClaimTemplates: [{ metadata: { name: data }, spec: { accessModes: [ReadWriteOnce], resources: { requests: { storage: 1Mi } } } }]`,
  );

const definition = (name: string): string =>
  document(
    "apiextensions.k8s.io/v1",
    "CustomResourceDefinition",
    `things.${name}.example.com`,
    `spec: { group: ${name}.example.com, scope: Namespaced, names: { kind: Thing, plural: things }, versions: [{ name: v1, served: true, storage: true, schema: { openAPIV3Schema: { type: object } } }] }`,
  );

const ingress = (name: string): string =>
  document(
    "networking.k8s.io/v1",
    "Ingress",
    name,
    "spec: { rules: [{ host: a.example.com, http: { paths: [{ path: /, pathType: Prefix, backend: { service: { name: a, port: { number: 80 } } } }] } }] }",
  );

const admission = (name: string): string =>
  document(
    "admissionregistration.k8s.io/v1",
    "ValidatingAdmissionPolicy",
    name,
    "spec: { failurePolicy: Ignore, matchConstraints: { resourceRules: [{ apiGroups: [none.example.com], apiVersions: [v1], operations: [CREATE], resources: [nothings] }] }, validations: [{ expression: 'true' }] }",
  );

const volume = (name: string): string =>
  document(
    "v1",
    "PersistentVolume",
    name,
    `spec: { capacity: { storage: 1Mi }, accessModes: [ReadWriteOnce], storageClassName: none-${name}, hostPath: { path: /tmp/none } }`,
  );

const pair = (name: string): string => `${claim(name, `storageClassName: none-${name}`)}---\n${volume(name)}`;

/** A case in which an atomic field is changed by a patch. */
function atomic(
  title: string,
  documents: (name: string) => string,
  disturb: ManagedFieldsCase["disturb"],
): ManagedFieldsCase {
  return { row: "D7", title, documents, disturb, expect: "healed" };
}

/** Kinds besides Deployment and Service. */
export const CASES_D_KINDS: readonly ManagedFieldsCase[] = [
  atomic(
    "the template of a StatefulSet",
    stateful,
    edits({ op: "replace", path: "/spec/template/spec/containers/0/image", value: "x" }),
  ),
  atomic(
    "versions of a CRD",
    definition,
    edits({
      op: "add",
      path: "/spec/versions/0/additionalPrinterColumns",
      value: [{ name: "X", type: "string", jsonPath: ".x" }],
    }),
  ),
  atomic("rules of an Ingress", ingress, edits({ op: "replace", path: "/spec/rules/0/host", value: "b.example.com" })),
  atomic(
    "rules of a Role",
    (name) => document(rbac, "Role", name, rules),
    edits({ op: "add", path: "/rules/0/verbs/-", value: "delete" }),
  ),
  atomic(
    "rules of a ClusterRole",
    (name) => document(rbac, "ClusterRole", name, rules),
    edits({ op: "add", path: "/rules/0/verbs/-", value: "delete" }),
  ),
  atomic("subjects of a RoleBinding", bound("RoleBinding"), edits({ op: "add", path: "/subjects/-", value: stranger })),
  atomic(
    "subjects of a ClusterRoleBinding",
    bound("ClusterRoleBinding"),
    edits({ op: "add", path: "/subjects/-", value: stranger }),
  ),
  atomic(
    "limits of a LimitRange",
    (name) =>
      document("v1", "LimitRange", name, "spec: { limits: [{ type: PersistentVolumeClaim, max: { storage: 8Gi } }] }"),
    edits({ op: "replace", path: "/spec/limits/0/max/storage", value: "9Gi" }),
  ),
  atomic(
    "validations of a ValidatingAdmissionPolicy",
    admission,
    edits({ op: "replace", path: "/spec/validations/0/expression", value: "1 == 1" }),
  ),
  atomic(
    "metrics of an autoscaler",
    (name) => autoscaler(name, "v2"),
    edits({ op: "replace", path: "/spec/metrics/0/resource/target/averageUtilization", value: 90 }),
  ),
  atomic(
    "endpoints of an EndpointSlice",
    (name) =>
      document(
        "discovery.k8s.io/v1",
        "EndpointSlice",
        name,
        "addressType: IPv4\nendpoints: [{ addresses: [192.0.2.1] }]\nports: [{ port: 80 }]",
      ),
    edits({ op: "add", path: "/endpoints/-", value: { addresses: ["192.0.2.2"] } }),
  ),
  {
    row: "D8",
    title: "a webhook that somebody adds stays",
    documents: webhook,
    disturb: ({ kube, ref, before }) => {
      const [first] = at(before, "webhooks") as Record<string, unknown>[];
      return kube.patch(
        ref,
        [{ op: "add", path: "/webhooks/-", value: { ...first, name: "other.fields.example.com" } }],
        { type: "json", manager: THIEF },
      );
    },
    expect: "one verification",
    after: (_, live) => expect(at(live, "webhooks")).to.have.length(2),
  },
  {
    row: "D8",
    title: "a failure policy of a webhook is put back",
    documents: webhook,
    disturb: edits({ op: "replace", path: "/webhooks/0/failurePolicy", value: "Fail" }),
    expect: "healed",
  },
  {
    row: "D8",
    title: "secrets that somebody adds to a ServiceAccount stay",
    documents: (name) => document("v1", "ServiceAccount", name, "secrets: [{ name: a }]"),
    disturb: patches({ secrets: [{ name: "a" }, { name: "b" }] }),
    expect: "one verification",
  },
  {
    row: "D8",
    title: "automountServiceAccountToken is put back",
    documents: (name) => document("v1", "ServiceAccount", name, "automountServiceAccountToken: false"),
    disturb: patches({ automountServiceAccountToken: true }),
    expect: "healed",
  },
  {
    row: "D9",
    title: "the binding of a claim is left to its controller",
    documents: pair,
    disturb: async (trial) => {
      const { kube, ref } = trial;
      await kube.until(ref, "is bound", (live) => at(live, "status", "phase") === "Bound");
      await pokes(trial);
    },
    expect: "unwritten",
    after: (_, live) => expect(at(live, "spec", "volumeName")).to.be.a("string"),
  },
  {
    row: "D9",
    title: "the binding of a volume is left to its controller, also a uid beside our claimRef",
    documents: (name) =>
      `${volume(name).replace("spec: {", `spec: { claimRef: { name: ${name}, namespace: default },`)}`,
    disturb: patches({ spec: { claimRef: { uid: "x", apiVersion: "v1", kind: "PersistentVolumeClaim" } } }),
    expect: "unwritten",
    after: (_, live) => expect(at(live, "spec", "claimRef", "uid")).to.equal("x"),
  },
  {
    row: "D9",
    title: "the claim that a volume is for is put back",
    documents: (name) =>
      `${volume(name).replace("spec: {", `spec: { claimRef: { name: ${name}, namespace: default },`)}`,
    disturb: patches({ spec: { claimRef: { name: "thief" } } }),
    expect: "healed",
  },
  {
    row: "D10",
    title: "an edit through v2 of a document at v1 is put back",
    documents: (name) => autoscaler(name, "v1"),
    disturb: ({ kube, ref }) => kube.patch({ ...ref, apiVersion: "autoscaling/v2" }, { spec: { maxReplicas: 9 } }),
    expect: "healed",
  },
  {
    row: "D10",
    title: "a metric that somebody changes through v2 is put back",
    documents: (name) => autoscaler(name, "v1"),
    disturb: ({ kube, ref }) =>
      kube.patch(
        { ...ref, apiVersion: "autoscaling/v2" },
        [{ op: "replace", path: "/spec/metrics/0/resource/target/averageUtilization", value: 90 }],
        { type: "json" },
      ),
    expect: "healed",
  },
  {
    row: "D11",
    title: "the token that a controller fills into a Secret is foreign",
    documents: (name) =>
      `${document("v1", "Secret", name, "type: kubernetes.io/service-account-token", `, annotations: { kubernetes.io/service-account.name: ${name} }`)}---\n${document("v1", "ServiceAccount", name, "automountServiceAccountToken: false")}`,
    disturb: async (trial) => {
      await trial.kube.until(trial.ref, "is filled", (live) => at(live, "data", "token") !== undefined);
      await pokes(trial);
    },
    expect: "unwritten",
  },
  {
    row: "D13",
    title: "a Namespace with spec.finalizers keeps its labels",
    documents: (name) =>
      document("v1", "Namespace", name, "spec: { finalizers: [kubernetes] }", ", labels: { tier: back }"),
    disturb: patches({ metadata: { labels: { tier: "front" } } }),
    expect: "healed",
  },
  {
    row: "D17",
    title: "a Lease is put back",
    documents: (name) =>
      document("coordination.k8s.io/v1", "Lease", name, "spec: { holderIdentity: me, leaseDurationSeconds: 15 }"),
    disturb: patches({ spec: { holderIdentity: "thief", leaseDurationSeconds: 60 } }),
    expect: "healed",
  },
  {
    row: "D17",
    title: "an Event is put back",
    documents: (name) =>
      document(
        "v1",
        "Event",
        name,
        "involvedObject: { kind: Namespace, name: default, apiVersion: v1 }\nmessage: one",
        ", namespace: default",
      ),
    disturb: patches({ message: "drift" }),
    expect: "healed",
  },
  {
    row: "D17",
    title: "Endpoints are put back",
    documents: (name) =>
      document("v1", "Endpoints", name, "subsets: [{ addresses: [{ ip: 192.0.2.1 }], ports: [{ port: 80 }] }]"),
    disturb: edits({ op: "replace", path: "/subsets/0/addresses/0/ip", value: "192.0.2.2" }),
    expect: "healed",
  },
  {
    row: "D18",
    title: "an EndpointSlice that inherits our labels from its Service is left alone",
    documents: (name) => service(name, "[{ port: 80 }]"),
    disturb: async (trial) => {
      const { kube, world, name } = trial;
      const slice = await waitUntil({ what: "the slice of the Service", timeoutMs: 60_000 }, async () => {
        const selector = `kubernetes.io/service-name=${name}`;
        return (await kube.list("discovery.k8s.io/v1", "EndpointSlice", world.namespace, selector))[0];
      });
      expect(slice.metadata.labels).to.have.property("gitops.overseer.io/app", "fields");
      const ref = {
        apiVersion: "discovery.k8s.io/v1",
        kind: "EndpointSlice",
        name: slice.metadata.name,
        namespace: world.namespace,
      };
      const touched = await kube.patch(ref, { metadata: { annotations: { note: "x" } } });
      await pokes(trial);
      expect((await kube.get(ref))?.metadata.resourceVersion).to.equal(touched.metadata.resourceVersion);
    },
    expect: "quiet",
  },
];
