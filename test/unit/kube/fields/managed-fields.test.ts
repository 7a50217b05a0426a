import { expect } from "chai";
import {
  applyEntry,
  fieldPaths,
  fieldsHash,
  intersect,
  overlaps,
  union,
} from "../../../../src/kube/fields/managed-fields.js";
import type { FieldsV1, LiveMetadata, ManagedFieldsEntry } from "../../../../src/kube/object.js";

const US = "overseer:shop/web";

function entry(fields: FieldsV1, extra: Partial<ManagedFieldsEntry> = {}): ManagedFieldsEntry {
  return { manager: US, operation: "Apply", apiVersion: "v1", fieldsType: "FieldsV1", fieldsV1: fields, ...extra };
}

const metadata = (...managedFields: ManagedFieldsEntry[]): LiveMetadata => ({
  name: "x",
  uid: "u",
  resourceVersion: "1",
  managedFields,
});

describe("applyEntry", () => {
  const ours = entry({ "f:data": {} });

  it("finds the Apply entry on the main resource, wherever it stands", () => {
    const others = [
      entry({}, { manager: "kubectl" }),
      entry({}, { operation: "Update" }),
      entry({}, { subresource: "scale" }),
      entry({}, { subresource: "status", operation: "Update" }),
    ];
    expect(applyEntry(metadata(...others, ours), US)).to.equal(ours);
    expect(applyEntry(metadata(...others), US)).to.equal(undefined);
  });

  it("takes an empty subresource for none", () => {
    const empty = entry({}, { subresource: "" });
    expect(applyEntry(metadata(empty), US)).to.equal(empty);
  });

  it("finds nothing where there are no managed fields", () => {
    expect(applyEntry({ name: "x", uid: "u", resourceVersion: "1" }, US)).to.equal(undefined);
  });
});

describe("fieldsHash", () => {
  it("does not depend on the order of fields, or on the time", () => {
    const one = entry({ "f:a": {}, "f:b": { "f:c": {} } }, { time: "2026-01-01T00:00:00Z" });
    const other = entry({ "f:b": { "f:c": {} }, "f:a": {} }, { time: "2026-02-02T00:00:00Z" });
    expect(fieldsHash(one)).to.equal(fieldsHash(other));
    expect(fieldsHash(one)).to.match(/^[0-9a-f]{16}$/);
  });

  it("distinguishes an emptied map, an empty one and none", () => {
    const hashes = [{ "f:data": { ".": {}, "f:x": {} } }, { "f:data": { ".": {} } }, { "f:data": {} }, {}].map(
      (fields) => fieldsHash(entry(fields)),
    );
    expect(new Set(hashes).size).to.equal(4);
  });

  it("tells versions apart", () => {
    expect(fieldsHash(entry({}, { apiVersion: "v1" }))).to.not.equal(fieldsHash(entry({}, { apiVersion: "v2" })));
  });

  it("tells port 53/TCP from 53/UDP", () => {
    const tcp = { 'k:{"port":53,"protocol":"TCP"}': {} };
    const udp = { 'k:{"port":53,"protocol":"UDP"}': {} };
    expect(fieldsHash(entry(tcp))).to.not.equal(fieldsHash(entry(udp)));
  });
});

describe("fieldPaths", () => {
  it("formats leaves in the usual notation", () => {
    const fields = {
      "f:metadata": { "f:labels": { ".": {}, "f:app.kubernetes.io/name": {} } },
      "f:spec": { 'k:{"port":53,"protocol":"UDP"}': { "f:port": {} }, 'v:"a"': {}, "i:0": {}, "f:replicas": {} },
    };
    expect(fieldPaths(fields, 100)).to.deep.equal([
      '.metadata.labels["app.kubernetes.io/name"]',
      ".spec[53,UDP].port",
      '.spec["a"]',
      ".spec[0]",
      ".spec.replicas",
    ]);
  });

  it("stops at the limit, and tolerates a key that is not JSON", () => {
    const wide = Object.fromEntries(Array.from({ length: 50 }, (_, n) => [`f:k${n}`, {}]));
    expect(fieldPaths(wide, 3)).to.have.length(3);
    expect(fieldPaths({ "k:{broken": {} }, 3)).to.deep.equal(["[{broken]"]);
  });
});

describe("sets of fields", () => {
  const one = { "f:a": { "f:x": {}, "f:y": {} }, "f:b": {} };
  const other = { "f:a": { "f:y": {}, "f:z": {} }, "f:c": {} };

  it("are united and intersected path by path", () => {
    expect(union(one, other)).to.deep.equal({ "f:a": { "f:x": {}, "f:y": {}, "f:z": {} }, "f:b": {}, "f:c": {} });
    expect(intersect(one, other)).to.deep.equal({ "f:a": { "f:y": {} } });
  });

  it("overlap where they have a field in common", () => {
    expect(overlaps(one, other)).to.equal(true);
    expect(overlaps({ "f:a": { "f:x": {} } }, { "f:a": { "f:z": {} } })).to.equal(false);
  });
});
