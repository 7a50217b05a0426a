import { expect } from "chai";
import { applies, at, edits, type ManagedFieldsCase, patches, pokes, THIEF } from "./case.js";
import { autoscaler, document, policy, settings, webhook, workload } from "./documents.js";
import { widget } from "./widgets.js";

const rbac = "rbac.authorization.k8s.io/v1";
const podSpec = (object: unknown): unknown => at(object, "spec", "template", "spec");
const container = (object: unknown): unknown => at(podSpec(object), "containers", 0);

const empties = "{ podSelector: {}, policyTypes: [Ingress], ingress: [{ from: [], ports: [] }] }";
const embedded = "{ embedded: { apiVersion: v1, kind: ConfigMap, metadata: { name: x, creationTimestamp: null } } }";
const aggregated = (name: string): string =>
  document(
    rbac,
    "ClusterRole",
    name,
    `aggregationRule: { clusterRoleSelectors: [{ matchLabels: { part-of: ${name} } }] }\nrules: []`,
  );
const rule = { apiGroups: ["none.example.com"], resources: ["nothings"], verbs: ["get"] };
const scale = (replicas: number): unknown => ({ spec: { replicas } });
const numbered = ", annotations: { deployment.kubernetes.io/revision: '7' }";
const secret = (name: string): string => document("v1", "Secret", name, "data:\n  a: |\n    b25l\n");

