import { Controller, type Reconcile } from "../reconcile/controller.js";
import type { GroupsOf } from "../reconcile/worker-shares.js";
import { controllerObserver, queueObserver } from "../telemetry/observers.js";
import type { OperatorParts } from "./operator-parts.js";

export type { Controller } from "../reconcile/controller.js";

/** Creates a controller with its metrics. `groupsOf` divides the workers between groups of keys. */
export function controller(
  parts: OperatorParts,
  name: string,
  workers: number,
  reconcile: Reconcile,
  groupsOf?: GroupsOf,
): Controller {
  const { clock, logger, metrics } = parts;
  const observer = controllerObserver(metrics, name);
  return new Controller({
    name,
    clock,
    logger,
    workers,
    reconcile,
    ...(groupsOf ? { groupsOf } : {}),
    queueObserver: queueObserver(metrics, name),
    observer,
  });
}
