import type { Approval } from "../../../api/approval.js";
import type { GitRepository } from "../../../api/git-repository.js";
import { shortRevision } from "../../../api/short-revision.js";
import { timeAndAge } from "../../output/age.js";
import { formatFields } from "../../output/table.js";
import { describeConditions } from "./app.js";

/** Formats a GitRepository for a person. */
export function describeRepository({ metadata, spec, status }: GitRepository, now = Date.now()): string {
  const { commit } = status ?? {};
  const ref = Object.entries(spec.ref ?? {}).map(([name, value]) => `${name} ${value}`);
  return [
    formatFields([
      ["Name", metadata.name],
      ["Namespace", metadata.namespace],
      ["Created", timeAndAge(metadata.creationTimestamp, now)],
      ["URL", spec.url],
      ["Ref", ref.length === 0 ? "the default branch" : ref.join(", ")],
      ["Interval", spec.interval],
      ["Credentials", spec.secretRef === undefined ? "none" : `Secret ${spec.secretRef.name}`],
      ["Suspended", spec.suspend ? "yes" : undefined],
      ["Revision", status?.revision && shortRevision(status.revision, 40)],
      ["Author", commit?.author],
      ["Message", commit?.message],
      ["Committed", timeAndAge(commit?.time, now)],
      ["Fetched", timeAndAge(status?.lastFetchTime, now)],
      ["Webhook path", status?.webhookPath],
    ]),
    describeConditions(status?.conditions, now),
  ].join("");
}

/** Formats an Approval for a person. */
export function describeApproval({ metadata, spec, status }: Approval, now = Date.now()): string {
  return [
    formatFields([
      ["Name", metadata.name],
      ["Namespace", metadata.namespace],
      ["Created", timeAndAge(metadata.creationTimestamp, now)],
      ["App", spec.app.name],
      ["Change", spec.change.name],
      ["Plan hash", spec.planHash],
      ["Decision", spec.decision],
      ["Approver", spec.approver],
      ["Groups", spec.groups?.join(", ")],
      ["Comment", spec.comment],
    ]),
    describeConditions(status?.conditions, now),
  ].join("");
}
