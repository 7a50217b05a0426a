import { expect } from "chai";
import { explain } from "../../../../../src/destinations/kubernetes/refusals/explain.js";
import { type KubeStatus, KubeStatusError } from "../../../../../src/kube/errors.js";

const TEMPLATE = `{"labels":{"a":"${"x".repeat(900)}"},"Spec":{"Containers":[{"Name":"m","Image":"busybox:2"}]}}`;
const REPLACE =
  "delete the live object, give the new one another name, or permit the operator to re-create it (sync.recreate)";

function invalid(...causes: readonly [reason: string, field: string, message: string][]): KubeStatus {
  const list = causes.map(([reason, field, message]) => ({ reason, field, message }));
  const text = list.map(({ field, message }) => `${field}: ${message}`).join(", ");
  return { reason: "Invalid", message: `Kind "x" is invalid: [${text}]`, details: { causes: list } };
}

const typed = (...lines: string[]): KubeStatus => ({
  message: `failed to create typed patch object (a/d; apps/v1, Kind=Deployment): ${lines.length === 1 ? lines[0] : `errors:\n  ${lines.join("\n  ")}`}`,
});
const forbidden = (text: string, kind = "pods"): KubeStatus => ({
  reason: "Forbidden",
  message: `${kind} "p" is forbidden: ${text}`,
});

const DEPLOYMENT = {
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: { name: "d", labels: { "app.kubernetes.io/name": true } },
  spec: {
    replicas: "many",
    template: {
      spec: {
        containers: [
          { name: "side" },
          {
            name: "c",
            args: ["--port", 8080],
            command: "sh",
            env: [
              { name: "PORT", value: 8080 },
              { name: "DB_PASSWORD", value: 4711 },
            ],
            ports: [{ containerPort: "8080" }],
            resources: { limits: { cpu: "500mm", memory: "1Gi" } },
            securityContext: { runAsNonRoot: "true", runAsUser: {} },
          },
        ],
      },
    },
  },
};
const C = 'spec.template.spec.containers[name="c"]';

