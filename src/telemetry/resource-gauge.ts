import type { Labels } from "./instruments.js";
import type { LineSeries } from "./line-series.js";

/** State of one custom resource as reported in `overseer_resource_info`. */
export interface ResourceState {
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  /** Status of its Ready condition. */
  readonly ready: "True" | "False" | "Unknown";
  /** Reason of its Ready condition. */
  readonly reason: string;
  readonly suspended: boolean;
}

/** Keeps exactly one series per custom resource: an alert on `ready="False"` must not outlive a recovery or a deletion. */
export interface ResourceGauge {
  set(state: ResourceState): void;
  forget(object: Pick<ResourceState, "kind" | "namespace" | "name">): void;
}

const LABELS = ["kind", "namespace", "name", "ready", "reason", "suspended"] as const;

/** Creates `overseer_resource_info{kind,namespace,name,ready,reason,suspended}`. */
export function createResourceGauge(make: LineSeries): ResourceGauge {
  const info = make.levels({
    name: "overseer_resource_info",
    help: "State of a custom resource; always 1.",
    labels: LABELS,
  });
  const current = new Map<string, Labels<(typeof LABELS)[number]>>();
  const keyOf = (object: Pick<ResourceState, "kind" | "namespace" | "name">): string =>
    `${object.kind}/${object.namespace}/${object.name}`;
  return {
    set(state) {
      const { kind, namespace, name, ready, reason } = state;
      const before = current.get(keyOf(state));
      const suspended = state.suspended ? "true" : "false";
      if (before?.ready === ready && before.reason === reason && before.suspended === suspended) return;
      if (before !== undefined) info.remove(before);
      const labels = { kind, namespace, name, ready, reason, suspended };
      current.set(keyOf(state), labels);
      info.of(labels).set(1);
    },
    forget(object) {
      const before = current.get(keyOf(object));
      if (before === undefined) return;
      current.delete(keyOf(object));
      info.remove(before);
    },
  };
}
