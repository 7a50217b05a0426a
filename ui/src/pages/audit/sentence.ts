import type { AuditRecordView } from "../../api/types.js";

/** Name of the operator as the actor of records. */
export const OPERATOR = "overseer-gitops";

/** Verbs of the trail: what someone did, and what someone began or was not able to do. */
const VERBS: Readonly<Record<string, readonly [past: string, infinitive: string]>> = {
  sync: ["synced", "sync"],
  rollback: ["rolled back", "roll back"],
  promote: ["promoted", "promote"],
  approve: ["approved", "approve"],
  reject: ["rejected", "reject"],
  withdraw: ["withdrew a decision about", "withdraw a decision about"],
  "break-glass": ["broke the glass for", "break the glass for"],
  acknowledge: ["acknowledged", "acknowledge"],
  heal: ["reverted drift of", "revert drift of"],
  prune: ["deleted objects of", "delete objects of"],
  create: ["created", "create"],
  update: ["changed", "change"],
  delete: ["deleted", "delete"],
  refresh: ["refreshed", "refresh"],
  suspend: ["suspended", "suspend"],
  resume: ["resumed", "resume"],
  freeze: ["froze", "freeze"],
  unfreeze: ["unfroze", "unfreeze"],
  test: ["tested the connection of", "test the connection of"],
};

/** Verbs that the trail knows, for a choice. */
export const AUDIT_VERBS: readonly string[] = Object.keys(VERBS);

const KINDS: Readonly<Record<string, string>> = {
  OverseerApp: "app",
  Change: "Change",
  GitRepository: "repository",
  Environment: "Environment",
};

/** A record as the parts of a sentence: who, what was done, and to which kind of object, whose name follows. */
export interface AuditSentence {
  readonly who: string;
  readonly did: string;
  readonly kind: string;
}

/** Says in words what a record is about: "ann" "approved" "Change". Unknown verbs are shown as they are. */
export function sentenceOf({ actor, verb, object, outcome }: AuditRecordView): AuditSentence {
  const [past, infinitive] = VERBS[verb] ?? [verb, verb];
  const who =
    actor === OPERATOR ? "The operator" : actor === "unauthenticated" ? "Someone without a valid token" : actor;
  const did = {
    Succeeded: past,
    Started: `began to ${infinitive}`,
    Failed: `failed to ${infinitive}`,
    Refused: actor === OPERATOR ? `refused to ${infinitive}` : `was refused when trying to ${infinitive}`,
  }[outcome];
  return { who, did, kind: KINDS[object.kind] ?? object.kind };
}

/** Returns what explains a record: its revision, what the plan was, and why it ended so. */
export function factsOf({ details = {} }: AuditRecordView): readonly string[] {
  const { revision, summary, approvedBy, objects, more, reason, from } = details;
  const texts = [
    typeof revision === "string" ? shortRevision(revision) : undefined,
    summary,
    approvedBy === undefined ? undefined : `approved by ${approvedBy}`,
    Array.isArray(objects) ? `${objects.join(", ")}${more === undefined ? "" : ` and ${more} more`}` : undefined,
    reason,
    from === undefined ? undefined : `from ${from}`,
  ];
  return texts.flatMap((text) => (text === undefined || text === "" ? [] : [String(text)]));
}

/** Shortens the commit at the end of a revision: `main@sha1:0123…` becomes `main@0123456`. */
function shortRevision(revision: string): string {
  return revision.replace(/(?:sha1:|sha256:)?([0-9a-f]{7})[0-9a-f]{33,57}$/, "$1");
}
