import type { Approval } from "../../../../src/api/approval.js";
import type { Change } from "../../../../src/api/change.js";
import { API_VERSION } from "../../../../src/api/group.js";

/** Returns the Approval of the plan of a Change by a user, created at a time (epoch ms). */
export function approvalOf(
  change: Change | undefined,
  approver: string,
  at: number,
  decision: Approval["spec"]["decision"] = "Approve",
): Approval {
  if (change === undefined) throw new Error("no such Change");
  const { name, namespace, uid } = change.metadata;
  const { app } = change.spec;
  const made = `${name}-${approver}-${decision.toLowerCase()}`;
  const creationTimestamp = new Date(at).toISOString();
  return {
    ...{ apiVersion: API_VERSION, kind: "Approval" },
    metadata: { name: made, namespace, uid: made, resourceVersion: "1", generation: 1, creationTimestamp },
    spec: { app, change: { name, uid }, approver, planHash: change.status?.planHash ?? "", decision },
  };
}

/** Returns the key of the app that an Approval is for. */
export function appOfApproval({ metadata, spec }: Approval): string {
  return `${metadata.namespace}/${spec.app.name}`;
}
