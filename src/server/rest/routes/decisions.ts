import type { Decision } from "../../../api/approval-state.js";
import { ApprovalBody, CreatedObject } from "../../../api/rest/actions.js";
import { DecisionBody } from "../../../api/rest/changes.js";
import { ObjectParams } from "../../../api/rest/fields.js";
import { type RestParts, type RestRoute, restRoute } from "../route.js";
import { decide } from "../writes/decide.js";
import { creationReply } from "./app-actions.js";

const VERBS: readonly (readonly [path: string, decision: Decision, summary: string])[] = [
  ["approve", "Approve", "Approves the plan of a Change."],
  ["reject", "Reject", "Rejects the plan of a Change, which ends."],
  ["withdraw", "Withdraw", "Withdraws the earlier decisions of the user about a Change."],
];

/** Routes of decisions about Changes. Each creates an Approval in the name of the user. */
export function decisionRoutes(parts: RestParts): RestRoute[] {
  const byVerb = VERBS.map(([verb, decision, summary]) =>
    restRoute({
      method: "POST",
      path: `/api/gitops/changes/:namespace/:name/${verb}`,
      summary,
      access: "user",
      params: ObjectParams,
      body: DecisionBody,
      responses: { 200: CreatedObject, 201: CreatedObject },
      handle: async ({ caller, params: { namespace, name }, body, headers }) =>
        creationReply(
          await decide(parts, caller, { namespace, change: name, decision, ...body }, headers),
          "approvals",
        ),
    }),
  );
  return [
    ...byVerb,
    restRoute({
      method: "POST",
      path: "/api/gitops/approvals",
      summary: "Decides about the plan of a Change: creates an Approval.",
      access: "user",
      body: ApprovalBody,
      responses: { 200: CreatedObject, 201: CreatedObject },
      handle: async ({ caller, body, headers }) =>
        creationReply(await decide(parts, caller, body, headers), "approvals"),
    }),
  ];
}
