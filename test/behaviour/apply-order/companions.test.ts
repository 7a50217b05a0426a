import { expect } from "chai";
import { caseFile } from "../../support/cases.js";
import type { TestObject } from "../../support/kube.js";
import { WebhookServer } from "../../support/webhook-server.js";
import { condition, configMap, deployment, World } from "../../support/world.js";

const RBAC = "rbac.authorization.k8s.io/v1";
const pod = (name: string, spec: string): string =>
  `apiVersion: v1\nkind: Pod\nmetadata: { name: ${name} }\nspec: { ${spec}, containers: [{ name: c, image: busybox }] }\n`;
const service = (name: string, nodePort: number): string =>
  `apiVersion: v1\nkind: Service\nmetadata: { name: ${name} }\nspec: { type: NodePort, ports: [{ port: 80, nodePort: ${nodePort} }] }\n`;
const definition = (group: string, fields: string): string => `apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: { name: widgets.${group} }
spec:
  group: ${group}
  scope: Namespaced
  names: { kind: Widget, plural: widgets }
  versions:
    - { name: v1, served: true, storage: true, schema: { openAPIV3Schema: { type: object, properties: { spec: { type: object, properties: { ${fields} } } } } } }
`;
const limits = (name: string, max: string): string => configMap(name, { max });

/** Documents of one commit of which the API server refuses some for want of others. `{ns}` stands for the namespace. */
interface Row {
  readonly what: string;
  /** What is there before, made by an admin. */
  readonly given?: readonly TestObject[];
  /** An earlier commit of the same app. */
  readonly before?: string;
  readonly commit: string;
  /** The ServiceAccount that the app writes as. */
  readonly account?: string;
}

