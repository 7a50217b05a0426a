import { columnMessage } from "../../../api/column-message.js";
import { type ConditionDraft, type ConditionType, mergeConditions } from "../../../api/conditions.js";
import type { OverseerAppStatus } from "../../../api/overseer-app.js";
import { rfc3339 } from "../../../base/clock.js";
import type { AppRun } from "../run.js";
import { ledgerSignature } from "./ledger-signature.js";
import { statusSignature } from "./signature.js";

/** Status fields that phases determine. The others are derived when the status is written. */
export type StatusFields = Omit<
  OverseerAppStatus,
  "observedGeneration" | "conditions" | "message" | "commitStatus" | "signature" | "ledgerSignature"
>;

/** What a phase has found out about an app, for its status. */
export interface StatusOutcome {
  /** Fields that are not listed are removed. */
  readonly fields: StatusFields;
  readonly conditions: readonly ConditionDraft[];
  /** Types of conditions without a draft that stay as they are, if present. All others are removed. */
  readonly keep?: readonly ConditionType[];
}

/** Returns the status of an app after an outcome. */
export function statusAfter(
  previous: OverseerAppStatus,
  { fields, conditions: drafts, keep = [] }: StatusOutcome,
  generation: number,
  now: string,
): OverseerAppStatus {
  const before = previous.conditions ?? [];
  const drafted = new Set<string>(drafts.map(({ type }) => type));
  const kept = before.filter(({ type }) => !drafted.has(type) && keep.some((one) => one === type));
  const conditions = [
    ...mergeConditions(before, drafts, generation, now),
    ...kept.map((condition) => ({ ...condition, observedGeneration: generation })),
  ];
  const message = columnMessage(conditions, fields.applied?.revision);
  return { ...fields, observedGeneration: generation, conditions, message };
}

/** Writes the status of the app, if it changed. The only place that does. Returns the new status. */
export async function writeStatus(run: AppRun, outcome: StatusOutcome): Promise<OverseerAppStatus> {
  const { status: writer, apps, clock, observer } = run.services;
  const current = apps.get(run.key) ?? run.app;
  const { generation } = run.app.metadata;
  const commitStatus = run.memory.commitStatus ?? current.status?.commitStatus;
  const signature = statusSignature(run.services.digestKey, run.ref.uid, outcome.fields);
  // Unsigned inputs get no signature by being kept.
  const kept = outcome.fields.applied === undefined && outcome.fields.pin === undefined ? run.unsigned : undefined;
  const unsigned = { ...statusAfter(current.status ?? {}, outcome, generation, rfc3339(clock.now())), ...kept };
  const ledger = ledgerSignature(run.services.digestKey, run.ref.uid, unsigned);
  const next = {
    ...unsigned,
    ...(signature === undefined ? {} : { signature }),
    ...(ledger === undefined ? {} : { ledgerSignature: ledger }),
    ...(commitStatus === undefined ? {} : { commitStatus }),
  };
  // If the outcome of the write is not known, the signature alone counts.
  run.memory.writtenLedger = undefined;
  const written = await writer.write(apps.resource, current, next);
  if (written) run.memory.writtenLedger = { appUid: run.ref.uid, ledger: next.ledger ?? [], signature: ledger };
  if (written && written !== current) apps.note(written);
  observer.state(run.app, next);
  return next;
}

/** Returns the fields of a status that phases determine. */
export function fieldsOf(status: OverseerAppStatus): StatusFields {
  const {
    observedGeneration: _,
    conditions: __,
    message: ___,
    commitStatus: ____,
    signature: _____,
    ledgerSignature: ______,
    ...fields
  } = status;
  return fields;
}
