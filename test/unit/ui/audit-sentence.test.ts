import { expect } from "chai";
import type { AuditRecordView } from "../../../src/api/rest/audit.js";
import { factsOf, sentenceOf } from "../../../ui/src/pages/audit/sentence.js";

const record = (fields: Partial<AuditRecordView>): AuditRecordView => ({
  ...{ chain: "c", number: 1, time: "2027-01-01T00:00:00.000Z", actor: "ann", verb: "sync", outcome: "Succeeded" },
  ...{ object: { kind: "OverseerApp", namespace: "shop", name: "web" }, previous: "", hash: "" },
  ...fields,
});
const say = (fields: Partial<AuditRecordView>): string => Object.values(sentenceOf(record(fields))).join(" ");

describe("A record of the audit trail, in words,", () => {
  it("says who did what to which kind of object, and how it ended", () => {
    expect(say({ verb: "approve", object: { kind: "Change", name: "web-17" } })).to.equal("ann approved Change");
    expect(say({ outcome: "Started" })).to.equal("ann began to sync app");
    expect(say({ outcome: "Failed", verb: "rollback" })).to.equal("ann failed to roll back app");
    expect(say({ outcome: "Refused", actor: "unauthenticated", verb: "delete" })).to.equal(
      "Someone without a valid token was refused when trying to delete app",
    );
    expect(say({ outcome: "Refused", actor: "overseer-gitops" })).to.equal("The operator refused to sync app");
    expect(say({ actor: "overseer-gitops", verb: "heal" })).to.equal("The operator reverted drift of app");
    expect(say({ verb: "compost", object: { kind: "API", name: "" } })).to.equal("ann compost API");
  });

  it("names revision, plan, objects, reason and address", () => {
    const revision = `main@sha1:${"0123456789".repeat(4)}`;
    expect(factsOf(record({ details: { revision, summary: "1 to change", approvedBy: "bob" } }))).to.deep.equal([
      "main@0123456",
      "1 to change",
      "approved by bob",
    ]);
    expect(
      factsOf(
        record({ details: { objects: ["ConfigMap a", "ConfigMap b"], more: 3, reason: "too late", from: "10.0.0.1" } }),
      ),
    ).to.deep.equal(["ConfigMap a, ConfigMap b and 3 more", "too late", "from 10.0.0.1"]);
    expect(factsOf(record({}))).to.deep.equal([]);
  });
});
