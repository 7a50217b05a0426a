import type { ServerReason } from "../base/errors.js";
import type { ApprovalState } from "./approval-state.js";
import type { ChangePhase } from "./change-phase.js";
import { APP_REASONS } from "./reasons/app.js";
import { APP_SET_REASONS } from "./reasons/app-set.js";
import { DESTINATION_REASONS } from "./reasons/destination.js";
import { ENVIRONMENT_REASONS } from "./reasons/environment.js";
import { NOTIFICATION_REASONS } from "./reasons/notification.js";
import { PROCESS_REASONS } from "./reasons/process.js";
import type { ReasonText } from "./reasons/reason-text.js";
import { REPOSITORY_REASONS, SOURCE_REASONS } from "./reasons/source.js";

/** Every reason of conditions and Events. The reference pages are generated from this table. */
export const REASONS = {
  ...REPOSITORY_REASONS,
  ...SOURCE_REASONS,
  ...DESTINATION_REASONS,
  ...APP_REASONS,
  ...ENVIRONMENT_REASONS,
  ...NOTIFICATION_REASONS,
  ...APP_SET_REASONS,
  ...PROCESS_REASONS,
} as const satisfies Readonly<Record<string, ReasonText>>;

/** A reason that the operator gives. The compiler rejects one that the table lacks. */
export type Reason = keyof typeof REASONS;

declare module "../base/errors.js" {
  interface ErrorReasons extends Readonly<Record<Reason, ReasonText>> {}
}

/** The reason of a condition. That of a Change is its phase, that of an Approval its state. */
export type ConditionReason = Reason | ServerReason | ChangePhase | ApprovalState;

/** Kinds of resources with reasons of their own. */
export type ReasonKind = "GitRepository" | "OverseerApp" | "OverseerAppSet" | "Environment" | "NotificationChannel";

/** Returns the reasons that a kind may have, in the order of its reference page. */
export function reasonsOf(kind: ReasonKind): [reason: string, text: ReasonText][] {
  const tables: Readonly<Record<ReasonKind, readonly Readonly<Record<string, ReasonText>>[]>> = {
    GitRepository: [REPOSITORY_REASONS, SOURCE_REASONS],
    OverseerApp: [SOURCE_REASONS, DESTINATION_REASONS, APP_REASONS],
    Environment: [ENVIRONMENT_REASONS],
    NotificationChannel: [NOTIFICATION_REASONS],
    OverseerAppSet: [APP_SET_REASONS, { ServiceAccountRequired: APP_REASONS.ServiceAccountRequired }],
  };
  return tables[kind].flatMap((table) => Object.entries(table));
}
