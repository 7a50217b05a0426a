import { expect } from "chai";
import { describeWriters } from "../../../../../src/destinations/kubernetes/watch/drift-note.js";
import type { FieldsV1, ManagedFieldsEntry } from "../../../../../src/kube/object.js";

const DOCUMENT = {
  metadata: { labels: { tier: "back" } },
  spec: {
    replicas: 2,
    ports: [{ port: 53 }, { port: 53, protocol: "UDP" }],
    containers: [{ name: "web", image: "web:1" }],
    set: ["a"],
  },
};

const by = (manager: string, fieldsV1: FieldsV1, subresource?: string): ManagedFieldsEntry => ({
  manager,
  fieldsV1,
  ...(subresource ? { subresource } : {}),
});

describe("describeWriters", () => {
  it("names only managers of fields that the document sets", () => {
    const fields = {
      "f:spec": { "f:replicas": {}, "f:paused": {}, 'k:{"x":1}': {} },
      "f:status": { "f:replicas": {} },
    };
    expect(describeWriters(DOCUMENT, [by("kubectl-edit", fields)])).to.equal("kubectl-edit: .spec.replicas");
  });

  it("finds list items by key, with omitted defaults, and set members", () => {
    const item = { "f:spec": { "f:containers": { 'k:{"name":"web"}': { "f:image": {} } } } };
    expect(describeWriters(DOCUMENT, [by("x", item)])).to.equal("x: .spec.containers[web].image");
    const port = { "f:spec": { "f:ports": { 'k:{"port":53,"protocol":"UDP"}': { "f:protocol": {} } } } };
    expect(describeWriters(DOCUMENT, [by("x", port)])).to.equal("x: .spec.ports[53,UDP].protocol");
    expect(describeWriters(DOCUMENT, [by("x", { "f:spec": { "f:set": { 'v:"a"': {} } } })])).to.equal(
      'x: .spec.set["a"]',
    );
  });

  it("distinguishes ports with the same number and another protocol", () => {
    const port = { "f:spec": { "f:ports": { 'k:{"port":80,"protocol":"UDP"}': { "f:port": {} } } } };
    expect(describeWriters({ spec: { ports: [{ port: 80 }] } }, [by("x", port)])).to.equal(undefined);
  });

  it("names the subresource, and ignores the status", () => {
    const fields = { "f:spec": { "f:replicas": {} } };
    expect(describeWriters(DOCUMENT, [by("autoscaler", fields, "scale"), by("controller", fields, "status")])).to.equal(
      "autoscaler (by /scale): .spec.replicas",
    );
  });

  it("names several managers, and a limited number of fields", () => {
    const many = Object.fromEntries(Array.from({ length: 8 }, (_, n) => [`k${n}`, "x"]));
    const fields = { "f:data": Object.fromEntries(Object.keys(many).map((name) => [`f:${name}`, {}])) };
    const other = { "f:data": { "f:k0": {} } };
    const note = describeWriters({ data: many }, [by("one", fields), by("two", other)]);
    expect(note).to.match(
      /^one: \.data\.k0, \.data\.k1, \.data\.k2, \.data\.k3, \.data\.k4 and 3 more \([0-9a-f]{8}\); two: \.data\.k0$/,
    );
    const { "f:k7": _, ...seven } = fields["f:data"];
    const others = { "f:data": { ...seven, "f:k8": {} } };
    expect(describeWriters({ data: { ...many, k8: "x" } }, [by("one", others), by("two", other)])).not.to.equal(note);
  });

  it("is undefined if no other manager owns a field", () => {
    expect(describeWriters(DOCUMENT, [by("x", { "f:data": { "f:a": {} } }), { manager: "empty" }])).to.equal(undefined);
  });
});
