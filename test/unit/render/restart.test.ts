import { expect } from "chai";
import { ANNOTATION_CONFIG_CHECKSUM } from "../../../src/api/group.js";
import { hmacSha256 } from "../../../src/base/hash.js";
import type { KubeObject } from "../../../src/manifest/document.js";
import { hashBody, type PreparedDocument } from "../../../src/manifest/to-document.js";
import { type RestartInputs, withChecksums } from "../../../src/render/restart.js";

const prepared = (object: KubeObject): PreparedDocument => ({
  object,
  origin: { file: "a.yaml", line: 1 },
  bodyHash: hashBody(object),
  dropped: [],
});
const inputs = (objects: Record<string, Record<string, string>> = {}, key = "key"): RestartInputs => ({
  digest: (text) => hmacSha256(key, text, 32),
  objects: new Map(Object.entries(objects)),
  namespace: "shop",
  objectNamespace: "shop",
});
const data = (kind: string, name: string, content: object, namespace?: string) =>
  prepared({
    apiVersion: "v1",
    kind,
    metadata: { name, ...(namespace ? { namespace } : {}) },
    data: content,
  } as KubeObject);
const workload = (spec: object, kind = "Deployment", namespace?: string) =>
  prepared({
    apiVersion: "apps/v1",
    kind,
    metadata: { name: "web", ...(namespace ? { namespace } : {}) },
    spec: { template: { metadata: { annotations: { own: "1" } }, spec } },
  } as KubeObject);
const container = (content: object) => ({ containers: [{ name: "web", ...content }] });
const keyOf = (kind: "secretKeyRef" | "configMapKeyRef", name: string, key: string) => ({
  env: [{ name: "X", valueFrom: { [kind]: { name, key } } }],
});

function checksum(documents: readonly PreparedDocument[], given = inputs()): string | undefined {
  const web = withChecksums(documents, given).find(({ object }) => object.metadata.name === "web");
  const { template } = (web?.object.spec ?? {}) as { template: { metadata: { annotations: Record<string, string> } } };
  expect(template.metadata.annotations.own).to.equal("1");
  expect(web?.bodyHash).to.equal(hashBody(web?.object as KubeObject));
  return template.metadata.annotations[ANNOTATION_CONFIG_CHECKSUM];
}

describe("The checksum of what pods use", () => {
  const uses: readonly [string, object, string][] = [
    ["a key of a Secret", container(keyOf("secretKeyRef", "db", "password")), "Secret"],
    ["a key of a ConfigMap", container(keyOf("configMapKeyRef", "db", "password")), "ConfigMap"],
    ["all keys as variables", container({ envFrom: [{ secretRef: { name: "db" } }] }), "Secret"],
    ["a volume of a Secret", { ...container({}), volumes: [{ name: "v", secret: { secretName: "db" } }] }, "Secret"],
    ["a volume of a ConfigMap", { ...container({}), volumes: [{ name: "v", configMap: { name: "db" } }] }, "ConfigMap"],
    [
      "a projected volume",
      { ...container({}), volumes: [{ name: "v", projected: { sources: [{ secret: { name: "db" } }] } }] },
      "Secret",
    ],
    ["an init container", { initContainers: [keyOf("secretKeyRef", "db", "password")], containers: [] }, "Secret"],
  ];
  for (const [what, spec, kind] of uses)
    it(`changes with the content of the source that is used as ${what}`, () => {
      const web = workload(spec);
      const before = checksum([web, data(kind, "db", { password: "b25l" })]);
      expect(before).to.match(/^[0-9a-f]{32}$/);
      expect(checksum([web, data(kind, "db", { password: "dHdv" })])).not.to.equal(before);
      expect(checksum([data(kind, "db", { password: "b25l" }), web])).to.equal(before);
      expect(checksum([web, data(kind, "other", { password: "dHdv" })])).to.equal(undefined);
      expect(checksum([web, data(kind, "db", { password: "b25l" }, "elsewhere")])).to.equal(undefined);
    });

  it("is the same for a change of keys that are not used, and of labels", () => {
    const web = workload(container(keyOf("secretKeyRef", "db", "password")));
    const before = checksum([web, data("Secret", "db", { password: "b25l", other: "b25l" })]);
    expect(checksum([web, data("Secret", "db", { password: "b25l", other: "dHdv" })])).to.equal(before);
  });

  it("covers objects of the cluster that are named, in the namespace of the app only", () => {
    const spec = container({ envFrom: [{ secretRef: { name: "db" } }] });
    const before = checksum([workload(spec)], inputs({ "Secret/db": { password: "b25l" } }));
    expect(before).to.match(/^[0-9a-f]{32}$/);
    expect(checksum([workload(spec)], inputs({ "Secret/db": { password: "dHdv" } }))).not.to.equal(before);
    const elsewhere = workload(spec, "Deployment", "elsewhere");
    expect(checksum([elsewhere], inputs({ "Secret/db": { password: "b25l" } }))).to.equal(undefined);
  });

  it("cannot be computed without the key", () => {
    const documents = [workload(container(keyOf("secretKeyRef", "db", "p"))), data("Secret", "db", { p: "MQ==" })];
    expect(checksum(documents, inputs({}, "one"))).not.to.equal(checksum(documents, inputs({}, "two")));
  });

  it("is set on workloads only whose pods are replaced", () => {
    const spec = container(keyOf("secretKeyRef", "db", "p"));
    const secret = data("Secret", "db", { p: "MQ==" });
    for (const kind of ["StatefulSet", "DaemonSet"]) expect(checksum([workload(spec, kind), secret])).to.match(/./);
    expect(checksum([workload(spec, "ReplicaSet"), secret])).to.equal(undefined);
  });
});
