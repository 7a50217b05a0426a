import { type Change, isFinal } from "../../../api/change.js";
import type { ChangeRow } from "../../../api/rest/changes.js";
import { MESSAGE_DIGITS, shortRevision } from "../../../api/short-revision.js";
import type { ListRow } from "./window.js";

/** Fields of Changes that filters may name. */
export const CHANGE_KEYS = ["ns", "app", "name", "phase", "cause", "gate", "requester", "state"] as const;
/** Fields of Changes whose values are counted. */
export const CHANGE_FACETS = ["ns", "app", "phase", "cause", "gate"] as const;
/** Columns of Changes to sort by. */
export const CHANGE_COLUMNS = ["created", "completed", "name", "ns", "app", "phase", "cause"] as const;

const MAX_MESSAGE = 256;

/** Gates that users with the verb `approve` open by an Approval. */
export const DECIDED_GATES: ReadonlySet<string> = new Set(["manual", "deletions", "approval", "approvals"]);

/** Returns the row of a Change, with what it is filtered and sorted by. Pure. */
export function changeListRow(change: Change): ListRow<ChangeRow> {
  const row = changeRow(change);
  const { namespace, name, app, phase, cause, requester, gates, created, completed } = row;
  return {
    key: `${namespace}/${name}`,
    namespace,
    name,
    row,
    fields: {
      ns: namespace,
      app: app.toLowerCase(),
      name,
      phase: phase.toLowerCase(),
      cause: cause.toLowerCase(),
      gate: gates?.[0]?.toLowerCase(),
      requester: requester?.toLowerCase(),
      state: isFinal(phase) ? "finished" : "open",
    },
    labels: {},
    text: `${namespace}/${name} ${app} ${row.revision ?? ""} ${requester ?? ""} ${row.waitingFor ?? ""} ${row.message ?? ""}`.toLowerCase(),
    columns: { created, ...(completed === undefined ? {} : { completed }), name, ns: namespace, app, phase, cause },
  };
}

/** Returns a Change as lists show it. Pure. */
export function changeRow({ metadata, spec, status }: Change): ChangeRow {
  const { namespace, name } = metadata;
  const phase = status?.phase ?? "Planning";
  const waiting = phase === "Waiting" ? status?.gates?.filter(({ state }) => state === "Wait") : undefined;
  const optional = {
    summary: status?.summary,
    revision: spec.inputs === undefined ? undefined : shortRevision(spec.inputs.revision, MESSAGE_DIGITS),
    requester: spec.requester,
    waitingFor: isFinal(phase) ? undefined : status?.waitingFor?.slice(0, MAX_MESSAGE),
    gates: waiting?.length ? waiting.map((gate) => gate.name) : undefined,
    message: status?.message?.slice(0, MAX_MESSAGE),
    completed: status?.completionTime,
  };
  const present = Object.fromEntries(Object.entries(optional).filter(([, value]) => value !== undefined));
  return {
    namespace,
    name,
    app: spec.app.name,
    cause: spec.cause,
    phase,
    created: metadata.creationTimestamp ?? "",
    ...(present as Partial<ChangeRow>),
  };
}
