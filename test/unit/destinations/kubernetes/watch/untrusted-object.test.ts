import { expect } from "chai";
import { ANNOTATION_HOOK_RUN, LABEL_APP, LABEL_APP_NAMESPACE, LABEL_INSTANCE } from "../../../../../src/api/group.js";
import { observedBytes, observeWithin } from "../../../../../src/destinations/kubernetes/watch/untrusted-object.js";
import type { LiveMetadata } from "../../../../../src/kube/object.js";

const KIND = { group: "", version: "v1", kind: "ConfigMap" };
const LIMITS = { responseBytes: 1, values: 1, page: 1, objects: 1 };
const MIB = 1024 * 1024;
const METADATA = {
  ...{ name: "a", namespace: "shop", uid: "u", resourceVersion: "1" },
  labels: { [LABEL_APP]: "shop", [LABEL_APP_NAMESPACE]: "team", [LABEL_INSTANCE]: "i" },
};
const entry = (fields: number): LiveMetadata["managedFields"] => [
  { manager: "kubectl", operation: "Update", fieldsV1: Object.fromEntries(fieldsOf(fields)) },
];
const fieldsOf = (count: number): [string, Record<string, never>][] =>
  Array.from({ length: count }, (_, n) => [`f:${n}`, {}]);

describe("observeWithin", () => {
  const cases: readonly [what: string, more: Partial<Record<keyof LiveMetadata, unknown>>][] = [
    ["a long annotation", { annotations: { [ANNOTATION_HOOK_RUN]: "x".repeat(MIB) } }],
    ["many finalizers", { deletionTimestamp: "2026-01-01T00:00:00Z", finalizers: Array(50_000).fill("x.example/y") }],
    ["a generation that is no number", { generation: Array(100_000).fill("x") }],
    ["many managed fields", { managedFields: entry(50_000) }],
  ];
  for (const [what, more] of cases)
    it(`keeps little of an object with ${what}, as one that the app does not manage`, () => {
      const raw = { metadata: { ...METADATA, ...more } as LiveMetadata };
      const kept = observeWithin(LIMITS, raw, KIND, { status: "Healthy" });
      expect(observedBytes(kept)).to.be.below(4_096);
      expect(kept).to.include({ uid: "u", resourceVersion: "1", identity: undefined, entryHash: undefined });
      expect(kept.app).to.deep.equal({ namespace: "team", name: "shop" });
      expect(kept.health.message).to.equal("its metadata and status are larger than 512 KiB");
      const own = observeWithin(undefined, raw, KIND, { status: "Healthy" });
      expect(observedBytes(own), "of the local cluster, everything is kept").to.be.above(512 * 1024);
    });

  it("keeps what a large object of Kubernetes may have", () => {
    const managedFields = entry(5_000);
    const raw = { metadata: { ...METADATA, ...(managedFields ? { managedFields } : {}) } };
    const kept = observeWithin(LIMITS, raw, KIND, { status: "Healthy" });
    expect(kept.others).to.deep.equal(managedFields);
  });

  it("counts a small object with about what it takes", () => {
    const kept = observeWithin(LIMITS, { metadata: METADATA }, KIND, { status: "Healthy" });
    expect(observedBytes(kept)).to.be.within(500, 2_000);
  });
});
