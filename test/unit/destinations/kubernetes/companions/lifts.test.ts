import { expect } from "chai";
import { causeOf } from "../../../../../src/destinations/kubernetes/companions/cause.js";
import { BoundRoles } from "../../../../../src/destinations/kubernetes/companions/grants.js";
import { lifts } from "../../../../../src/destinations/kubernetes/companions/lifts.js";
import { policyInputs } from "../../../../../src/destinations/kubernetes/companions/policy-inputs.js";
import { RefusalWords } from "../../../../../src/destinations/kubernetes/companions/refusal-words.js";
import { KIND_NOT_SERVED, Refusal } from "../../../../../src/destinations/kubernetes/refusals/refusal.js";
import { type KubeStatus, KubeStatusError } from "../../../../../src/kube/errors.js";
import type { Document } from "../../../../../src/manifest/document.js";
import type { WriteAction } from "../../../../../src/plan/actions.js";
import { document } from "../../../plan/support/objects.js";

const RBAC = "rbac.authorization.k8s.io/v1";
const USER = "system:serviceaccount:shop:deployer";
const made = (text: string, fields: Record<string, unknown> = {}, labels?: Record<string, string>): Document => {
  const bare = document(text);
  const metadata = { ...bare.object.metadata, ...(labels ? { labels } : {}) };
  return { ...bare, object: { ...bare.object, metadata, ...fields } };
};
const answer = (code: number, message: string, details: KubeStatus["details"] = {}, reason = "Forbidden") =>
  new KubeStatusError(code, { message, details, reason }, "PATCH");
const binding = (name: string, role: string, account: string) =>
  made(`${RBAC} RoleBinding shop/${name}`, {
    roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "Role", name: role },
    subjects: [{ kind: "ServiceAccount", name: account }],
  });
const role = (name: string, group: string, resource: string, labels?: Record<string, string>) =>
  made(`${RBAC} Role shop/${name}`, { rules: [{ apiGroups: [group], resources: [resource], verbs: ["*"] }] }, labels);
const definition = (plural: string, kind: string) =>
  made(`apiextensions.k8s.io/v1 CustomResourceDefinition ${plural}.example.com`, {
    spec: { group: "example.com", names: { kind, plural }, versions: [{ name: "v1" }] },
  });
const hooks = (name: string) =>
  made("admissionregistration.k8s.io/v1 ValidatingWebhookConfiguration conf", { webhooks: [{ name }] });

/** Texts as Kubernetes 1.35 answers, each with the documents that lift the refusal and some that do not. */
interface Row {
  readonly what: string;
  readonly refused: string | Document;
  readonly error: unknown;
  readonly policy?: Record<string, unknown>;
  readonly all?: readonly Document[];
  readonly lifted: readonly (string | Document | readonly [string | Document, "Update"])[];
  readonly not: readonly (string | Document | readonly [string | Document, "Update"])[];
}

const POD = "v1 Pod shop/p";
const WIDGET = "example.com/v1 Widget shop/w";
const forbidden = (rest: string) => answer(403, `pods "p" is forbidden: ${rest}`, { name: "p", kind: "pods" });
const denied = (rest: string) =>
  answer(
    422,
    `deployments.apps "d" is forbidden: ValidatingAdmissionPolicy 'limits' with binding 'bound' denied request: ${rest}`,
    {},
    "Invalid",
  );
const POLICY = "admissionregistration.k8s.io/v1 ValidatingAdmissionPolicy";

