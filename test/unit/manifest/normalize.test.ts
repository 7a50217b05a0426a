import { expect } from "chai";
import type { KubeObject } from "../../../src/manifest/document.js";
import { normalize } from "../../../src/manifest/normalize.js";

const LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration";
const base64 = (text: string): string => Buffer.from(text).toString("base64");

function object(apiVersion: string, kind: string, rest: Record<string, unknown> = {}): KubeObject {
  return { apiVersion, kind, metadata: { name: "a" }, ...rest };
}

function withMetadata(metadata: Record<string, unknown>): KubeObject {
  return { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "a", ...metadata } } as KubeObject;
}

describe("normalise", () => {
  const cases: readonly [name: string, from: KubeObject, to: KubeObject][] = [
    [
      "drops what the server writes into the metadata",
      withMetadata({
        uid: "u",
        resourceVersion: "1",
        generation: 2,
        selfLink: "/x",
        creationTimestamp: "2024-01-01T00:00:00Z",
        managedFields: [],
        finalizers: [],
      }),
      withMetadata({ finalizers: [] }),
    ],
    ["drops an empty namespace", withMetadata({ namespace: "" }), withMetadata({})],
    ["drops null labels and annotations", withMetadata({ labels: null, annotations: null }), withMetadata({})],
    ["keeps empty ones", withMetadata({ labels: {}, annotations: {} }), withMetadata({ labels: {}, annotations: {} })],
    [
      "drops null creation times at every depth, and only null ones",
      object("apps/v1", "Deployment", {
        spec: {
          template: { metadata: { creationTimestamp: null, labels: {} } },
          list: [{ creationTimestamp: null }, null],
        },
        creationTimestamp: "x",
      }),
      object("apps/v1", "Deployment", {
        spec: { template: { metadata: { labels: {} } }, list: [{}, null] },
        creationTimestamp: "x",
      }),
    ],
    [
      "keeps other nulls and empties: they are owned",
      object("v1", "ConfigMap", { data: { a: null, b: "" }, binaryData: {}, x: [] }),
      object("v1", "ConfigMap", { data: { a: null, b: "" }, binaryData: {}, x: [] }),
    ],
    [
      "drops the status of built-in kinds",
      object("apps/v1", "Deployment", { status: { replicas: 1 } }),
      object("apps/v1", "Deployment"),
    ],
    [
      "keeps the status of a custom resource nobody knows about",
      object("example.com/v1", "Probe", { status: {} }),
      object("example.com/v1", "Probe", { status: {} }),
    ],
    [
      "moves stringData into data, where it wins",
      object("v1", "Secret", { data: { a: base64("old"), b: base64("kept") }, stringData: { a: "new", c: "ü" } }),
      object("v1", "Secret", { data: { a: base64("new"), b: base64("kept"), c: base64("ü") } }),
    ],
    [
      "makes data of stringData alone",
      object("v1", "Secret", { stringData: { a: "" } }),
      object("v1", "Secret", { data: { a: "" } }),
    ],
    [
      "drops a stringData that holds nothing",
      object("v1", "Secret", { stringData: {}, data: null }),
      object("v1", "Secret", { data: null }),
    ],
    [
      "leaves the stringData of other groups",
      object("example.com/v1", "Secret", { stringData: { a: "x" } }),
      object("example.com/v1", "Secret", { stringData: { a: "x" } }),
    ],
    [
      "drops rules beside an aggregation rule",
      object("rbac.authorization.k8s.io/v1", "ClusterRole", {
        aggregationRule: { clusterRoleSelectors: [] },
        rules: [],
      }),
      object("rbac.authorization.k8s.io/v1", "ClusterRole", { aggregationRule: { clusterRoleSelectors: [] } }),
    ],
    [
      "keeps rules otherwise",
      object("rbac.authorization.k8s.io/v1", "ClusterRole", { aggregationRule: null, rules: [] }),
      object("rbac.authorization.k8s.io/v1", "ClusterRole", { aggregationRule: null, rules: [] }),
    ],
    [
      "drops the annotations of controllers and of client-side apply",
      withMetadata({
        annotations: {
          "deployment.kubernetes.io/revision": "3",
          "pv.kubernetes.io/bind-completed": "yes",
          [LAST_APPLIED]: "{}",
          mine: "x",
        },
      }),
      withMetadata({ annotations: { mine: "x" } }),
    ],
    ["drops annotations that this empties", withMetadata({ annotations: { [LAST_APPLIED]: "{}" } }), withMetadata({})],
  ];
  for (const [name, from, to] of cases) {
    it(name, () => {
      const before = structuredClone(from);
      expect(normalize(from).object).to.deep.equal(to);
      expect(from, "the argument").to.deep.equal(before);
    });
  }

  it("asks whether a custom kind has a status subresource", () => {
    const asked: string[] = [];
    const hasStatus = ({ group, version, kind }: { group: string; version: string; kind: string }): boolean => {
      asked.push(`${group}/${version}/${kind}`);
      return true;
    };
    expect(normalize(object("example.com/v1", "Probe", { status: {} }), hasStatus).object).to.not.have.property(
      "status",
    );
    normalize(object("gateway.networking.k8s.io/v1", "Gateway", { status: {} }), hasStatus);
    normalize(object("networking.k8s.io/v1", "Ingress", { status: {} }), hasStatus);
    expect(asked).to.deep.equal(["example.com/v1/Probe", "gateway.networking.k8s.io/v1/Gateway"]);
  });

  it("drops our own marks of ownership and says so", () => {
    const reserved = {
      labels: {
        "gitops.overseer.io/app": "x",
        "gitops.overseer.io/app-namespace": "y",
        "gitops.overseer.io/instance": "z",
        mine: "1",
      },
      annotations: {
        "gitops.overseer.io/identity": "x",
        "gitops.overseer.io/applied": "y",
        "gitops.overseer.io/prune": "disabled",
      },
    };
    const { object: result, dropped } = normalize(withMetadata(reserved));
    expect(result.metadata).to.deep.equal({
      name: "a",
      labels: { mine: "1" },
      annotations: { "gitops.overseer.io/prune": "disabled" },
    });
    expect(dropped).to.deep.equal([
      "label gitops.overseer.io/app",
      "label gitops.overseer.io/app-namespace",
      "label gitops.overseer.io/instance",
      "annotation gitops.overseer.io/identity",
      "annotation gitops.overseer.io/applied",
    ]);
  });
});

