import { cutText } from "../../../base/cut-text.js";
import type { RawObject } from "../../../kube/object.js";
import { condition, specOf, statusOf } from "./conditions.js";

interface Terminated {
  readonly exitCode?: number;
  readonly reason?: string;
  readonly message?: string;
}

interface ContainerStatus {
  readonly name: string;
  readonly ready?: boolean;
  readonly started?: boolean;
  readonly state?: {
    readonly waiting?: { readonly reason?: string; readonly message?: string };
    readonly running?: object;
    readonly terminated?: Terminated;
  };
  readonly lastState?: { readonly terminated?: Terminated };
}

interface ContainerSpec {
  readonly name: string;
  readonly readinessProbe?: object;
  readonly startupProbe?: object;
  readonly restartPolicy?: string;
  readonly terminationMessagePolicy?: string;
}

interface PodSpec {
  readonly containers?: readonly ContainerSpec[];
  readonly initContainers?: readonly ContainerSpec[];
}

interface PodStatus {
  readonly phase?: string;
  readonly reason?: string;
  readonly message?: string;
  readonly containerStatuses?: readonly ContainerStatus[];
  readonly initContainerStatuses?: readonly ContainerStatus[];
}

/** Why a pod is not ready. */
export interface PodProblem {
  readonly text: string;
  /** `Failing`: a container fails; `NotReady`: all run, but are not ready; `Starting`: still starting; `Failed`: the pod has ended. */
  readonly state: "Failing" | "NotReady" | "Starting" | "Failed";
  /** The reason of a waiting container, if that is the problem. */
  readonly waiting?: string;
}

const ORDER = ["Failing", "NotReady", "Starting"] as const;
const MAX_TEXT = 300;
/** Waiting reasons of a normal start. */
const STARTING: ReadonlySet<string> = new Set(["ContainerCreating", "PodInitializing"]);
/** Termination reasons whose message comes from the container runtime, not from the container. */
const BY_RUNTIME: ReadonlySet<string> = new Set(["StartError", "ContainerCannotRun"]);

/**
 * Explains from its status why a pod is not ready; undefined if it is ready, has succeeded, or nothing is known. Omits log lines
 * that serve as a termination message, as they may contain secrets.
 */
export function podProblem(pod: RawObject): PodProblem | undefined {
  const status = statusOf<PodStatus>(pod);
  if (status.phase === "Succeeded" || condition(status, "Ready")?.status === "True") return undefined;
  const containers = containerProblems(specOf<PodSpec>(pod), status);
  const worst =
    containers.find(({ waiting }) => waiting !== undefined) ??
    ORDER.map((state) => containers.find((one) => one.state === state)).find((one) => one !== undefined);
  if (status.phase === "Failed") {
    const failing = containers.find(({ state }) => state === "Failing");
    return { text: join(status.reason, status.message) ?? failing?.text ?? "failed", state: "Failed" };
  }
  const scheduled = condition(status, "PodScheduled");
  if (scheduled?.status === "False") {
    // Drop the preemption details, which repeat the problem for each node.
    const message = scheduled.message?.replace(/[\s,]*(no new claims to deallocate,\s*)?preemption:.*$/s, "");
    return { text: join(scheduled.reason, message) ?? "is not scheduled", state: "Failing" };
  }
  if (worst) return worst;
  const ready = condition(status, "Ready");
  const text = ready?.status === "False" ? join(ready.reason, ready.message) : undefined;
  return text === undefined ? undefined : { text, state: "NotReady" };
}

