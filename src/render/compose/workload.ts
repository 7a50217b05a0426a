import { warn } from "./findings.js";
import type { ServiceModel } from "./model.js";
import { mappingOf, numberOf, textOf, wholeSeconds } from "./values.js";

/** How the pods of a service are run. */
export type Workload =
  | { readonly kind: "Deployment"; readonly replicas: number }
  | { readonly kind: "DaemonSet" }
  | { readonly kind: "Job"; readonly restarts: number; readonly completions: number };

/** Number of restarts of a Job if the service sets none. */
const DEFAULT_RESTARTS = 6;

/** What other services expect of a service. */
export interface Expectations {
  /** Whether a service waits for its completion. */
  readonly completes: boolean;
  /** Whether a service waits for its health, or depends on its start. */
  readonly runs: boolean;
}

/** Decides how a service is run, by its restart rule, its mode and what other services expect. */
export function workloadOf({ service, report }: ServiceModel, { completes, runs }: Expectations): Workload {
  const deploy = mappingOf(service.deploy);
  const mode = textOf(deploy.mode) ?? "replicated";
  const replicas = numberOf(service.scale) ?? numberOf(deploy.replicas) ?? 1;
  const policy = mappingOf(deploy.restart_policy);
  const [, rule = "", tries] = /^([a-z-]*)(?::([0-9]+))?$/.exec(textOf(service.restart) ?? "") ?? [];
  const condition = textOf(policy.condition);
  const effective =
    condition === undefined ? rule : ({ none: "no", "on-failure": "on-failure" }[condition] ?? "always");
  const restarts = effective === "no" ? 0 : (numberOf(policy.max_attempts) ?? numberOf(tries) ?? DEFAULT_RESTARTS);
  if (mode === "replicated-job" || mode === "global-job") {
    if (mode === "global-job") warn(report.at("deploy", "mode"), "runs once, and not once on each node");
    return { kind: "Job", restarts, completions: Math.max(1, replicas) };
  }
  if (mode === "global") return { kind: "DaemonSet" };
  if (mode !== "replicated") {
    report.at("deploy", "mode").problem("expected replicated, global, replicated-job or global-job");
  }
  if (completes) {
    // Without a rule, Compose does not restart a container either.
    return { kind: "Job", restarts: effective === "" ? 0 : restarts, completions: 1 };
  }
  if (effective === "no") {
    const isServer = runs || ["ports", "expose", "healthcheck"].some((key) => service[key] !== undefined);
    if (!isServer) return { kind: "Job", restarts: 0, completions: 1 };
    warn(report.at("restart"), "is restarted nevertheless: a server on Kubernetes always is");
  }
  return { kind: "Deployment", replicas };
}

/** Returns the update strategy of a Deployment. Services with volumes are stopped first: two versions must not share their data. */
export function strategyOf({ service, report }: ServiceModel, hasClaims: boolean): Readonly<Record<string, unknown>> {
  const update = mappingOf(mappingOf(service.deploy).update_config);
  const at = report.at("deploy", "update_config");
  const parallelism = numberOf(update.parallelism);
  const order = textOf(update.order);
  const minReadySeconds = wholeSeconds(update.delay, 0);
  const delay = minReadySeconds === undefined || minReadySeconds === 0 ? {} : { minReadySeconds };
  if (hasClaims) {
    if (order === "start-first")
      warn(at.at("order"), "has no effect: the service has volumes, so it is stopped before the new version starts");
    return { ...delay, strategy: { type: "Recreate" } };
  }
  if (order === undefined && parallelism === undefined) return delay;
  const step = parallelism === undefined ? 1 : parallelism === 0 ? "100%" : parallelism;
  const rollingUpdate =
    order === "start-first" ? { maxSurge: step, maxUnavailable: 0 } : { maxSurge: 0, maxUnavailable: step };
  return { ...delay, strategy: { type: "RollingUpdate", rollingUpdate } };
}

/** Returns the update strategy of a DaemonSet, which stops a pod before it starts the new version. */
export function daemonStrategyOf({ service, report }: ServiceModel): Readonly<Record<string, unknown>> {
  const update = mappingOf(mappingOf(service.deploy).update_config);
  const parallelism = numberOf(update.parallelism);
  const minReadySeconds = wholeSeconds(update.delay, 0) ?? 0;
  if (textOf(update.order) === "start-first")
    warn(report.at("deploy", "update_config", "order"), "has no effect: a node has one pod of the service at a time");
  return {
    ...(minReadySeconds === 0 ? {} : { minReadySeconds }),
    ...(parallelism === undefined
      ? {}
      : { updateStrategy: { type: "RollingUpdate", rollingUpdate: { maxUnavailable: parallelism || "100%" } } }),
  };
}
