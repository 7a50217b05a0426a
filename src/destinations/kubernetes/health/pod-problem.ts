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
  /** `Failing`: something is wrong; `NotReady`: all runs, but is not ready; `Starting`: work is under way; `Failed`: the pod has ended. */
  readonly state: "Failing" | "NotReady" | "Starting" | "Failed";
  /** The reason for which a container waits, where that is the problem. */
  readonly waiting?: string;
}

const ORDER = ["Failing", "NotReady", "Starting"] as const;
const MAX_TEXT = 300;
/** Reasons of a waiting container that every container has for a while. */
const STARTING: ReadonlySet<string> = new Set(["ContainerCreating", "PodInitializing"]);
/** Reasons of a terminated container whose message was written by the container runtime, not by the container. */
const BY_RUNTIME: ReadonlySet<string> = new Set(["StartError", "ContainerCannotRun"]);

/**
 * Why a pod is not ready, from what the scheduler and the kubelet wrote into its status; undefined: it is ready, it succeeded, or
 * nothing is known. Pure. Log lines that serve as a termination message are left out: they may hold anything.
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
    // What preemption would do is said after what is wrong, for each node again.
    const message = scheduled.message?.replace(/[\s,]*(no new claims to deallocate,\s*)?preemption:.*$/s, "");
    return { text: join(scheduled.reason, message) ?? "is not scheduled", state: "Failing" };
  }
  if (worst) return worst;
  const ready = condition(status, "Ready");
  const said = ready?.status === "False" ? join(ready.reason, ready.message) : undefined;
  return said === undefined ? undefined : { text: said, state: "NotReady" };
}

/** The problem of the newest pod that has one: failing ones first, then those that are not ready, then those that start. */
export function newestPodProblem(
  pods: readonly RawObject[],
  options: { readonly runsToEnd: boolean },
): (PodProblem & { readonly pod: RawObject }) | undefined {
  // Kubernetes keeps pods that were evicted; what replaced them says more, unless the pods are meant to end.
  const order: readonly PodProblem["state"][] = options.runsToEnd
    ? ["Failing", "Failed", "NotReady", "Starting"]
    : [...ORDER, "Failed"];
  const created = ({ metadata }: RawObject): string => metadata.creationTimestamp ?? "";
  return pods
    .flatMap((pod) => {
      const problem = podProblem(pod);
      const gone = pod.metadata.deletionTimestamp !== undefined && problem?.state !== "Failed";
      return problem === undefined || gone ? [] : [{ ...problem, pod }];
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

/** `Reason: message` on one line and of bounded length, without the credentials of URLs; undefined: neither is there. */
function join(reason: string | undefined, message: string | undefined): string | undefined {
  const parts = [reason, message].filter((part) => typeof part === "string" && part.trim() !== "");
  if (parts.length === 0) return undefined;
  return cutText(oneLine(parts.join(": ")), MAX_TEXT);
}

/** A text of others on one line, without the credentials of URLs. */
export function oneLine(text: string): string {
  return text
    .replace(/\/\/[^/@\s]*@/g, "//")
    .replace(/\s+/g, " ")
    .trim();
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
