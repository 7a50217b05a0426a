import { POLICY_NAMES } from "../../../api/policies/admission-policy.js";
import { changePolicies } from "../../../api/policies/change-policies.js";
import { isInForce, type LiveBinding, type LivePolicy } from "../../../api/policies/in-force.js";
import { formatDuration } from "../../../base/duration.js";
import { readLease } from "../../../kube/lease/lease-record.js";
import type { RawObject } from "../../../kube/object.js";

/** Result of one check. */
export interface Check {
  readonly name: string;
  /** Unknown: it could not be checked, for example without the permission. */
  readonly state: "ok" | "warning" | "failed" | "unknown";
  readonly message: string;
}

/** A Deployment of the operator, or the StatefulSet of its API. */
export interface OperatorWorkload extends RawObject {
  readonly kind: "Deployment" | "StatefulSet";
  readonly spec: {
    readonly replicas?: number;
    readonly template: {
      readonly spec: {
        readonly serviceAccountName?: string;
        readonly containers: readonly { readonly image?: string; readonly args?: readonly string[] }[];
      };
    };
  };
  readonly status?: { readonly readyReplicas?: number };
}

/** Clocks may differ by this much before tokens and schedules are affected. */
const MAX_SKEW_MS = 10_000;

/** Judges whether the kinds are served. */
export function checkKinds(expected: readonly string[], served: readonly string[]): Check {
  const missing = expected.filter((plural) => !served.includes(plural));
  if (missing.length === 0)
    return { name: "definitions", state: "ok", message: `all ${expected.length} kinds are served` };
  return {
    name: "definitions",
    state: "failed",
    message: `the cluster does not serve ${missing.join(", ")}: install or upgrade the chart`,
  };
}

/** Judges whether the operator runs, in the version of this program. */
export function checkWorkload({ kind, metadata, spec, status }: OperatorWorkload, version: string): Check {
  const what = kind.toLowerCase();
  const name = `${what} ${metadata.namespace ?? ""}/${metadata.name}`;
  const [ready, wanted] = [status?.readyReplicas ?? 0, spec.replicas ?? 1];
  const running = metadata.labels?.["app.kubernetes.io/version"];
  if (ready < wanted)
    return {
      name,
      state: ready === 0 ? "failed" : "warning",
      message: `${ready} of ${wanted} replicas are ready: see "kubectl -n ${metadata.namespace ?? ""} describe ${what} ${metadata.name}"`,
    };
  if (running !== undefined && running !== version)
    return {
      name,
      state: "warning",
      message: `version ${running}, but this program is ${version}: use the same version`,
    };
  return {
    name,
    state: "ok",
    message: `${ready} of ${wanted} replicas are ready${running === undefined ? "" : `, version ${running}`}`,
  };
}

/** Judges whether a leader renews the lease. `now` is the time of the API server in milliseconds. */
export function checkLease(lease: RawObject | undefined, now: number): Check {
  const name = "leader";
  if (lease === undefined)
    return {
      name,
      state: "failed",
      message: "there is no Lease: the operator has never led, or runs with --leader-election=false",
    };
  const { holder, renewTime, durationSeconds } = readLease(lease);
  if (holder === "") return { name, state: "failed", message: "nothing leads: no replica of the operator runs" };
  const since = now - Date.parse(renewTime);
  if (since > durationSeconds * 1000)
    return {
      name,
      state: "failed",
      message: `${holder} has not renewed the Lease for ${formatDuration(since)}: see its log`,
    };
  if (since < -MAX_SKEW_MS)
    return {
      name,
      state: "warning",
      message: `the clock of ${holder} is ${formatDuration(-since)} ahead of the API server`,
    };
  return { name, state: "ok", message: `${holder}, renewed ${formatDuration(Math.max(0, since))} ago` };
}

/** Judges whether the admission policies that requests and approvals rely on are in force in a namespace. */
export function checkPolicies(
  deployment: OperatorWorkload,
  policies: readonly LivePolicy[],
  bindings: readonly LiveBinding[],
  namespace: string,
): Check {
  const { serviceAccountName = "default", containers } = deployment.spec.template.spec;
  const operator = `system:serviceaccount:${deployment.metadata.namespace ?? ""}:${serviceAccountName}`;
  const approvers = argument(containers[0]?.args ?? [], "approving-service-accounts")
    ?.split(",")
    .map((account) => `system:serviceaccount:${account.replace("/", ":")}`);
  const expected = changePolicies(operator, approvers ?? []);
  const missing = POLICY_NAMES.filter((name) => !isInForce(expected[name], policies, bindings, namespace));
  if (missing.length === 0)
    return { name: "policies", state: "ok", message: `requests and approvals are proven in namespace ${namespace}` };
  const names = missing.map((name) => `overseer-gitops-${name}`).join(", ");
  return {
    name: "policies",
    state: "failed",
    message: `${names}: missing, edited or not bound in namespace ${namespace}, so that no request or approval counts: upgrade the chart with policies.changes: true`,
  };
}

/** Judges the clock of this machine. Times in milliseconds; the answer took `roundTripMs`. */
export function checkClock(local: number, server: number, roundTripMs: number): Check {
  // The time of the API server is in whole seconds.
  const skew = Math.max(0, Math.abs(local - server) - roundTripMs - 1000);
  if (skew <= MAX_SKEW_MS) return { name: "clock", state: "ok", message: "this machine and the API server agree" };
  return {
    name: "clock",
    state: "warning",
    message: `this machine and the API server differ by ${formatDuration(skew)}: synchronize the clocks`,
  };
}

/** Value of `--NAME=value` in arguments. */
export function argument(args: readonly string[], name: string): string | undefined {
  const prefix = `--${name}=`;
  return args.find((arg) => arg.startsWith(prefix))?.slice(prefix.length);
}