/** Whether the state that our own apply leaves is stable. */
export const CASES_C: readonly ManagedFieldsCase[] = [
  {
    row: "C2",
    title: "a NetworkPolicy of empty lists is written once and not again",
    documents: (name) => policy(name, empties),
    disturb: pokes,
    expect: "quiet",
  },
  {
    row: "C2",
    title: "our own write to it is not taken for another's, even when something was healed",
    documents: (name) => policy(name, empties),
    disturb: patches({ spec: { policyTypes: ["Ingress", "Egress"] } }),
    expect: "healed",
  },
  {
    row: "C3",
    title: "a null creationTimestamp in an embedded resource makes no writes",
    documents: (name) => widget(name, embedded),
    disturb: patches({ spec: { foreign: 1 } }),
    expect: "one verification",
  },
  {
    row: "C4",
    title: "rules that the aggregation fills in stay",
    documents: aggregated,
    disturb: async ({ kube, ref, name, world }) => {
      const metadata = { name: `${name}-part`, labels: { "part-of": name }, annotations: { for: world.namespace } };
      await kube.create({ apiVersion: rbac, kind: "ClusterRole", metadata, rules: [rule] });
      await kube.until(ref, "is filled", (role) => (role.rules as unknown[] | undefined)?.length === 1);
    },
    expect: "unwritten",
    after: async ({ kube, name, ref }) => {
      await kube.delete({ ...ref, name: `${name}-part` });
      await kube.until(ref, "is emptied", (role) => ((role.rules as unknown[] | undefined) ?? []).length === 0);
    },
  },
  {
    row: "C5",
    title: "a revision annotation in Git is left to its controller",
    documents: (name) => workload(name).replace(", labels: {", `${numbered}, labels: {`),
    disturb: pokes,
    expect: "quiet",
    after: (_, live) => expect(live.metadata.annotations?.["deployment.kubernetes.io/revision"]).to.equal("1"),
  },
  {
    row: "C6",
    title: "replicas that an autoscaler sets are put back, and its way is named",
    documents: (name) => workload(name),
    disturb: ({ kube, ref }) => kube.patch(ref, scale(1), { manager: "autoscaler", subresource: "scale" }),
    expect: "healed",
    after: async ({ world, name }) =>
      expect(await world.operator.log()).to.include(`${name} restored (autoscaler (by /scale): .spec.replicas)`),
  },
  {
    row: "C8",
    title: "a caBundle in Git is ours",
    documents: (name) => webhook(name, ", caBundle: b25l"),
    disturb: edits({ op: "replace", path: "/webhooks/0/clientConfig/caBundle", value: "dHdv" }),
    expect: "healed",
  },
  {
    row: "C8",
    title: "a caBundle that Git does not set is left to whoever injects it",
    documents: (name) => webhook(name),
    disturb: edits({ op: "add", path: "/webhooks/0/clientConfig/caBundle", value: "dHdv" }),
    expect: "one verification",
    after: (_, live) => expect(at(live, "webhooks", 0, "clientConfig", "caBundle")).to.equal("dHdv"),
  },
  {
    row: "C9",
    title: "a Pod whose tolerations and volumes admission has added to is stable",
    documents: (name) =>
      document(
        "v1",
        "Pod",
        name,
        "spec: { containers: [{ name: web, image: registry.example/web:1 }], tolerations: [{ key: a, operator: Exists }] }",
      ),
    disturb: pokes,
    expect: "quiet",
    after: (_, live) => expect(at(live, "spec", "tolerations")).to.have.length.greaterThan(1),
  },
  {
    row: "C14",
    title: "a quantity that somebody writes in another notation is no change",
    documents: (name) => workload(name, ", resources: { requests: { cpu: 1000m } }"),
    disturb: edits({ op: "replace", path: "/spec/template/spec/containers/0/resources/requests/cpu", value: "1" }),
    expect: "quiet",
  },
  {
    row: "C14",
    title: "base64 with a newline in Git is stable",
    documents: secret,
    disturb: pokes,
    expect: "quiet",
    after: (_, live) => expect(live.data).to.deep.equal({ a: "b25l" }),
  },
  {
    row: "C14",
    title: "5 and '5', 1.0 and 1 in a CR are what Git says",
    documents: (name) => widget(name, "{ port: 5, ratio: 1.0 }"),
    disturb: patches({ spec: { port: "5" } }),
    expect: "healed",
  },
  {
    row: "C15",
    title: "the same value set by a patch is no event",
    documents: (name) => settings(name),
    disturb: patches({ data: { a: "one" } }),
    expect: "quiet",
  },
  {
    row: "C15",
    title: "the same value set by a PUT is no event",
    documents: (name) => settings(name),
    disturb: ({ kube, ref, before }) => kube.replace(ref, before, THIEF),
    expect: "quiet",
  },
  {
    row: "C15",
    title: "the same value set by another apply is looked at once; both own it",
    documents: (name) => settings(name),
    disturb: applies({ data: { a: "one" } }, false),
    expect: "one verification",
  },
  {
    row: "C16",
    title: "a value that was changed and changed back is ours again by one write",
    documents: (name) => settings(name),
    disturb: async ({ kube, ref }) => {
      await kube.patch(ref, { data: { a: "drift" } }, { manager: THIEF });
      await kube.patch(ref, { data: { a: "one" } }, { manager: THIEF });
    },
    expect: "healed",
    frozen: true,
  },
  {
    row: "C17",
    title: "our entry stays when many others write",
    documents: (name) => settings(name),
    disturb: async ({ kube, ref }) => {
      for (let n = 0; n < 15; n++) await kube.patch(ref, { data: { [`k${n}`]: "x" } }, { manager: `other-${n}` });
    },
    expect: "unwritten",
    frozen: true,
    hidden: true,
  },
  {
    row: "C18",
    title: "our name on /status is another entry",
    documents: (name) => workload(name),
    disturb: ({ kube, ref, manager }) =>
      kube.patch(
        ref,
        { status: { conditions: [{ type: "Odd", status: "True" }] } },
        { manager, subresource: "status" },
      ),
    expect: "quiet",
  },
  {
    row: "C18",
    title: "replicas taken by /scale under our name are put back",
    documents: (name) => workload(name),
    disturb: ({ kube, ref, manager }) => kube.patch(ref, scale(1), { manager, subresource: "scale" }),
    expect: "healed",
  },
  {
    row: "C18",
    title: "an update under our name is a change like the others",
    documents: (name) => workload(name),
    disturb: ({ kube, ref, manager }) =>
      kube.patch(
        ref,
        [{ op: "replace", path: "/spec/template/spec/containers/0/image", value: "registry.example/x:1" }],
        { manager, type: "json" },
      ),
    expect: "healed",
    after: (_, live) => expect(at(container(live), "image")).to.equal("registry.example/web:1"),
  },
  {
    row: "C1",
    title: "an autoscaler's status is no change",
    documents: (name) => autoscaler(name, "v2"),
    disturb: ({ kube, ref }) =>
      kube.patch(
        ref,
        { status: { desiredReplicas: 3, currentReplicas: 3, conditions: [] } },
        { manager: "autoscaler", subresource: "status" },
      ),
    expect: "quiet",
  },
  {
    row: "C1",
    title: "a Service's load balancer status is no change",
    documents: (name) => document("v1", "Service", name, "spec: { type: LoadBalancer, ports: [{ port: 80 }] }"),
    disturb: ({ kube, ref }) =>
      kube.patch(
        ref,
        { status: { loadBalancer: { ingress: [{ ip: "192.0.2.1" }] } } },
        { manager: "cloud", subresource: "status" },
      ),
    expect: "quiet",
  },
  {
    row: "C7",
    title: "replicas that Git leaves out need no look when an autoscaler sets them",
    documents: (name) => workload(name, "", "", ""),
    disturb: ({ kube, ref }) => kube.patch(ref, scale(2), { manager: "autoscaler", subresource: "scale" }),
    expect: "quiet",
    after: (_, live) => expect(at(live, "spec", "replicas")).to.equal(2),
  },
  {
    row: "C7",
    title: "replicas that leave Git stay where somebody else has set them, too",
    documents: (name) => workload(name, "", "", "replicas: 2"),
    disturb: applies({ spec: { replicas: 2 } }, false),
    expect: "quiet",
    after: async ({ name, commit, kube, ref }) => {
      await commit(workload(name, "", "", ""));
      expect(at(await kube.get(ref), "spec", "replicas")).to.equal(2);
    },
  },
  {
    row: "C7",
    title: "replicas that leave Git and that nobody else sets fall to the default, and the plan says so",
    documents: (name) => workload(name, "", "", "replicas: 0"),
    disturb: pokes,
    expect: "quiet",
    after: async ({ name, commit, world, kube, ref }) => {
      await commit(workload(name, "", "", ""));
      expect(at(await kube.get(ref), "spec", "replicas")).to.equal(1);
      // The app of all cases has more to say than Events it may write: the plan has it, too.
      const change = (await world.changes("fields")).at(-1);
      expect(change?.status?.plan?.[0]?.diff).to.deep.equal([{ path: ".spec.replicas", from: "0", to: "1" }]);
    },
  },
];
