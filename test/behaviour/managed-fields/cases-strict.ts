import { expect } from "chai";
import { applies, at, edits, type ManagedFieldsCase, patches, pokes } from "./case.js";
import { document, policy } from "./documents.js";

const rbac = "rbac.authorization.k8s.io/v1";
const roleRef = "roleRef: { apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: none }";
const intruder = { kind: "User", name: "intruder", apiGroup: "rbac.authorization.k8s.io" };
const pods = { apiGroups: [""], resources: ["pods"], verbs: ["get"] };
const denyAll = (name: string): string => policy(name, "{ podSelector: {}, policyTypes: [Ingress] }");

/** Kinds of which Git says all: what somebody adds to a field that Git leaves out widens access, and goes. */
export const CASES_STRICT: readonly ManagedFieldsCase[] = [
  {
    row: "A13",
    title: "ingress that somebody adds to a policy that denies all is removed, and named",
    documents: denyAll,
    disturb: patches({ spec: { ingress: [{}] } }),
    expect: "healed",
    writes: 3,
    after: async ({ world, name }) =>
      expect(await world.operator.log()).to.include(`${name} restored (thief added .spec.ingress)`),
  },
  {
    row: "A13",
    title: "ingress that another apply adds is removed",
    documents: denyAll,
    disturb: applies({ spec: { ingress: [{}] } }, false),
    expect: "healed",
    writes: 3,
  },
  {
    row: "A13",
    title: "egress that somebody adds where Git names only ingress is removed",
    documents: (name) => policy(name, "{ podSelector: {}, policyTypes: [Ingress, Egress], ingress: [] }"),
    disturb: edits({ op: "add", path: "/spec/egress", value: [{}] }),
    expect: "healed",
    writes: 3,
  },
  {
    row: "A13",
    title: "policyTypes that somebody sets where Git leaves them out are removed",
    documents: (name) => policy(name, "{ podSelector: {}, ingress: [{ ports: [{ port: 80 }] }] }"),
    disturb: patches({ spec: { policyTypes: ["Egress"] } }),
    expect: "healed",
    writes: 3,
  },
  {
    row: "A13",
    title: "subjects that somebody adds to a binding without any are removed",
    documents: (name) => document(rbac, "RoleBinding", name, roleRef),
    disturb: patches({ subjects: [intruder] }),
    expect: "healed",
    writes: 3,
  },
  {
    row: "A13",
    title: "subjects that somebody adds to the list in Git are removed",
    documents: (name) =>
      document(
        rbac,
        "ClusterRoleBinding",
        name,
        `${roleRef}\nsubjects: [{ kind: User, name: one, apiGroup: rbac.authorization.k8s.io }]`,
      ),
    disturb: edits({ op: "add", path: "/subjects/-", value: intruder }),
    expect: "healed",
  },
  {
    row: "A13",
    title: "rules that somebody adds to a Role without any are removed",
    documents: (name) => document(rbac, "Role", name, "metadata: {}").replace("metadata: {}\n", ""),
    disturb: patches({ rules: [pods] }),
    expect: "healed",
    writes: 3,
    live: (object) => at(object, "rules") ?? null,
  },
  {
    row: "A13",
    title: "an aggregation that somebody adds to a ClusterRole is removed, and with it what it fills in",
    documents: (name) => document(rbac, "ClusterRole", name, "rules: []"),
    disturb: patches({ aggregationRule: { clusterRoleSelectors: [{ matchLabels: { "part-of": "nothing" } }] } }),
    expect: "healed",
    writes: 6,
    live: (object) => [at(object, "aggregationRule"), at(object, "rules") ?? []],
  },
  {
    row: "A13",
    title: "labels and annotations that somebody adds stay: they give no access",
    documents: denyAll,
    disturb: patches({ metadata: { labels: { foreign: "kept" } } }),
    expect: "quiet",
    after: (_, live) => expect(live.metadata.labels).to.include({ foreign: "kept" }),
  },
  {
    row: "A13",
    title: "what leaves Git goes, although somebody else had set it, too",
    documents: (name) =>
      policy(name, "{ podSelector: {}, policyTypes: [Ingress], ingress: [{ ports: [{ port: 80, protocol: TCP }] }] }"),
    disturb: pokes,
    expect: "quiet",
    after: async (trial) => {
      const { kube, ref, name, commit } = trial;
      await applies({ spec: { ingress: [{ ports: [{ port: 80, protocol: "TCP" }] }] } }, false)(trial);
      await commit(denyAll(name));
      await kube.until(ref, "denies all", (live) => at(live, "spec", "ingress") === undefined);
    },
  },
];