/** Texts of an API server 1.35, and of others in its place, and what people get to read. */
const TEXTS: readonly [what: string, code: number, status: KubeStatus, says: string][] = [
  [
    "a number where text has to be",
    500,
    typed(`.${C}.env[name="PORT"].value: expected string, got &value.valueUnstructured{Value:8080}`),
    "spec.template.spec.containers[c].env[PORT].value: 8080 is a number; put it in quotes",
  ],
  [
    "a number that may be a secret",
    500,
    typed(`.${C}.env[name="DB_PASSWORD"].value: expected string, got &value.valueUnstructured{Value:4711}`),
    "spec.template.spec.containers[c].env[DB_PASSWORD].value: is a number; put it in quotes",
  ],
  [
    "several faults, in order",
    500,
    typed(
      `.${C}.livenesProbe: field not declared in schema`,
      `.${C}.args[1]: expected string, got &value.valueUnstructured{Value:8080}`,
      ".metadata.labels.app.kubernetes.io/name: expected string, got &value.valueUnstructured{Value:true}",
    ),
    "metadata.labels[app.kubernetes.io/name]: true is a boolean; put it in quotes; spec.template.spec.containers[c].args[1]: 8080 is a number; put it in quotes; spec.template.spec.containers[c].livenesProbe: unknown field: correct its name, its place or its indentation",
  ],
  [
    "text where a number has to be",
    500,
    typed(
      `.${C}.ports[containerPort="8080",protocol="TCP"].containerPort: expected numeric (int or float), got string`,
    ),
    "spec.template.spec.containers[c].ports[0].containerPort: is text; remove the quotes",
  ],
  [
    "other text where a number has to be",
    500,
    typed(".spec.replicas: expected numeric (int or float), got string"),
    "spec.replicas: is text, but must be a number",
  ],
  [
    "text where true or false has to be",
    500,
    typed(`.${C}.securityContext.runAsNonRoot: expected boolean, got &{true}`),
    "spec.template.spec.containers[c].securityContext.runAsNonRoot: is text; remove the quotes",
  ],
  [
    "text where a list has to be",
    500,
    typed(`.${C}.command: expected list, got &{sh -c x}`),
    'spec.template.spec.containers[c].command: is text, but must be a list with entries that start with "- "',
  ],
  [
    "a mapping where a number has to be",
    500,
    typed(`.${C}.securityContext.runAsUser: expected numeric (int or float), got map[string]interface {}`),
    "spec.template.spec.containers[c].securityContext.runAsUser: is a mapping, but must be a number",
  ],
  [
    "two entries of one key",
    500,
    typed(`.${C}.env: duplicate entries for key [name="A"]`),
    "spec.template.spec.containers[c].env: two entries have the same name=A: remove one of them",
  ],
  [
    "a quantity",
    500,
    {
      message:
        "failed to convert new object (a/d; apps/v1, Kind=Deployment) to proper version: unable to convert unstructured object to apps/v1, Kind=Deployment: unable to parse quantity's suffix",
    },
    "spec.template.spec.containers[c].resources.limits.cpu: is not a quantity; use a value like 500m, 2 or 1.5Gi",
  ],
  [
    "a fraction",
    500,
    {
      message:
        "failed to convert new object (a/d; apps/v1, Kind=Deployment) to proper version: unable to convert unstructured object to apps/v1, Kind=Deployment: cannot convert float64 to int32",
    },
    "a field that must be a whole number has a fraction (cannot convert float64 to int32)",
  ],
  [
    "what Go says of JSON",
    400,
    {
      message:
        'Deployment in version "v1" cannot be handled as a Deployment: json: cannot unmarshal string into Go struct field ContainerPort.spec.template.spec.containers.ports.containerPort of type int32',
    },
    "spec.template.spec.containers.ports.containerPort: is text, but must be a number",
  ],
  [
    "a strict reading",
    400,
    {
      message:
        'Gadget in version "v1" cannot be handled as a Gadget: strict decoding error: unknown field "spec.sise", unknown field "spec.mm"',
    },
    "spec.mm: unknown field: correct its name, its place or its indentation; spec.sise: unknown field: correct its name, its place or its indentation",
  ],
  [
    "a Job that may not change",
    422,
    invalid(["FieldValueInvalid", "spec.template", `Invalid value: ${TEMPLATE}: field is immutable`]),
    `spec.template: field is immutable: ${REPLACE}`,
  ],
  [
    "a Pod that may not change",
    422,
    invalid([
      "FieldValueForbidden",
      "spec",
      'Forbidden: pod updates may not change fields other than `spec.containers[*].image`\n@@ -142,7 +142,7 @@\n  "SecurityContext": {\n-  "HostNetwork": false,\n+  "HostNetwork": true,\n   "HostPID": false,\n',
    ]),
    `spec: pod updates may not change fields other than \`spec.containers[*].image\` (changed: HostNetwork): ${REPLACE}`,
  ],
  [
    "a claim that may not change",
    422,
    invalid([
      "FieldValueForbidden",
      "spec",
      'Forbidden: spec is immutable after creation except resources.requests\n  core.PersistentVolumeClaimSpec{\n  \tAccessModes: {"ReadWriteOnce"},\n  }\n',
    ]),
    `spec: spec is immutable after creation except resources.requests: ${REPLACE}`,
  ],
  [
    "a StatefulSet that may not change",
    422,
    invalid([
      "FieldValueForbidden",
      "spec",
      "Forbidden: updates to statefulset spec for fields other than 'replicas', 'template' are forbidden",
    ]),
    `spec: updates to statefulset spec for fields other than 'replicas', 'template' are forbidden: ${REPLACE}`,
  ],
  [
    "a clusterIP",
    422,
    invalid(["FieldValueInvalid", "spec.clusterIPs[0]", 'Invalid value: ["10.0.0.55"]: may not change once set']),
    `spec.clusterIPs[0]: may not change once set: ${REPLACE}`,
  ],
  [
    "a roleRef",
    422,
    invalid([
      "FieldValueInvalid",
      "roleRef",
      'Invalid value: {"APIGroup":"rbac.authorization.k8s.io","Kind":"Role","Name":"b"}: cannot change roleRef',
    ]),
    `roleRef: cannot change roleRef: ${REPLACE}`,
  ],
  [
    "two that may not change: one remedy",
    422,
    invalid(
      ["FieldValueInvalid", "spec.scope", 'Invalid value: "Cluster": field is immutable'],
      ["FieldValueInvalid", "spec.names.kind", 'Invalid value: "G": field is immutable'],
    ),
    `spec.names.kind: field is immutable; spec.scope: field is immutable: ${REPLACE}`,
  ],
  [
    "values that are not valid",
    422,
    invalid(
      ["FieldValueInvalid", "spec.ports[0].port", "Invalid value: 700000: must be between 1 and 65535, inclusive"],
      [
        "FieldValueInvalid",
        "spec.ports[1].name",
        "Invalid value: \"BAD_name\": a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-' (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')",
      ],
      ["FieldValueRequired", "spec.ports[0].name", "Required value"],
      ["FieldValueNotSupported", "spec.type", 'Unsupported value: "Foo": supported values: "ClusterIP", "NodePort"'],
    ),
    'spec.ports[0].name: is missing; spec.ports[0].port: 700000 is not valid: must be between 1 and 65535, inclusive; spec.ports[1].name: "BAD_name" is not valid: a lowercase RFC 1123 label must consist of lower case alphanumeric characters or \'-\'; spec.type: "Foo" is not supported: supported values: "ClusterIP", "NodePort"',
  ],
  [
    "rules of a definition",
    422,
    invalid(
      ["FieldValueInvalid", "spec.size", "Invalid value: 0: spec.size in body should be greater than or equal to 1"],
      ["FieldValueTypeInvalid", "spec.n", 'Invalid value: "number": spec.n in body must be of type integer: "number"'],
      ["FieldValueInvalid", "spec", "Invalid value: mode c is bad"],
      [
        "FieldValueInvalid",
        "<nil>",
        "Invalid value: null: some validation rules were not checked because the object was invalid; correct the existing errors to complete validation",
      ],
    ),
    "spec.n: is of type number, but must be of type integer; spec.size: 0 is not valid: should be greater than or equal to 1; spec: mode c is bad",
  ],
  [
    "a missing right",
    403,
    forbidden('User "system:serviceaccount:a:b" cannot patch resource "pods" in API group "" in the namespace "w"'),
    'User "system:serviceaccount:a:b" cannot patch resource "pods" in API group "" in the namespace "w": grant the app\'s ServiceAccount this permission (in a remote cluster: the user of the kubeconfig)',
  ],
  [
    "no impersonation",
    403,
    forbidden(
      'User "system:serviceaccount:o:op" cannot impersonate resource "serviceaccounts" in API group "" in the namespace "w"',
      "serviceaccounts",
    ),
    'User "system:serviceaccount:o:op" cannot impersonate resource "serviceaccounts" in API group "" in the namespace "w": grant the operator\'s ServiceAccount the verb impersonate on it',
  ],
  [
    "a quota",
    403,
    forbidden("exceeded quota: q, requested: pods=1, used: pods=1, limited: pods=1"),
    "exceeded quota: q, requested: pods=1, used: pods=1, limited: pods=1: raise the ResourceQuota, or request less",
  ],
  [
    "a quota that wants limits",
    403,
    forbidden("failed quota: q: must specify limits.cpu for: m"),
    "failed quota: q: must specify limits.cpu for: m: set it in the document, or create a LimitRange with defaults in the namespace",
  ],
  [
    "a LimitRange",
    403,
    forbidden("maximum cpu usage per Container is 1, but limit is 2"),
    "maximum cpu usage per Container is 1, but limit is 2: change the resources in the document, or the LimitRange of the namespace",
  ],
  [
    "Pod Security",
    403,
    forbidden('violates PodSecurity "baseline:latest": host namespaces (hostNetwork=true)'),
    'violates PodSecurity "baseline:latest": host namespaces (hostNetwork=true): comply with that level, or change the label pod-security.kubernetes.io/enforce of the Namespace',
  ],
  [
    "a ServiceAccount of a Pod",
    403,
    forbidden('error looking up service account l/nope: serviceaccount "nope" not found'),
    "ServiceAccount l/nope does not exist: add it to the source, or correct serviceAccountName",
  ],
  [
    "a PriorityClass",
    403,
    forbidden("no PriorityClass with name nope was found"),
    "PriorityClass nope does not exist: add it to the source, or correct priorityClassName",
  ],
  [
    "a RuntimeClass",
    403,
    forbidden('pod rejected: RuntimeClass "nope" not found'),
    "RuntimeClass nope does not exist: add it to the source, or correct runtimeClassName",
  ],
  [
    "rights that are not held",
    403,
    forbidden(
      'user "u" (groups=["g"]) is attempting to grant RBAC permissions not currently held:\n{APIGroups:["*"], Resources:["*"], Verbs:["*"]}\n{NonResourceURLs:["*"], Verbs:["*"]}',
      "rolebindings.rbac.authorization.k8s.io",
    ),
    'user "u" (groups=["g"]) is attempting to grant RBAC permissions not currently held: {APIGroups:["*"], Resources:["*"], Verbs:["*"]}; {NonResourceURLs:["*"], Verbs:["*"]}: grant the app\'s ServiceAccount these permissions, or the verb escalate on roles or bind on the referenced role',
  ],
  [
    "a policy",
    422,
    {
      reason: "Invalid",
      message:
        "configmaps \"a\" is forbidden: ValidatingAdmissionPolicy 'p' with binding 'b' denied request: the key is forbidden",
      details: {
        causes: [{ message: "ValidatingAdmissionPolicy 'p' with binding 'b' denied request: the key is forbidden" }],
      },
    },
    "ValidatingAdmissionPolicy 'p' with binding 'b' denied request: the key is forbidden: change the document so that the policy allows it",
  ],
  [
    "a webhook",
    400,
    { reason: "BadRequest", message: 'admission webhook "x.example.org" denied the request: no' },
    'admission webhook "x.example.org" denied the request: no: change the document so that the webhook allows it',
  ],
  [
    "a webhook that is down",
    500,
    {
      reason: "InternalError",
      message:
        'Internal error occurred: failed calling webhook "x.example.org": failed to call webhook: Post "https://x.y.svc:443/": dial tcp 10.0.0.1:443: connect: connection refused',
    },
    'failed calling webhook "x.example.org": failed to call webhook: Post "https://x.y.svc:443/": dial tcp 10.0.0.1:443: connect: connection refused: make sure that the webhook is running, or correct its webhook configuration',
  ],
  [
    "a namespace that is missing",
    404,
    { reason: "NotFound", message: 'namespaces "nowhere" not found', details: { kind: "namespaces" } },
    'namespaces "nowhere" not found: add a Namespace to the source, create it, or set spec.sync.createNamespace',
  ],
  [
    "too large",
    413,
    { message: "Request entity too large: limit is 3145728" },
    "Request entity too large: limit is 3145728: split the object, or remove parts of it from Git (etcd accepts at most 1.5 MiB by default)",
  ],
  [
    "a text that nobody knows",
    500,
    { message: "cannot do it with &core.PodSpec{Volumes:[]core.Volume{}} now" },
    "cannot do it with … now",
  ],
];

