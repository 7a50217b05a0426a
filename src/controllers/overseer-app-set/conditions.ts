import type { ConditionDraft } from "../../api/conditions.js";
import type { ConditionReason } from "../../api/reasons.js";

/** A reason and its message. */
export interface Cause {
  readonly reason: ConditionReason;
  readonly message: string;
}

/** What a reconcile of a set has found out. */
export type SetOutcome =
  | { readonly kind: "upToDate"; readonly apps: number; readonly submodules?: readonly string[] }
  | { readonly kind: "dryRun" | "suspended"; readonly cause: Cause }
  /** Nothing is written until a user decides. */
  | { readonly kind: "held"; readonly cause: Cause }
  /** Work that goes on when apps are gone. */
  | { readonly kind: "progressing"; readonly cause: Cause; readonly terminating?: boolean }
  | { readonly kind: "failed"; readonly cause: Cause; readonly terminal: boolean; readonly terminating?: boolean };

/** Returns the conditions of a set. */
export function setConditions(outcome: SetOutcome): ConditionDraft[] {
  switch (outcome.kind) {
    case "upToDate": {
      const message = `${outcome.apps} ${outcome.apps === 1 ? "app is" : "apps are"} up to date${withoutApp(outcome.submodules)}`;
      return [{ type: "Ready", status: "True", reason: "AppsUpToDate", message }];
    }
    case "dryRun":
    case "suspended":
      return [{ type: "Ready", status: "True", ...outcome.cause }];
    case "held":
      return [
        { type: "Ready", status: "False", ...outcome.cause },
        { type: "Waiting", status: "True", ...outcome.cause },
      ];
    case "progressing":
      return [
        { type: "Ready", status: "False", ...outcome.cause },
        { type: "Reconciling", status: "True", ...outcome.cause },
        ...terminating(outcome),
      ];
    case "failed":
      return [
        { type: "Ready", status: "False", ...outcome.cause },
        outcome.terminal
          ? { type: "Stalled", status: "True", ...outcome.cause }
          : { type: "Reconciling", status: "True", reason: "Retrying", message: "retrying automatically" },
        ...terminating(outcome),
      ];
  }
}

/** Names submodules that get no app. */
function withoutApp(submodules: readonly string[] = []): string {
  const all = [...new Set(submodules)];
  if (all.length === 0) return "";
  const more = all.length > 3 ? ` and ${all.length - 3} more` : "";
  return `; there is no app for ${all.slice(0, 3).join(", ")}${more}, since submodules are not read: set recurseSubmodules of the GitRepository, or exclude them`;
}

function terminating(outcome: { readonly cause: Cause; readonly terminating?: boolean }): ConditionDraft[] {
  return outcome.terminating ? [{ type: "Terminating", status: "True", ...outcome.cause }] : [];
}