describe("Documents of one commit that need each other", function () {
  this.timeout(180_000);
  let world: World;
  let webhooks: WebhookServer;
  before(async () => {
    world = await World.create("along");
    webhooks = await WebhookServer.start(world.controlPlane);
    await makeTenant();
  });
  after(async () => {
    await webhooks?.stop();
    await world?.remove();
  });

  /** A ServiceAccount with much that a ClusterRole like `admin` gives, and a role that others add to. */
  async function makeTenant(): Promise<void> {
    const { kube, namespace } = world;
    const subjects = [{ kind: "ServiceAccount", name: "deployer", namespace }];
    const label = `example.org/aggregate-to-${namespace}`;
    const objects: TestObject[] = [
      { apiVersion: "v1", kind: "ServiceAccount", metadata: { name: "deployer", namespace } },
      {
        apiVersion: RBAC,
        kind: "ClusterRole",
        metadata: { name: `tenant-${namespace}` },
        rules: [
          { apiGroups: ["", "apps"], resources: ["*"], verbs: ["*"] },
          {
            apiGroups: ["rbac.authorization.k8s.io"],
            resources: ["roles", "rolebindings"],
            verbs: ["get", "list", "create", "update", "patch", "delete"],
          },
        ],
      },
      {
        apiVersion: RBAC,
        kind: "ClusterRole",
        metadata: { name: `more-${namespace}` },
        aggregationRule: { clusterRoleSelectors: [{ matchLabels: { [label]: "true" } }] },
      },
      ...["tenant", "more"].map((name) => ({
        apiVersion: RBAC,
        kind: "RoleBinding",
        metadata: { name, namespace },
        roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: `${name}-${namespace}` },
        subjects,
      })),
    ];
    for (const object of objects) await kube.apply(object);
  }

  const policy = (name: string, resource: string, expression: string, param: boolean): TestObject[] => [
    {
      apiVersion: "admissionregistration.k8s.io/v1",
      kind: "ValidatingAdmissionPolicy",
      metadata: { name: `${name}-${world.namespace}` },
      spec: {
        failurePolicy: "Fail",
        ...(param ? { paramKind: { apiVersion: "v1", kind: "ConfigMap" } } : {}),
        matchConstraints: {
          resourceRules: [
            { apiGroups: ["apps"], apiVersions: ["v1"], operations: ["CREATE", "UPDATE"], resources: [resource] },
          ],
        },
        validations: [{ expression, message: "is not allowed here" }],
      },
    },
    {
      apiVersion: "admissionregistration.k8s.io/v1",
      kind: "ValidatingAdmissionPolicyBinding",
      metadata: { name: `${name}-${world.namespace}` },
      spec: {
        policyName: `${name}-${world.namespace}`,
        validationActions: ["Deny"],
        ...(param ? { paramRef: { name: `${name}-limits`, parameterNotFoundAction: "Deny" } } : {}),
        matchResources: { namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": world.namespace } } },
      },
    },
  ];

  const rows: readonly { readonly name: string; readonly row: () => Promise<Row> | Row }[] = [
    {
      name: "a ServiceAccount and a Pod",
      row: async () => ({ what: "sa", commit: await caseFile("needs-what-comes-along/service-account-and-pod.yaml") }),
    },
    {
      name: "a Role and a RoleBinding of a tenant",
      row: async () => ({
        what: "role",
        commit: (await caseFile("needs-what-comes-along/role-and-binding.yaml")).replace(
          "namespace: shop",
          `namespace: ${world.namespace}`,
        ),
        account: "deployer",
      }),
    },
    {
      name: "a PriorityClass and a Pod",
      row: () => ({
        what: "priority",
        commit: `apiVersion: scheduling.k8s.io/v1\nkind: PriorityClass\nmetadata: { name: high-{ns} }\nvalue: 10\n---\n${pod("priority", "priorityClassName: high-{ns}")}`,
      }),
    },
    {
      name: "a RuntimeClass and a Pod",
      row: () => ({
        what: "runtime",
        commit: `apiVersion: node.k8s.io/v1\nkind: RuntimeClass\nmetadata: { name: runtime-{ns} }\nhandler: runc\n---\n${pod("runtime", "runtimeClassName: runtime-{ns}")}`,
      }),
    },
    {
      name: "a larger ResourceQuota and a Pod that needs it",
      row: () => {
        const inner = (text: string) => text.replace("metadata: { name", "metadata: { namespace: quota-{ns}, name");
        const quota = (pods: number) =>
          inner(`apiVersion: v1\nkind: ResourceQuota\nmetadata: { name: pods }\nspec: { hard: { pods: "${pods}" } }\n`);
        const space = "apiVersion: v1\nkind: Namespace\nmetadata: { name: quota-{ns} }\n---\n";
        return {
          what: "quota",
          before: `${space}${quota(0)}`,
          commit: `${space}${quota(1)}---\n${inner(pod("quota", "enableServiceLinks: false"))}`,
        };
      },
    },
    {
      name: "a Namespace with other Pod Security labels and a Pod in it",
      row: () => {
        const space = (level: string) =>
          `apiVersion: v1\nkind: Namespace\nmetadata: { name: psa-{ns}, labels: { pod-security.kubernetes.io/enforce: ${level} } }\n`;
        const inner = pod("psa", "hostNetwork: true").replace("name: psa", "name: psa, namespace: psa-{ns}");
        return { what: "psa", before: space("restricted"), commit: `${space("privileged")}---\n${inner}` };
      },
    },
    {
      name: "a ConfigMap that an admission policy takes as its parameters, and a Deployment",
      row: () => ({
        what: "params",
        given: policy(
          "params",
          "deployments",
          "object.metadata.name != 'params' || object.spec.replicas <= int(params.data.max)",
          true,
        ),
        commit: `${limits("params-limits", "2")}---\n${deployment("params", 2)}`,
      }),
    },
    {
      name: "other parameters of an admission policy and a DaemonSet that they allow",
      row: () => ({
        what: "other",
        given: policy("other", "statefulsets", "object.spec.replicas <= int(params.data.max)", true),
        before: limits("other-limits", "1"),
        commit: `${limits("other-limits", "3")}---\n${deployment("other", 3).replace("kind: Deployment", "kind: StatefulSet").replace("spec:\n", "spec:\n  serviceName: other\n")}`,
      }),
    },
    {
      name: "what a webhook looks up and an object that it judges",
      row: async () => {
        const scope = {
          name: "lookup",
          namespace: world.namespace,
          apiGroup: "",
          version: "v1",
          resource: "services",
          validating: true,
        };
        let there = false;
        await webhooks.install(world.kube, scope, () =>
          there ? undefined : { denied: 'configmap "lookup-settings" not found' },
        );
        void world.kube
          .until(world.configMap("lookup-settings"), "is there", () => true, 60_000)
          .then(() => {
            there = true;
          });
        return {
          what: "lookup",
          commit: `${configMap("lookup-settings", { v: "1" })}---\napiVersion: v1\nkind: Service\nmetadata: { name: lookup }\nspec: { ports: [{ port: 80 }] }\n`,
        };
      },
    },
    {
      name: "a binding that gives the app itself a right, and what needs the right",
      row: () => ({
        what: "self",
        given: [
          {
            apiVersion: RBAC,
            kind: "Role",
            metadata: { name: "escalate", namespace: world.namespace },
            rules: [{ apiGroups: ["rbac.authorization.k8s.io"], resources: ["roles"], verbs: ["escalate", "bind"] }],
          },
          {
            apiVersion: RBAC,
            kind: "RoleBinding",
            metadata: { name: "escalate", namespace: world.namespace },
            roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "Role", name: "escalate" },
            subjects: [{ kind: "ServiceAccount", name: "grantor", namespace: world.namespace }],
          },
          { apiVersion: "v1", kind: "ServiceAccount", metadata: { name: "grantor", namespace: world.namespace } },
          {
            apiVersion: RBAC,
            kind: "RoleBinding",
            metadata: { name: "grantor", namespace: world.namespace },
            roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: `tenant-${world.namespace}` },
            subjects: [{ kind: "ServiceAccount", name: "grantor", namespace: world.namespace }],
          },
        ],
        account: "grantor",
        commit: `apiVersion: ${RBAC}
kind: Role
metadata: { name: self }
rules: [{ apiGroups: [networking.k8s.io], resources: [ingresses], verbs: ["*"] }]
---
apiVersion: ${RBAC}
kind: RoleBinding
metadata: { name: self }
roleRef: { apiGroup: rbac.authorization.k8s.io, kind: Role, name: self }
subjects: [{ kind: ServiceAccount, name: grantor }]
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: { name: self }
spec: { defaultBackend: { service: { name: self, port: { number: 80 } } } }
`,
      }),
    },
    {
      name: "a definition with a new field and an object that has it",
      row: () => ({
        what: "field",
        before: definition("field.{ns}.example.org", "size: { type: integer }"),
        commit: `${definition("field.{ns}.example.org", "size: { type: integer }, color: { type: string }")}---\napiVersion: field.{ns}.example.org/v1\nkind: Widget\nmetadata: { name: field }\nspec: { size: 1, color: red }\n`,
      }),
    },
    {
      name: "two Services of which one takes the other's port",
      row: () => ({
        what: "port",
        before: service("port-a", 31_234),
        commit: `${service("port-a", 31_235)}---\n${service("port-b", 31_234)}`,
      }),
    },
    {
      name: "a Namespace, a ServiceAccount in it, and Pods of it and of the default one",
      row: () => {
        const inner = (text: string) => text.replace("metadata: { name", "metadata: { namespace: all-{ns}, name");
        return {
          what: "all",
          commit: [
            inner(pod("own", "serviceAccountName: own")),
            inner(pod("default", "restartPolicy: Always")),
            inner("apiVersion: v1\nkind: ServiceAccount\nmetadata: { name: own }\n"),
            "apiVersion: v1\nkind: Namespace\nmetadata: { name: all-{ns} }\n",
          ].join("---\n"),
        };
      },
    },
  ];

  for (const { name, row } of rows) {
    it(`are all applied by one Change: ${name}`, async () => {
      const { what, given = [], before, commit, account } = await row();
      const fill = (text: string) => text.replaceAll("{ns}", world.namespace);
      for (const object of given) await world.kube.apply(object);
      if (given.length > 0) await policyInForce(given);
      const repo = await world.repository(what, { "all.yaml": fill(before ?? commit) });
      const writer = account === undefined ? {} : { serviceAccountName: account };
      await world.app(what, what, ".", {
        ...writer,
        deletionPolicy: "DeleteAll",
        sync: { retry: { base: "1h", max: "1h" } },
      });
      await world.synced(what);
      if (before !== undefined) {
        const head = await repo.commit({ "all.yaml": fill(commit) }, "all at once");
        await world.poll(what);
        await world.synced(what, head, 60_000);
      }
      const changes = await world.changes(what);
      expect(changes.map(({ status }) => status?.phase)).to.deep.equal(changes.map(() => "Succeeded"));
      expect(changes).to.have.length(before === undefined ? 1 : 2);
      const plan = changes.at(-1)?.status?.plan;
      expect(plan?.every(({ verb, result }) => verb === "Keep" || result === "Done")).to.equal(true);
    });
  }

  /** Waits until policies decide: the API server compiles them with a delay. Their params are missing, or the object is refused. */
  async function policyInForce(given: readonly TestObject[]): Promise<void> {
    const policy = given.find(({ kind }) => kind === "ValidatingAdmissionPolicy")?.metadata.name;
    if (policy === undefined) return;
    const isStateful = JSON.stringify(given).includes("statefulsets");
    const { waitUntil } = await import("../../../tools/wait-until.js");
    await waitUntil({ what: "the policy decides", timeoutMs: 30_000 }, async () => {
      const object: TestObject = {
        apiVersion: "apps/v1",
        kind: isStateful ? "StatefulSet" : "Deployment",
        metadata: { name: "probe", namespace: world.namespace },
        spec: {
          replicas: 0,
          ...(isStateful ? { serviceName: "x" } : {}),
          selector: { matchLabels: { a: "b" } },
          template: { metadata: { labels: { a: "b" } }, spec: { containers: [{ name: "c", image: "i" }] } },
        },
      };
      try {
        await world.kube.apply(object);
        await world.kube.delete({ ...object, name: object.metadata.name, namespace: world.namespace });
        return false;
      } catch (error) {
        // Something else may be in the way, such as a policy of another case.
        return String(error).includes(policy);
      }
    });
  }

  /** What no document of the same commit can mend: then nothing at all is written. */
  const refused: readonly {
    readonly name: string;
    readonly what: string;
    readonly tenant?: true;
    readonly given?: () => Promise<void>;
    readonly commit: string;
    readonly says: RegExp;
  }[] = [
    {
      name: "a right that no document gives, beside roles for others",
      what: "noright",
      tenant: true,
      commit: `apiVersion: v1\nkind: ServiceAccount\nmetadata: { name: noright }\n---\napiVersion: ${RBAC}\nkind: Role\nmetadata: { name: noright }\nrules: [{ apiGroups: [""], resources: [pods], verbs: [get] }]\n---\napiVersion: ${RBAC}\nkind: RoleBinding\nmetadata: { name: noright }\nroleRef: { apiGroup: rbac.authorization.k8s.io, kind: Role, name: noright }\nsubjects: [{ kind: ServiceAccount, name: noright }]\n---\napiVersion: node.k8s.io/v1\nkind: RuntimeClass\nmetadata: { name: noright }\nhandler: runc\n`,
      says: /cannot patch resource "runtimeclasses"/,
    },
    {
      name: "a role that grants more than the app has",
      what: "escalation",
      tenant: true,
      commit: `apiVersion: ${RBAC}\nkind: Role\nmetadata: { name: escalation-a }\nrules: [{ apiGroups: [""], resources: [pods], verbs: [get] }]\n---\napiVersion: ${RBAC}\nkind: Role\nmetadata: { name: escalation }\nrules: [{ apiGroups: [batch], resources: [jobs], verbs: [get] }]\n`,
      says: /attempting to grant RBAC permissions not currently held/,
    },
    {
      name: "a field that does not exist, beside a Pod that waits for its ServiceAccount",
      what: "nofield",
      commit: `apiVersion: v1\nkind: ServiceAccount\nmetadata: { name: nofield }\n---\n${pod("nofield", "serviceAccountName: nofield")}---\n${configMap("nofield", {})}dataa: {}\n`,
      says: /dataa/,
    },
    {
      name: "a wrong type in a Namespace that the same commit makes",
      what: "notype",
      commit: `apiVersion: v1\nkind: Namespace\nmetadata: { name: notype-{ns} }\n---\napiVersion: v1\nkind: ConfigMap\nmetadata: { name: a, namespace: notype-{ns} }\ndata: { a: 1 }\n`,
      says: /data\.a/,
    },
    {
      name: "a kind that nobody serves in a Namespace that the same commit makes",
      what: "nokind",
      commit:
        "apiVersion: v1\nkind: Namespace\nmetadata: { name: nokind-{ns} }\n---\napiVersion: example.org/v1\nkind: Nothing\nmetadata: { name: a, namespace: nokind-{ns} }\n",
      says: /no kind Nothing/,
    },
    {
      name: "an account that nobody makes",
      what: "noaccount",
      commit: `${configMap("noaccount", {})}---\n${pod("noaccount", "serviceAccountName: nobody-at-all")}`,
      says: /nobody-at-all/,
    },
    {
      name: "what a policy without parameters forbids",
      what: "nopolicy",
      given: async () => {
        for (const object of policy(
          "nopolicy",
          "deployments",
          "object.metadata.name != 'nopolicy' && object.spec.replicas > 0",
          false,
        ))
          await world.kube.apply(object);
        await policyInForce(policy("nopolicy", "deployments", "", false));
      },
      commit: `${configMap("nopolicy", {})}---\n${deployment("nopolicy")}`,
      says: /is not allowed here/,
    },
  ];

  for (const { name, what, tenant, given, commit, says } of refused) {
    it(`are not begun where nothing of the commit helps: ${name}`, async () => {
      await given?.();
      const text = commit.replaceAll("{ns}", world.namespace);
      await world.repository(what, { "all.yaml": text });
      await world.app(what, what, ".", tenant ? { serviceAccountName: "deployer" } : {});
      const app = await world.untilCondition(what, "Ready", "False", "ApplyRefused");
      expect(condition(app, "Ready")?.message).to.match(says).and.contain("nothing was written");
      const [change] = await world.changes(what);
      expect(change?.status?.phase).to.equal("Refused");
      expect(change?.status?.plan?.length, "the plan is shown").to.be.greaterThan(1);
      expect(change?.status?.summary).to.match(/^\+[1-9]/);
      for (const kind of ["ConfigMap", "ServiceAccount", "Namespace"])
        expect(
          await world.kube.list(
            "v1",
            kind,
            kind === "Namespace" ? "" : world.namespace,
            `gitops.overseer.io/app=${what}`,
          ),
        ).to.deep.equal([]);
    });
  }
});
