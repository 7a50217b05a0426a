import { expect } from "chai";
import { newestPodProblem, podProblem } from "../../../../../src/destinations/kubernetes/health/pod-problem.js";
import type { RawObject } from "../../../../../src/kube/object.js";
import { condition } from "./objects.js";

const NOT_READY = condition("Ready", "False", "ContainersNotReady", "containers with unready status: [web]");

function pod(status: object, container: object = {}, metadata: object = {}): RawObject {
  return {
    metadata: { name: "web-1", namespace: "shop", uid: "u", resourceVersion: "1", ...metadata },
    spec: { containers: [{ name: "web", ...container }], initContainers: [{ name: "setup" }] },
    status: { phase: "Pending", conditions: [NOT_READY], ...status },
  } as RawObject;
}

const waiting = (reason: string, message?: string, terminated?: object, name = "web") => ({
  name,
  ready: false,
  state: { waiting: { reason, ...(message === undefined ? {} : { message }) } },
  ...(terminated ? { lastState: { terminated } } : {}),
});
const running = (rest: object = {}) => ({ name: "web", ready: false, started: true, state: { running: {} }, ...rest });
const one = (container: object): object => ({ containerStatuses: [container] });

describe("The reason why a pod is not ready", () => {
  const rows: readonly (readonly [string, RawObject, string | undefined])[] = [
    [
      "is the image that cannot be pulled, and why",
      pod(one(waiting("ImagePullBackOff", 'Back-off pulling image "registry.example/web:9": not found'))),
      'Failing container web: ImagePullBackOff: Back-off pulling image "registry.example/web:9": not found',
    ],
    [
      "is the last exit of a container that crashes, not how long the kubelet waits",
      pod(
        one(
          waiting("CrashLoopBackOff", "back-off 5m0s restarting failed container=web pod=web-1_shop(u)", {
            exitCode: 3,
            reason: "Error",
            message: "cannot read\n/etc/web.yaml\n",
          }),
        ),
      ),
      "Failing container web: CrashLoopBackOff: exit code 3: cannot read /etc/web.yaml",
    ],
    [
      "names what killed a container",
      pod(one(waiting("CrashLoopBackOff", "back-off", { exitCode: 137, reason: "OOMKilled" }))),
      "Failing container web: CrashLoopBackOff: exit code 137 (OOMKilled)",
    ],
    [
      "is that a container ends which should not",
      pod(one(waiting("CrashLoopBackOff", "back-off", { exitCode: 0, reason: "Completed" }))),
      "Failing container web: CrashLoopBackOff: exit code 0 (Completed)",
    ],
    [
      "leaves log lines out that serve as a termination message",
      pod(one(waiting("CrashLoopBackOff", "back-off", { exitCode: 1, message: "password=hunter2" })), {
        terminationMessagePolicy: "FallbackToLogsOnError",
      }),
      "Failing container web: CrashLoopBackOff: exit code 1",
    ],
    [
      "is what the container runtime says, whatever the policy",
      pod(one(waiting("CrashLoopBackOff", "b", { exitCode: 128, reason: "StartError", message: "no such file" })), {
        terminationMessagePolicy: "FallbackToLogsOnError",
      }),
      "Failing container web: CrashLoopBackOff: exit code 128 (StartError): no such file",
    ],
    [
      "has no credentials of URLs",
      pod(one(waiting("CrashLoopBackOff", "b", { exitCode: 1, message: "dial postgres://web:hunter2@db:5432" }))),
      "Failing container web: CrashLoopBackOff: exit code 1: dial postgres://db:5432",
    ],
    [
      "is the Secret that a container needs",
      pod(one(waiting("CreateContainerConfigError", 'secret "db" not found'))),
      'Failing container web: CreateContainerConfigError: secret "db" not found',
    ],
    [
      "is the init container that fails, not the containers that wait for it",
      pod({
        initContainerStatuses: [waiting("CrashLoopBackOff", "b", { exitCode: 2 }, "setup")],
        ...one(waiting("PodInitializing")),
      }),
      "Failing container setup: CrashLoopBackOff: exit code 2",
    ],
    [
      "is the last exit while a container runs once more",
      pod({ phase: "Running", ...one(running({ lastState: { terminated: { exitCode: 1, reason: "Error" } } })) }),
      "Failing container web: was restarted after exit code 1",
    ],
    [
      "is what the scheduler says, without what preemption would do",
      pod({
        conditions: [
          condition(
            "PodScheduled",
            "False",
            "Unschedulable",
            "0/1 nodes are available: 1 node(s) didn't match Pod's node affinity/selector. no new claims to deallocate, preemption: 0/1 nodes are available: 1 Preemption is not helpful for scheduling.",
          ),
        ],
      }),
      "Failing Unschedulable: 0/1 nodes are available: 1 node(s) didn't match Pod's node affinity/selector.",
    ],
    [
      "is why it was evicted",
      pod({ phase: "Failed", reason: "Evicted", message: "The node was low on resource: memory." }),
      "Failed Evicted: The node was low on resource: memory.",
    ],
    [
      "is the exit code of the container that failed",
      pod({ phase: "Failed", ...one({ name: "web", state: { terminated: { exitCode: 4, reason: "Error" } } }) }),
      "Failed container web: exit code 4",
    ],
    [
      "is the probe that it has not passed",
      pod({ phase: "Running", ...one(running()) }, { readinessProbe: {} }),
      "NotReady container web: has not passed its readiness probe",
    ],
    [
      "is the startup probe before others",
      pod({ phase: "Running", ...one(running({ started: false })) }, { readinessProbe: {}, startupProbe: {} }),
      "NotReady container web: has not passed its startup probe",
    ],
    [
      "is a readiness gate",
      pod({
        phase: "Running",
        conditions: [condition("Ready", "False", "ReadinessGatesNotReady", "gate example.com/x does not exist")],
        ...one(running({ ready: true })),
      }),
      "NotReady ReadinessGatesNotReady: gate example.com/x does not exist",
    ],
    ["is that it starts", pod(one(waiting("ContainerCreating"))), "Starting container web: ContainerCreating"],
    ["is none for a pod that is ready", pod({ phase: "Running", conditions: [condition("Ready", "True")] }), undefined],
    ["is none for a pod that succeeded", pod({ phase: "Succeeded" }), undefined],
  ];
  for (const [title, of, expected] of rows) {
    it(title, () => {
      const problem = podProblem(of);
      expect(problem && `${problem.state} ${problem.text}`).to.equal(expected);
    });
  }

  it("has a limited length and one line", () => {
    const text = podProblem(pod(one(waiting("ErrImagePull", "x\n".repeat(5_000)))))?.text ?? "";
    expect(text.length).to.be.lessThan(400);
    expect(text).to.not.contain("\n");
  });
});

