import { expect } from "chai";
import { ANNOTATION_IDENTITY } from "../../../../../src/api/group.js";
import { identity } from "../../../../../src/destinations/kubernetes/ownership/identity.js";
import {
  isExplained,
  liveObject,
  type ObservedObject,
  ownershipOf,
} from "../../../../../src/destinations/kubernetes/watch/observed-object.js";
import type { LiveMetadata } from "../../../../../src/kube/object.js";
import { APP_REF, event, foreign, MARKER, OURS, REVERT } from "../events.js";

describe("isExplained", () => {
  const plain = event("1");
  const counted = event("1", { generation: 3 });

  it("does not explain writes to a kind without generations", () => {
    expect(isExplained(plain, event("2"))).to.equal(false);
    expect(isExplained(plain, event("2", { annotations: { note: "x" } }))).to.equal(false);
    expect(isExplained(plain, event("2", { managedFields: [OURS, foreign("kubectl")] }))).to.equal(false);
    expect(isExplained(plain, event("2", { finalizers: ["x"] }))).to.equal(false);
  });

  it("explains writes to a subresource alone, also repeated ones", () => {
    const first = event("2", { managedFields: [OURS, foreign("cloud", "status")] });
    const second = event("3", { managedFields: [OURS, foreign("cloud", "status", "2026-01-03T00:00:00Z")] });
    expect(isExplained(plain, first)).to.equal(true);
    expect(isExplained(first, second)).to.equal(true);
  });

  it("does not explain a change of a subresource together with something else", () => {
    const both = event("2", { annotations: { note: "x" }, managedFields: [OURS, foreign("cloud", "status")] });
    expect(isExplained(plain, both)).to.equal(false);
  });

  it("explains an equal generation with foreign labels and annotations", () => {
    expect(
      isExplained(counted, event("2", { generation: 3, annotations: { note: "x" }, labels: { note: "x" } })),
    ).to.equal(true);
    expect(isExplained(counted, event("2", { generation: 4 }))).to.equal(false);
  });

  it("does not explain a changed label of the app, which may leave no trace", () => {
    expect(isExplained(counted, event("2", { generation: 3, labels: { tier: "front" } }))).to.equal(false);
  });

  it("explains scaling of replicas that the app does not own", () => {
    const scaled = (replicas: number, rest: object = {}, change: Partial<LiveMetadata> = {}): ObservedObject =>
      event(String(replicas), { generation: replicas, ...change }, "x", { replicas, paused: false, ...rest });
    expect(isExplained(scaled(1), scaled(2))).to.equal(true);
    expect(isExplained(scaled(1), scaled(2, { paused: true }))).to.equal(false);
    expect(isExplained(scaled(1), scaled(2, {}, { labels: { tier: "front" } })), "a label of ours").to.equal(false);
    const ours = { ...OURS, fieldsV1: { ...OURS.fieldsV1, "f:spec": { "f:replicas": {} } } };
    const owned = { managedFields: [ours] };
    expect(isExplained(scaled(1, {}, owned), scaled(2, {}, owned)), "ours").to.equal(false);
    expect(isExplained(scaled(1), event("2", { generation: 2 })), "the metadata alone").to.equal(false);
  });

  it("does not explain another object with the same name", () => {
    expect(isExplained(counted, event("1", { generation: 3, uid: "u2" }))).to.equal(false);
  });

  it("explains an unchanged state", () => {
    expect(isExplained(plain, event("1"))).to.equal(true);
  });
});

