import { expect } from "chai";
import { ANNOTATION_APPLIED } from "../../../../src/api/group.js";
import { liveDiff } from "../../../../src/destinations/kubernetes/apply/live-diff.js";
import {
  isConfidentialHash,
  keepConfidential,
  recordedHash,
  wasConfidential,
} from "../../../../src/destinations/kubernetes/kubernetes-context.js";
import type { RawObject } from "../../../../src/kube/object.js";
import type { KubeObject } from "../../../../src/manifest/document.js";
import { hashBody, toDocument } from "../../../../src/manifest/to-document.js";

describe("Documents with values of Secrets", () => {
  const document = (confidential: boolean) => {
    const object: KubeObject = { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "a" }, data: { v: "canary" } };
    const prepared = { object, origin: { file: "a.yaml" }, bodyHash: hashBody(object), dropped: [], confidential };
    return toDocument(prepared, "shop");
  };
  const live = (value: string, applied?: string) =>
    ({
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { name: "a", uid: "u", ...(applied ? { annotations: { [ANNOTATION_APPLIED]: applied } } : {}) },
      data: { v: value },
    }) as unknown as RawObject;

  it("have a keyed hash that shows that they are confidential, also after a transfer", () => {
    const [one, other] = ["k1", "k2"].map((digestKey) => recordedHash({ digestKey }, document(true)));
    expect(one)
      .to.match(/^c-[0-9a-f]{32}$/)
      .and.not.equal(other);
    expect(one).not.to.include(document(true).hash);
    expect(recordedHash({ digestKey: "k1" }, document(false))).to.equal(document(false).hash);
    expect(isConfidentialHash(keepConfidential(one ?? "", "transferred"))).to.equal(true);
    expect(keepConfidential(document(false).hash, "transferred")).to.equal("transferred");
    expect(wasConfidential({ [ANNOTATION_APPLIED]: `${one}.fields` })).to.equal(true);
    expect(wasConfidential(undefined)).to.equal(false);
  });

  it("have diffs without values, and so has the first document after them", () => {
    const masked = [{ path: ".data.v", from: "<redacted>", to: "<redacted>" }];
    expect(liveDiff(live("canary"), live("other"), document(true))).to.deep.equal(masked);
    expect(liveDiff(live("canary", "c-0123.fields"), live("other"), document(false))).to.deep.equal(masked);
    expect(liveDiff(live("old", "0123.fields"), live("new"), document(false))).to.deep.equal([
      { path: ".data.v", from: "old", to: "new" },
    ]);
  });
});
