import { expect } from "chai";
import { applies, at, edits, type ManagedFieldsCase, patches, pokes } from "./case.js";
import { document, policy, service, settings, workload } from "./documents.js";
import { widget } from "./widgets.js";

const spec = (field: string) => (object: unknown) => at(object, "spec", field);
const podSpec = (object: unknown): unknown => at(object, "spec", "template", "spec");

const bindings = (name: string): string =>
  document(
    "rbac.authorization.k8s.io/v1",
    "RoleBinding",
    name,
    "roleRef: { apiGroup: rbac.authorization.k8s.io, kind: Role, name: none }\nsubjects: []",
  );

const intruder = { kind: "User", name: "intruder", apiGroup: "rbac.authorization.k8s.io" };
const odd = '"<b>&"';

/** Shapes in which the fields alone mislead, and their hash does not. */
export const CASES_B: readonly ManagedFieldsCase[] = [
  {
    row: "B1",
    title: "the TCP port comes back beside the UDP port of the same number",
    documents: (name) => service(name, "[{ name: dns, port: 53 }, { name: dns-udp, port: 53, protocol: UDP }]"),
    disturb: edits({ op: "remove", path: "/spec/ports/0" }),
    expect: "healed",
  },
  {
    row: "B2",
    title: "the only child of a schemaless map comes back",
    documents: (name) => widget(name, "{ free: { data: { x: 1 } } }"),
    disturb: patches({ spec: { free: { data: { x: null } } } }),
    expect: "healed",
  },
  {
    row: "B2",
    title: "the only child of a map in an embedded resource comes back",
    documents: (name) =>
      widget(name, "{ embedded: { apiVersion: v1, kind: ConfigMap, metadata: { name: x }, data: { x: y } } }"),
    disturb: patches({ spec: { embedded: { data: { x: null } } } }),
    expect: "healed",
  },
  {
    row: "B4",
    title: "a NetworkPolicy with ingress: [] denies all again",
    documents: (name) => policy(name, "{ podSelector: {}, policyTypes: [Ingress], ingress: [] }"),
    disturb: patches({ spec: { ingress: [{}] } }),
    expect: "healed",
  },
  {
    row: "B4",
    title: "a NetworkPolicy with podSelector: {} concerns all pods again",
    documents: (name) => policy(name, "{ podSelector: {}, policyTypes: [Ingress] }"),
    disturb: patches({ spec: { podSelector: { matchLabels: { app: "none" } } } }),
    expect: "healed",
  },
  {
    row: "B4",
    title: "a RoleBinding with subjects: [] binds nobody again",
    documents: bindings,
    disturb: patches({ subjects: [intruder] }),
    expect: "healed",
  },
  {
    row: "B4",
    title: "an empty atomic map of a CR is empty again",
    documents: (name) => widget(name, "{ atomicMap: {} }"),
    disturb: patches({ spec: { atomicMap: { x: "y" } } }),
    expect: "healed",
  },
  {
    row: "B4",
    title: "an empty atomic list of a CR is empty again",
    documents: (name) => widget(name, "{ list: [] }"),
    disturb: patches({ spec: { list: ["x"] } }),
    expect: "healed",
  },
  {
    row: "B5",
    title: "a ConfigMap key that must be absent is removed again",
    documents: (name) => settings(name, "{ a: null, b: two }"),
    disturb: patches({ data: { a: "drift" } }),
    expect: "healed",
  },
  {
    row: "B5",
    title: "a nullable field of a CR is null again",
    documents: (name) => widget(name, "{ nullable: null }"),
    disturb: patches({ spec: { nullable: 5 } }),
    expect: "healed",
  },
  {
    row: "B5",
    title: "nodeSelector: null and command: null are absent again",
    documents: (name) => workload(name, ", command: null", ", nodeSelector: null"),
    disturb: edits(
      { op: "add", path: "/spec/template/spec/nodeSelector", value: { disk: "fast" } },
      { op: "add", path: "/spec/template/spec/containers/0/command", value: ["sh"] },
    ),
    expect: "healed",
  },
  {
    row: "B6",
    title: "a child of data: {} stays, at the price of one write",
    documents: (name) => settings(name, "{}"),
    disturb: applies({ data: { x: "kept" } }),
    expect: "healed",
    live: ({ metadata }) => metadata.labels,
    after: (_, live) => expect(live.data).to.deep.equal({ x: "kept" }),
  },
  {
    row: "B6",
    title: "a child of an empty map of a CR stays, at the price of one write",
    documents: (name) => widget(name, "{ labels: {} }"),
    disturb: patches({ spec: { labels: { x: "kept" } } }),
    expect: "healed",
    live: ({ metadata }) => metadata.labels,
    after: (_, live) => expect(spec("labels")(live)).to.deep.equal({ x: "kept" }),
  },
  {
    row: "B6",
    title: "a member of an empty set of a CR stays, at the price of one write",
    documents: (name) => widget(name, "{ set: [] }"),
    disturb: patches({ spec: { set: ["kept"] } }),
    expect: "healed",
    live: ({ metadata }) => metadata.labels,
    after: (_, live) => expect(spec("set")(live)).to.deep.equal(["kept"]),
  },
  {
    row: "B6",
    title: "a volume beside volumes: [] stays, at the price of one write",
    documents: (name) => workload(name, "", ", volumes: []"),
    disturb: edits({ op: "add", path: "/spec/template/spec/volumes", value: [{ name: "kept", emptyDir: {} }] }),
    expect: "healed",
    live: ({ metadata }) => metadata.labels,
    after: (_, live) => expect(at(podSpec(live), "volumes", 0, "name")).to.equal("kept"),
  },
  {
    row: "B7",
    title: "members and keys that Go escapes are stable",
    documents: (name) => widget(name, `{ set: [${odd}, plain], free: { ${odd}: 1 } }`),
    disturb: pokes,
    expect: "quiet",
  },
  {
    row: "B7",
    title: "members that Go escapes come back",
    documents: (name) => widget(name, `{ set: [${odd}, plain], free: { ${odd}: 1 } }`),
    disturb: patches({ spec: { set: ["plain"] } }),
    expect: "healed",
    live: (object) => [...(spec("set")(object) as string[])].sort(),
  },
  {
    row: "B8",
    title: "a generation and a selfLink in Git mean nothing",
    documents: (name) => workload(name).replace("labels: { tier", "generation: 7, selfLink: /x, labels: { tier"),
    disturb: pokes,
    expect: "quiet",
    after: (_, live) => expect(live.metadata.generation).to.equal(1),
  },
];
