import { expect } from "chai";
import { condition, health } from "./objects.js";

type Row = readonly [string, unknown, unknown, string];

function rows(kind: string, table: readonly Row[]): void {
  for (const [title, status, spec, expected] of table) {
    it(title, () => expect(health(kind, status, spec)).to.equal(expected));
  }
}

describe("health of a Job", () => {
  const failed = condition("Failed", "True", "BackoffLimitExceeded", "too many");
  rows("batch/v1 Job", [
    ["is Healthy when complete", { succeeded: 1, conditions: [condition("Complete", "True")] }, {}, "Healthy"],
    [
      "is Degraded at once when failed",
      { failed: 1, active: 1, conditions: [failed] },
      {},
      "Degraded: BackoffLimitExceeded: too many",
    ],
    [
      "is Degraded when failed, whatever else it says",
      { conditions: [condition("Complete", "True"), failed] },
      {},
      "Degraded: BackoffLimitExceeded: too many",
    ],
    [
      "is Progressing while it runs (kstatus: Current as soon as it has started)",
      { active: 2, succeeded: 1, startTime: "x" },
      {},
      "Progressing: is running (2 active, 1 succeeded)",
    ],
    ["is Progressing before it has started", undefined, {}, "Progressing: is running (0 active, 0 succeeded)"],
    [
      "is Progressing while pods fail within the limit",
      { active: 1, failed: 3 },
      {},
      "Progressing: is running (1 active, 0 succeeded)",
    ],
    [
      "is Suspended while suspended",
      { conditions: [condition("Suspended", "True")] },
      { suspend: true },
      "Suspended: is suspended",
    ],
    [
      "is Progressing when resumed",
      { active: 1, conditions: [condition("Suspended", "False")] },
      {},
      "Progressing: is running (1 active, 0 succeeded)",
    ],
    [
      "does not mind conditions that do not hold",
      { conditions: [condition("Failed", "False"), condition("Complete", "True")] },
      {},
      "Healthy",
    ],
    [
      "says that it failed where the controller gives no reason",
      { conditions: [condition("Failed", "True")] },
      {},
      "Degraded: Failed is True",
    ],
  ]);
});

describe("health of a Pod", () => {
  const waiting = (reason: string, name = "web") => ({ name, state: { waiting: { reason } } });
  const notReady = { phase: "Running", conditions: [condition("Ready", "False")] };
  rows("v1 Pod", [
    ["is Healthy when ready", { phase: "Running", conditions: [condition("Ready", "True")] }, {}, "Healthy"],
    ["is Healthy when it succeeded", { phase: "Succeeded", conditions: [condition("Ready", "False")] }, {}, "Healthy"],
    [
      "is Degraded when it failed, with its words",
      { phase: "Failed", message: "evicted", reason: "Evicted" },
      {},
      "Degraded: evicted",
    ],
    ["is Degraded when it failed, with its reason", { phase: "Failed", reason: "Evicted" }, {}, "Degraded: Evicted"],
    ["is Degraded when it failed without a word", { phase: "Failed" }, {}, "Degraded: failed"],
    ["is Progressing while not ready", notReady, {}, "Progressing: is not ready yet"],
    ["is Progressing while it runs to its end", notReady, { restartPolicy: "Never" }, "Progressing: is running"],
    ["is Progressing while nothing is known", undefined, {}, "Progressing: is not ready yet"],
    [
      "is Progressing while no node takes it (kstatus: Failed after 15 s)",
      { phase: "Pending", conditions: [condition("PodScheduled", "False", "Unschedulable", "0/3 nodes")] },
      {},
      "Progressing: is not ready yet: Unschedulable: 0/3 nodes",
    ],
    [
      "is Progressing while images are pulled",
      { ...notReady, containerStatuses: [waiting("ContainerCreating")] },
      {},
      "Progressing: is not ready yet",
    ],
    [
      "is Progressing while init containers run",
      { ...notReady, containerStatuses: [waiting("PodInitializing")] },
      {},
      "Progressing: is not ready yet",
    ],
    [
      "names the init container that fails",
      { ...notReady, initContainerStatuses: [waiting("CrashLoopBackOff", "setup")] },
      {},
      "Degraded: container setup: CrashLoopBackOff",
    ],
    [
      "is Degraded by one container of several",
      { ...notReady, containerStatuses: [{ name: "ok", state: { running: {} } }, waiting("ImagePullBackOff")] },
      {},
      "Degraded: container web: ImagePullBackOff",
    ],
  ]);

  for (const reason of [
    "CrashLoopBackOff",
    "ImagePullBackOff",
    "ErrImagePull",
    "ErrImageNeverPull",
    "InvalidImageName",
    "CreateContainerConfigError",
    "CreateContainerError",
    "RunContainerError",
  ]) {
    it(`is Degraded at ${reason}`, () => {
      const status = { phase: "Pending", containerStatuses: [waiting(reason)] };
      expect(health("v1 Pod", status)).to.equal(`Degraded: container web: ${reason}`);
    });
  }
});