/** Returns the problem of the newest affected pod: failing pods first, then pods that are not ready, then starting ones. */
export function newestPodProblem(
  pods: readonly RawObject[],
  options: { readonly runsToEnd: boolean },
): (PodProblem & { readonly pod: RawObject }) | undefined {
  // Kubernetes keeps evicted pods; their replacements say more, unless the pods run to completion.
  const order: readonly PodProblem["state"][] = options.runsToEnd
    ? ["Failing", "Failed", "NotReady", "Starting"]
    : [...ORDER, "Failed"];
  const created = ({ metadata }: RawObject): string => metadata.creationTimestamp ?? "";
  return pods
    .flatMap((pod) => {
      const problem = podProblem(pod);
      const leaving = pod.metadata.deletionTimestamp !== undefined && problem?.state !== "Failed";
      return problem === undefined || leaving ? [] : [{ ...problem, pod }];
    })
    .sort(
      (a, b) =>
        order.indexOf(a.state) - order.indexOf(b.state) ||
        compare(created(b.pod), created(a.pod)) ||
        compare(a.pod.metadata.name, b.pod.metadata.name),
    )[0];
}

function containerProblems(spec: PodSpec, status: PodStatus): PodProblem[] {
  const all = [
    ...(status.initContainerStatuses ?? []).map((one) => ({ one, specs: spec.initContainers, init: true })),
    ...(status.containerStatuses ?? []).map((one) => ({ one, specs: spec.containers, init: false })),
  ];
  return all.flatMap(({ one, specs = [], init }) => {
    const of = specs.find(({ name }) => name === one.name);
    const problem = containerProblem(one, of, init && of?.restartPolicy !== "Always");
    return problem ? [{ ...problem, text: `container ${one.name}: ${problem.text}` }] : [];
  });
}

function containerProblem(
  { state = {}, lastState, ready, started }: ContainerStatus,
  spec: ContainerSpec | undefined,
  ends: boolean,
): PodProblem | undefined {
  const { waiting, running, terminated } = state;
  const last = lastState?.terminated;
  if (waiting?.reason !== undefined) {
    const { reason, message } = waiting;
    if (STARTING.has(reason)) return reason === "PodInitializing" ? undefined : { text: reason, state: "Starting" };
    const why = reason === "CrashLoopBackOff" && last ? exitText(last, spec) : message;
    return { text: join(reason, why) ?? reason, state: "Failing", waiting: reason };
  }
  if (terminated && (terminated.exitCode ?? 0) !== 0) return { text: exitText(terminated, spec), state: "Failing" };
  if (!running || ready === true || ends) return undefined;
  if (last) return { text: `was restarted after ${exitText(last, spec)}`, state: "Failing" };
  if (spec?.startupProbe && started !== true) return { text: "has not passed its startup probe", state: "NotReady" };
  return { text: spec?.readinessProbe ? "has not passed its readiness probe" : "is not ready", state: "NotReady" };
}

function exitText({ exitCode = 0, reason, message }: Terminated, spec: ContainerSpec | undefined): string {
  const code = `exit code ${exitCode}${reason === undefined || reason === "Error" ? "" : ` (${reason})`}`;
  const isLog = spec?.terminationMessagePolicy === "FallbackToLogsOnError" && !BY_RUNTIME.has(reason ?? "");
  return join(code, isLog ? undefined : message) ?? code;
}

/** Joins `Reason: message` on one line of limited length, without URL credentials; undefined if both are empty. */
function join(reason: string | undefined, message: string | undefined): string | undefined {
  const parts = [reason, message].filter((part) => typeof part === "string" && part.trim() !== "");
  if (parts.length === 0) return undefined;
  return cutText(oneLine(parts.join(": ")), MAX_TEXT);
}

/** Puts a foreign text on one line and removes URL credentials. */
export function oneLine(text: string): string {
  return text
    .replace(/\/\/[^/@\s]*@/g, "//")
    .replace(/\s+/g, " ")
    .trim();
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/**
 * Extracts why a controller could not create a pod from its condition or Event, without the pod name, which changes per attempt:
 * `exceeded quota: pods, requested: pods=1, used: pods=0, limited: pods=0`.
 */
export function podRefusal(message: string): string {
  return message
    .replace(/^(Error creating|create (Pod|Claim) .* failed error): /i, "")
    .replace(/^(pods|persistentvolumeclaims) "[^"]*" is forbidden: /, "");
}
