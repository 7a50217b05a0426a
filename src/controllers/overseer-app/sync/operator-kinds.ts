import { GROUP } from "../../../api/group.js";
import type { RefusedWrite, WriteAction } from "../../../plan/actions.js";

/** Kinds that record who decided what, and must never come from Git. */
const RECORDS: ReadonlySet<string> = new Set(["Change", "Approval"]);

/** Refuses documents of these kinds: otherwise a commit could request and approve its own changes. */
export function withoutOperatorKinds(writes: readonly WriteAction[]): {
  readonly writes: readonly WriteAction[];
  readonly refused: readonly RefusedWrite[];
} {
  const isRecord = ({ document: { id } }: WriteAction): boolean => id.group === GROUP && RECORDS.has(id.kind);
  const refused = writes.filter(isRecord).map((action) => ({
    action,
    message: `a ${action.document.id.kind} is a decision of a user and is not applied from Git: remove the document, and create it with kubectl`,
    ofDocument: true,
    retryable: false,
  }));
  return { writes: writes.filter((write) => !isRecord(write)), refused };
}
