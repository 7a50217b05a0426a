import { expect } from "chai";
import {
  migratedManagedFields,
  missingSteps,
} from "../../../../../src/destinations/kubernetes/ownership/removed-versions.js";
import { KubeStatusError, removedVersion } from "../../../../../src/kube/errors.js";
import type { FieldsV1, ManagedFieldsEntry } from "../../../../../src/kube/object.js";

const refusal = (code: number, message: string): KubeStatusError => new KubeStatusError(code, { message }, "PATCH /x");

describe("removedVersion", () => {
  it("is the version that the API server names", () => {
    const text = "request to convert CR to an invalid group/version: example.com/v1alpha1";
    expect(removedVersion(refusal(500, text))).to.equal("example.com/v1alpha1");
  });

  it("is undefined for other errors", () => {
    expect(removedVersion(refusal(500, "etcdserver: request timed out"))).to.equal(undefined);
    expect(removedVersion(refusal(422, "request to convert CR to an invalid group/version: a/v1"))).to.equal(undefined);
    expect(removedVersion(new Error("request to convert CR to an invalid group/version: a/v1"))).to.equal(undefined);
  });
});

describe("managedFields at a removed version", () => {
  it("move to the version of the document for all managers; other entries stay", () => {
    const entry = (manager: string, apiVersion?: string, subresource?: string): ManagedFieldsEntry => ({
      manager,
      operation: "Update",
      ...(apiVersion ? { apiVersion } : {}),
      ...(subresource ? { subresource } : {}),
      fieldsV1: { "f:spec": {} },
    });
    const managedFields = [
      entry("ours", "e.com/v1alpha1"),
      entry("other", "e.com/v1beta1"),
      entry("status", "e.com/v1alpha1", "status"),
      entry("kept", "e.com/v2"),
      entry("versionless"),
    ];
    const metadata = { name: "x", uid: "u", resourceVersion: "1", managedFields };
    const isGone = (version: string): boolean => /v1alpha1|v1beta1/.test(version);
    expect(migratedManagedFields(metadata, isGone, "e.com/v1")).to.deep.equal([
      entry("ours", "e.com/v1"),
      entry("other", "e.com/v1"),
      entry("status", "e.com/v1", "status"),
      entry("kept", "e.com/v2"),
      entry("versionless"),
    ]);
    expect(migratedManagedFields({ ...metadata, managedFields: undefined } as never, isGone, "e.com/v1")).to.deep.equal(
      [],
    );
  });
});

describe("missingSteps", () => {
  const document = {
    apiVersion: "e.com/v1",
    kind: "Thing",
    metadata: { name: "x" },
    spec: { a: 1, none: null, parts: [{ name: "p", size: 1 }], tags: ["red"], map: {} },
  };
  const cases: readonly [string, FieldsV1, readonly string[]][] = [
    ["what the document has", { "f:spec": { "f:a": {}, "f:parts": { 'k:{"name":"p"}': { "f:size": {} } } } }, []],
    ["null, which means that nothing may be there", { "f:spec": { "f:none": {} } }, []],
    ["metadata", { "f:metadata": { "f:labels": { "f:gone": {} } } }, []],
    ["a field", { "f:spec": { "f:b": {} } }, ["f:spec f:b"]],
    [
      "a field of an item",
      { "f:spec": { "f:parts": { 'k:{"name":"p"}': { "f:port": {} } } } },
      ['f:spec f:parts k:{"name":"p"} f:port'],
    ],
    [
      "an item, once",
      { "f:spec": { "f:parts": { 'k:{"name":"q"}': { ".": {}, "f:name": {}, "f:size": {} } } } },
      ['f:spec f:parts k:{"name":"q"}'],
    ],
    ["a whole map, once", { "f:spec": { "f:gone": { "f:x": {}, "f:y": {} } } }, ["f:spec f:gone"]],
    ["a member of a set", { "f:spec": { "f:tags": { 'v:"red"': {}, 'v:"blue"': {} } } }, ['f:spec f:tags v:"blue"']],
  ];
  for (const [what, fields, expected] of cases)
    it(`${expected.length > 0 ? "tells" : "does not tell"} of ${what}`, () => {
      expect(missingSteps(fields, document).map((steps) => steps.join(" "))).to.deep.equal(expected);
    });
});