describe("normalise writes both names of a service account", () => {
  const pod = (spec: unknown): Record<string, unknown> => ({ template: { metadata: {}, spec } });
  const kinds: readonly [apiVersion: string, kind: string, wrap: (spec: unknown) => Record<string, unknown>][] = [
    ["v1", "Pod", (spec) => ({ spec })],
    ["v1", "PodTemplate", (spec) => pod(spec)],
    ["v1", "ReplicationController", (spec) => ({ spec: pod(spec) })],
    ["apps/v1", "Deployment", (spec) => ({ spec: pod(spec) })],
    ["apps/v1", "ReplicaSet", (spec) => ({ spec: pod(spec) })],
    ["apps/v1", "StatefulSet", (spec) => ({ spec: pod(spec) })],
    ["apps/v1", "DaemonSet", (spec) => ({ spec: pod(spec) })],
    ["batch/v1", "Job", (spec) => ({ spec: pod(spec) })],
    ["batch/v1", "CronJob", (spec) => ({ spec: { jobTemplate: { spec: pod(spec) } } })],
  ];
  for (const [apiVersion, kind, wrap] of kinds) {
    it(`in a ${kind}`, () => {
      const both = { serviceAccountName: "x", serviceAccount: "x", containers: [] };
      const of = (spec: unknown): unknown => normalize(object(apiVersion, kind, wrap(spec))).object;
      expect(of({ serviceAccountName: "x", containers: [] })).to.deep.equal(object(apiVersion, kind, wrap(both)));
      expect(of({ serviceAccount: "x", containers: [] })).to.deep.equal(object(apiVersion, kind, wrap(both)));
      expect(of({ serviceAccountName: "x", serviceAccount: "y", containers: [] })).to.deep.equal(
        object(apiVersion, kind, wrap(both)),
      );
      expect(of({ containers: [] })).to.deep.equal(object(apiVersion, kind, wrap({ containers: [] })));
      expect(of(null)).to.deep.equal(object(apiVersion, kind, wrap(null)));
    });
  }

  it("and nowhere else", () => {
    const custom = object("example.com/v1", "Deployment", { spec: pod({ serviceAccountName: "x" }) });
    expect(normalize(custom).object).to.deep.equal(custom);
  });
});
