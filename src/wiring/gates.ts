import type { OverseerApp } from "../api/overseer-app.js";
import type { WaitingApps } from "../controllers/overseer-app/gates/waiting-apps.js";
import type { ResourceCache } from "../controllers/resource-cache.js";
import { approvalGate } from "../gates/approval.js";
import { approvalsGate } from "../gates/approvals.js";
import type { WatchedKind, WatchedKinds } from "../gates/context.js";
import { deletionsGate } from "../gates/deletions.js";
import { dependenciesGate } from "../gates/dependencies.js";
import { environmentGate } from "../gates/environment.js";
import { environmentWindowsGate } from "../gates/environment-windows.js";
import type { Gate, WatchEvent } from "../gates/gate.js";
import { checksGate } from "../gates/hosts/checks.js";
import { reviewGate } from "../gates/hosts/review.js";
import { manualGate } from "../gates/manual.js";
import { policyChangesGate } from "../gates/policy-changes.js";
import { promotionGate } from "../gates/promotion/gate.js";
import { referencesGate } from "../gates/references.js";
import { repositoriesGate } from "../gates/repositories.js";
import { rolloutGate } from "../gates/rollout.js";
import { syncWindowsGate } from "../gates/sync-windows.js";

/** Every gate that a Change must pass, in the order of the status. */
export const GATES: readonly Gate[] = [
  approvalsGate,
  environmentGate,
  policyChangesGate,
  repositoriesGate,
  environmentWindowsGate,
  approvalGate,
  deletionsGate,
  manualGate,
  referencesGate,
  dependenciesGate,
  syncWindowsGate,
  promotionGate,
  reviewGate,
  checksGate,
  rolloutGate,
];

/** Returns the apps (`namespace/name`) that wait at a gate which an event concerns. */
export function appsConcerned<K extends WatchedKind>(
  kind: K,
  event: WatchEvent<WatchedKinds[K]>,
  gates: readonly Gate[],
  waiting: WaitingApps,
  apps: Pick<ResourceCache<OverseerApp>, "get">,
): Set<string> {
  const found = new Set<string>();
  for (const gate of gates) {
    for (const watch of gate.watches ?? []) {
      if (watch.kind !== kind) continue;
      const concerns = watch.concerns as (event: WatchEvent<WatchedKinds[K]>, waiting: OverseerApp) => boolean;
      for (const key of waiting.at(gate.name)) {
        const app = apps.get(key);
        if (app !== undefined && concerns(event, app)) found.add(key);
      }
    }
  }
  return found;
}
