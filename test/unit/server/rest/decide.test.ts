import { expect } from "chai";
import type { UserRequest } from "../../../../src/server/rest/identity/user-requests.js";
import type { RestParts } from "../../../../src/server/rest/route.js";
import { decide } from "../../../../src/server/rest/writes/decide.js";
import { rejection } from "../../support/eventually.js";

const RESOURCE = { group: "gitops.overseer.io", version: "v1alpha1", namespaced: true };

/** Decides about a Change that has ended. Returns the decision that was written. */
async function decideAfterwards(decision: Parameters<typeof decide>[2]["decision"]): Promise<unknown> {
  let written: UserRequest | undefined;
  const change = {
    metadata: { name: "web-1" },
    spec: { app: { name: "web" } },
    status: { phase: "Succeeded", planHash: "h" },
  };
  const request = async (one: UserRequest) => {
    if (one.method === "POST") written = one;
    return { status: 201, warnings: [], body: one.method === "GET" ? change : { metadata: {}, spec: {} } };
  };
  const parts = {
    resources: { change: { ...RESOURCE, plural: "changes" }, approval: { ...RESOURCE, plural: "approvals" } },
    users: { as: () => ({ request }) },
  } as unknown as RestParts;
  const user = { name: "eve", groups: [], signedInBy: "token", credential: { kind: "impersonation" } } as const;
  await decide(parts, user, { namespace: "shop", change: "web-1", decision, planHash: "h" }, {});
  return (written?.body as { spec?: { decision?: unknown } } | undefined)?.spec?.decision;
}

describe("A decision about a Change that has ended", () => {
  it("may withdraw an earlier one, or acknowledge a break-glass, and nothing else", async () => {
    expect(await decideAfterwards("Acknowledge")).to.equal("Acknowledge");
    expect(await decideAfterwards("Withdraw")).to.equal("Withdraw");
    for (const decision of ["Approve", "Reject", "BreakGlass"] as const)
      expect(await rejection(decideAfterwards(decision)), decision).to.include({ code: "CONFLICT" });
  });
});