const ROWS: readonly Row[] = [
  {
    what: "a namespace that is not there",
    refused: POD,
    error: answer(404, 'namespaces "shop" not found', { name: "shop", kind: "namespaces" }, "NotFound"),
    lifted: ["v1 Namespace shop"],
    not: ["v1 Namespace other", "v1 ServiceAccount shop/shop"],
  },
  {
    what: "a kind that is not served",
    refused: WIDGET,
    error: new Refusal("the cluster has no kind Widget", true, KIND_NOT_SERVED),
    lifted: [
      definition("widgets", "Widget"),
      made("apiregistration.k8s.io/v1 APIService v1.example.com", { spec: { group: "example.com", version: "v1" } }),
    ],
    not: [definition("gadgets", "Gadget"), "v1 Namespace shop"],
  },
  {
    what: "an unknown field",
    refused: WIDGET,
    error: answer(
      500,
      "failed to create typed patch object (shop/w; example.com/v1, Kind=Widget): .spec.color: field not declared in schema",
      undefined,
      "",
    ),
    lifted: [[definition("widgets", "Widget"), "Update"]],
    not: [definition("gadgets", "Gadget"), "v1 ConfigMap shop/color"],
  },
  {
    what: "a value that validation refuses",
    refused: "v1 Service shop/web",
    error: answer(
      422,
      'Service "web" is invalid: spec.ports[0].port: Invalid value: 700000',
      { causes: [{ field: "spec.ports[0].port", message: "Invalid value: 700000" }] },
      "Invalid",
    ),
    lifted: [],
    not: ["v1 Namespace shop", "v1 ConfigMap shop/web", ["v1 Service shop/other", "Update"]],
  },
  {
    what: "a right that the writer lacks",
    refused: POD,
    error: answer(
      403,
      `pods "p" is forbidden: User "${USER}" cannot patch resource "pods" in API group "" in the namespace "shop"`,
      { name: "p", kind: "pods" },
    ),
    lifted: [binding("b", "r", "deployer"), role("r", "", "pods"), role("r", "*", "*"), "v1 Namespace shop"],
    not: [
      binding("b", "r", "other"),
      role("r", "", "secrets"),
      "v1 ServiceAccount shop/p",
      ["v1 Namespace shop", "Update"],
    ],
  },
  {
    what: "a role that is not there, of a tenant's binding",
    refused: binding("reader", "reader", "default"),
    error: answer(
      404,
      'rolebindings.rbac.authorization.k8s.io "reader" not found',
      { name: "reader", group: "rbac.authorization.k8s.io", kind: "rolebindings" },
      "NotFound",
    ),
    lifted: [role("reader", "", "pods")],
    not: [role("other", "", "pods"), "v1 ServiceAccount shop/reader"],
  },
  {
    what: "rights that the writer does not hold",
    refused: role("big", "", "nodes"),
    error: answer(
      403,
      `roles.rbac.authorization.k8s.io "big" is forbidden: user "${USER}" (groups=["system:authenticated"]) is attempting to grant RBAC permissions not currently held:\n{APIGroups:[""], Resources:["nodes"], Verbs:["*"]}`,
      { kind: "roles" },
    ),
    all: [binding("own", "mine", "deployer")],
    lifted: [
      binding("own", "mine", "deployer"),
      role("mine", "", "nodes"),
      role("part", "", "nodes", { "x/aggregate-to-more": "true" }),
    ],
    not: [role("other", "", "nodes"), binding("b", "other", "default")],
  },
  {
    what: "a ServiceAccount that is not there",
    refused: POD,
    error: forbidden('error looking up service account shop/runner: serviceaccount "runner" not found'),
    lifted: ["v1 ServiceAccount shop/runner", "v1 Namespace shop"],
    not: ["v1 ServiceAccount shop/other", "v1 ServiceAccount other/runner", "v1 ConfigMap shop/runner"],
  },
  {
    what: "a ServiceAccount that is called like the Pod",
    refused: "v1 Pod shop/runner",
    error: answer(
      403,
      'pods "runner" is forbidden: error looking up service account shop/runner: serviceaccount "runner" not found',
    ),
    lifted: ["v1 ServiceAccount shop/runner"],
    not: ["scheduling.k8s.io/v1 PriorityClass runner", "v1 Secret shop/runner"],
  },
  {
    what: "a PriorityClass that is not there",
    refused: POD,
    error: forbidden("no PriorityClass with name high was found"),
    lifted: ["scheduling.k8s.io/v1 PriorityClass high"],
    not: ["scheduling.k8s.io/v1 PriorityClass higher", "v1 ConfigMap shop/high"],
  },
  {
    what: "a RuntimeClass that is not there",
    refused: POD,
    error: forbidden('pod rejected: RuntimeClass "gv" not found'),
    lifted: ["node.k8s.io/v1 RuntimeClass gv"],
    not: ["node.k8s.io/v1 RuntimeClass g"],
  },
  {
    what: "a quota, or a limit",
    refused: POD,
    error: forbidden("exceeded quota: q, requested: pods=1, used: pods=1, limited: pods=1"),
    lifted: [["v1 ResourceQuota shop/q", "Update"], "v1 LimitRange shop/l"],
    not: ["v1 ResourceQuota other/q", "v1 ConfigMap shop/q", "v1 ServiceAccount shop/web"],
  },
  {
    what: "Pod Security",
    refused: POD,
    error: forbidden(
      'violates PodSecurity "restricted:latest": unrestricted capabilities (container "web" must set securityContext.capabilities.drop=["ALL"])',
    ),
    lifted: [["v1 Namespace shop", "Update"]],
    not: ["v1 Namespace other", "v1 ConfigMap shop/web", "v1 Service shop/web"],
  },
  {
    what: "a namespace that is being deleted",
    refused: POD,
    error: answer(
      403,
      'pods "p" is forbidden: unable to create new content in namespace shop because it is being terminated',
      { causes: [{ reason: "NamespaceTerminating" }] },
    ),
    lifted: [],
    not: ["v1 Namespace shop"],
  },
  {
    what: "a policy with parameters",
    refused: "apps/v1 Deployment shop/d",
    error: denied(
      "failed to configure binding: no params found for policy binding with `Deny` parameterNotFoundAction",
    ),
    policy: { paramKind: { apiVersion: "v1", kind: "ConfigMap" } },
    lifted: [
      "v1 ConfigMap shop/any",
      "v1 Namespace shop",
      [`${POLICY} limits`, "Update"],
      [`${POLICY}Binding bound`, "Update"],
    ],
    not: ["v1 Secret shop/any", `${POLICY} other`, role("r", "*", "*")],
  },
  {
    what: "a policy that asks for rights",
    refused: "apps/v1 Deployment shop/d",
    error: denied("not allowed"),
    policy: { validations: [{ expression: "authorizer.group('').resource('pods').check('get').allowed()" }] },
    lifted: [role("r", "*", "*"), binding("b", "r", "x")],
    not: ["v1 ConfigMap shop/any"],
  },
  {
    what: "a policy that looks at nothing else",
    refused: "apps/v1 Deployment shop/d",
    error: denied("too many"),
    policy: { validations: [{ expression: "object.spec.replicas < 5" }] },
    lifted: [],
    not: ["v1 ConfigMap shop/limits", role("r", "*", "*")],
  },
  {
    what: "a policy that cannot be read",
    refused: "apps/v1 Deployment shop/d",
    error: denied("too many"),
    lifted: ["v1 ConfigMap shop/limits"],
    not: ["v1 Service shop/limits"],
  },
  {
    what: "a webhook that names what it looked for",
    refused: WIDGET,
    error: answer(403, 'admission webhook "v.example.com" denied the request: gateway "edge" must allow it'),
    lifted: ["gateway.example.com/v1 Gateway shop/edge", "v1 Namespace shop", [hooks("v.example.com"), "Update"]],
    not: ["gateway.example.com/v1 Gateway shop/other", hooks("w.example.com"), "v1 ConfigMap shop/a"],
  },
  {
    what: "a webhook that misses something without a name",
    refused: "apps/v1 Deployment shop/d",
    error: answer(400, 'admission webhook "v.example.com" denied the request: the settings do not exist: not found'),
    lifted: ["v1 ConfigMap shop/a"],
    not: ["v1 Service shop/a"],
  },
  {
    what: "a webhook that forbids",
    refused: "apps/v1 Deployment shop/d",
    error: answer(
      403,
      'admission webhook "v.example.com" denied the request: resource Deployment/shop/d was blocked: image tag latest',
    ),
    lifted: [],
    not: ["v1 ConfigMap shop/d", "v1 Service shop/d", "v1 ConfigMap shop/a"],
  },
  {
    what: "a webhook whose Service does not answer",
    refused: WIDGET,
    error: answer(
      500,
      'Internal error occurred: failed calling webhook "v.example.com": failed to call webhook: Post "https://hook.op.svc:443/v?timeout=3s": service "hook" not found',
      {},
      "InternalError",
    ),
    lifted: ["v1 Service op/hook", "apps/v1 Deployment op/any", "v1 Namespace op", hooks("v.example.com")],
    not: ["v1 Service shop/hook", "apps/v1 Deployment shop/any", hooks("w.example.com")],
  },
  {
    what: "a webhook by URL that does not answer",
    refused: WIDGET,
    error: answer(
      500,
      'Internal error occurred: failed calling webhook "v.example.com": failed to call webhook: Post "https://127.0.0.1:1/x?timeout=3s": dial tcp 127.0.0.1:1: connect: connection refused',
      {},
      "InternalError",
    ),
    lifted: ["v1 Service any/any", "apps/v1 StatefulSet any/any"],
    not: ["v1 ConfigMap shop/a"],
  },
  {
    what: "a conversion that does not answer",
    refused: WIDGET,
    error: answer(
      500,
      'conversion webhook for example.com/v2, Kind=Widget failed: Post "https://conv.op.svc:443/c?timeout=30s": service "conv" not found',
      undefined,
      "",
    ),
    lifted: [[definition("widgets", "Widget"), "Update"], "v1 Service op/conv"],
    not: [definition("gadgets", "Gadget"), "v1 Service shop/conv"],
  },
  {
    what: "a port that another Service has",
    refused: "v1 Service shop/two",
    error: answer(
      422,
      'Service "two" is invalid: spec.ports[0].nodePort: Invalid value: 30080: provided port is already allocated',
      {
        causes: [
          { field: "spec.ports[0].nodePort", message: "Invalid value: 30080: provided port is already allocated" },
        ],
      },
      "Invalid",
    ),
    lifted: [["v1 Service shop/one", "Update"]],
    not: ["v1 Service shop/one", ["v1 ConfigMap shop/one", "Update"]],
  },
  {
    what: "a conflict",
    refused: POD,
    error: answer(409, "Apply failed with 1 conflict", {}, "Conflict"),
    lifted: [],
    not: ["v1 Namespace shop"],
  },
];