describe("ownershipOf", () => {
  it("is Owned with labels, identity and entry of the app", () => {
    expect(ownershipOf(event("1"), APP_REF, MARKER)).to.equal("Owned");
  });

  it("is Claimed if the entry is missing or the app was re-created", () => {
    expect(ownershipOf(event("1", { managedFields: [foreign("x")] }), APP_REF, MARKER)).to.equal("Claimed");
    expect(ownershipOf(event("1"), { ...APP_REF, uid: "another" }, MARKER)).to.equal("Claimed");
  });

  it("is Foreign for a copy under another name and without an identity", () => {
    expect(ownershipOf(event("1", {}, "copy"), APP_REF, MARKER)).to.equal("Foreign");
    expect(ownershipOf(event("1", { annotations: { [ANNOTATION_IDENTITY]: "" } }), APP_REF, MARKER)).to.equal(
      "Foreign",
    );
    expect(
      ownershipOf(event("1", { annotations: { [ANNOTATION_IDENTITY]: event("1").key } }), APP_REF, MARKER),
    ).to.equal("Foreign");
  });

  it("is Foreign if the signature of the identity is invalid", () => {
    const sealed = event("1").identity ?? "";
    const forgeries = [
      sealed.slice(0, sealed.lastIndexOf("#")),
      `${sealed.slice(0, -1)}${sealed.endsWith("0") ? "1" : "0"}`,
      `${sealed.slice(0, sealed.lastIndexOf("#"))}#`,
      sealed.replace(APP_REF.uid, "another"),
      identity({ digestKey: "another" }, APP_REF, event("1").id),
    ];
    for (const forged of forgeries)
      expect(
        ownershipOf(event("1", { annotations: { [ANNOTATION_IDENTITY]: forged } }), APP_REF, MARKER),
        forged,
      ).to.equal("Foreign");
    expect(identity({ digestKey: "another" }, APP_REF, event("1").id)).to.not.equal(sealed);
  });
});

describe("liveObject", () => {
  it("is AsApplied if the entry matches the annotation and is verified", () => {
    expect(liveObject(event("1"), APP_REF, MARKER, "none", REVERT).state).to.equal("AsApplied");
    expect(liveObject(event("1"), APP_REF, MARKER, "unverified", REVERT).state).to.equal("Unverified");
    expect(liveObject(event("1"), APP_REF, MARKER, "drifted", REVERT).state).to.equal("Drifted");
  });

  it("tells whether a deployment tool has fields that the app takes over", () => {
    for (const [manager, tools, found] of [
      ["kustomize-controller", true, true],
      ["helm", true, true],
      ["kubectl-edit", true, undefined],
      ["kustomize-controller", false, undefined],
    ] as const) {
      const shared = event("1", { managedFields: [OURS, foreign(manager)] });
      expect(liveObject(shared, APP_REF, MARKER, "none", { ...REVERT, tools }).tool, manager).to.equal(found);
      const ignored = [{ managers: [manager] }];
      expect(liveObject(shared, APP_REF, MARKER, "none", { ...REVERT, tools, ignored }).tool).to.equal(undefined);
    }
  });

  it("is Drifted if the entry lost a field or is missing", () => {
    const less = { ...OURS, fieldsV1: { "f:data": {} } };
    expect(liveObject(event("1", { managedFields: [less] }), APP_REF, MARKER, "none", REVERT).state).to.equal(
      "Drifted",
    );
    expect(liveObject(event("1", { managedFields: [] }), APP_REF, MARKER, "none", REVERT).state).to.equal("Drifted");
  });

  it("stores other managers only while it has drifted", () => {
    expect(event("1", { managedFields: [OURS, foreign("x")] }).others).to.equal(undefined);
    const less = { ...OURS, fieldsV1: {} };
    expect(event("1", { managedFields: [less, foreign("x")] }).others?.map(({ manager }) => manager)).to.deep.equal([
      "x",
    ]);
  });
});

describe("observe", () => {
  it("treats an object that is nested too deeply as not managed by the app", () => {
    const deep = JSON.parse(`${'{"f:a":'.repeat(9_000)}{}${"}".repeat(9_000)}`) as Record<string, never>;
    const seen = event("1", { managedFields: [{ ...OURS, fieldsV1: deep }] });
    expect(seen).to.include({ entryHash: undefined, resourceVersion: "1" });
    expect(event("1").entryHash).to.be.a("string");
  });
});