describe("Of several pods", () => {
  const at = (name: string, created: string, status: object, more: object = {}): RawObject =>
    pod(status, {}, { name, creationTimestamp: created, ...more });
  const pull = one(waiting("ErrImagePull"));
  const evicted = { phase: "Failed", reason: "Evicted" };
  const newest = (pods: RawObject[], runsToEnd = false): string | undefined =>
    newestPodProblem(pods, { runsToEnd })?.pod.metadata.name;

  it("the newest failing one is named, in any order", () => {
    const pods = [at("a", "2026-01-01T00:00:01Z", pull), at("b", "2026-01-01T00:00:03Z", pull)];
    const starts = at("c", "2026-01-01T00:00:04Z", one(waiting("ContainerCreating")));
    expect(newest([...pods, starts])).to.equal("b");
    expect(newest([starts, ...pods.reverse()])).to.equal("b");
  });

  it("those that are being deleted are not named", () => {
    expect(newest([at("a", "2026-01-01T00:00:01Z", pull, { deletionTimestamp: "2026-01-01T00:00:02Z" })])).to.equal(
      undefined,
    );
  });

  it("those that have ended come last, but for a Job", () => {
    const pods = [at("old", "2026-01-01T00:00:01Z", evicted), at("new", "2026-01-01T00:00:02Z", one(running()))];
    expect(newest(pods)).to.equal("new");
    expect(newest(pods, true)).to.equal("old");
  });
});