const asDocument = (one: string | Document): Document => (typeof one === "string" ? made(one) : one);

describe("What may lift a refusal", () => {
  for (const { what, refused, error, policy, all = [], lifted, not } of ROWS) {
    it(`for ${what}`, () => {
      const cause = causeOf(error);
      const judge = (entry: Row["lifted"][number]): boolean => {
        const [one, verb] = Array.isArray(entry) ? entry : [entry, "Create"];
        const companion = asDocument(one as string | Document);
        const write: WriteAction = { verb: verb as "Create" | "Update", document: companion, live: undefined };
        const inputs = policy === undefined ? undefined : policyInputs({ spec: policy });
        const { message } = error as Error;
        return (
          cause !== undefined &&
          lifts(write, {
            document: asDocument(refused),
            cause,
            words: new RefusalWords(message),
            policy: inputs,
            user: USER,
            boundRoles: new BoundRoles(all, USER),
          })
        );
      };
      const name = (entry: Row["lifted"][number]): string => {
        const one = Array.isArray(entry) ? entry[0] : entry;
        return asDocument(one as string | Document).key;
      };
      for (const entry of lifted) expect(judge(entry), `${name(entry)} lifts it`).to.equal(true);
      for (const entry of not) expect(judge(entry), `${name(entry)} does not`).to.equal(false);
    });
  }
});