describe("explain", () => {
  for (const [what, code, status, says] of TEXTS) {
    it(`says in plain words, with one remedy that fits: ${what}`, () => {
      expect(explain(new KubeStatusError(code, status, "PATCH /x"), DEPLOYMENT).message).to.equal(says);
    });
  }

  it("never shows a Go value", () => {
    const dumps = [
      '&value.valueUnstructured{Value:map[string]interface {}{"a":"}"}}',
      "&{[a b]}",
      "map[string]interface {}{}",
      "[]interface {}{1}",
      "core.PodSpec{A:1}",
      "map[a:1 b:2]",
    ];
    for (const dump of dumps) {
      const text = explain(new KubeStatusError(500, { message: `bad ${dump}: no` }, "x")).message;
      expect(text, dump).to.match(/^bad ….*: no$/);
    }
  });

  it("tells which refusals only a change to the document can resolve", () => {
    const of = (code: number, status: KubeStatus): boolean =>
      explain(new KubeStatusError(code, status, "x"), DEPLOYMENT).ofDocument;
    expect(of(500, typed(".spec.replicas: expected numeric (int or float), got string"))).to.equal(true);
    expect(of(422, invalid(["FieldValueInvalid", "spec.template", "Invalid value: 1: field is immutable"]))).to.equal(
      false,
    );
    expect(of(403, forbidden("no"))).to.equal(false);
    expect(of(500, { message: "etcdserver: leader changed" })).to.equal(false);
  });
});
