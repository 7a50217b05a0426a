import { expect } from "chai";
import { condition, health } from "./objects.js";

/** [title, status, spec, health]. Where a title says "kstatus", the rule is not the one of kstatus on purpose. */
type Row = readonly [string, unknown, unknown, string];

const SEEN = { observedGeneration: 2 };
const replicas = (total: number, updated: number, available: number, ready = available) => ({
  ...SEEN,
  replicas: total,
  updatedReplicas: updated,
  availableReplicas: available,
  readyReplicas: ready,
});
const BEHIND = "Progressing: is waiting for its controller to observe the latest generation";
const UNSEEN = "Progressing: is waiting for its controller to observe it";

function rows(kind: string, table: readonly Row[]): void {
  for (const [title, status, spec, expected] of table) {
    it(title, () => expect(health(kind, status, spec)).to.equal(expected));
  }
}

describe("health of a Deployment", () => {
  rows("apps/v1 Deployment", [
    ["is Healthy with all replicas updated and available", replicas(3, 3, 3), { replicas: 3 }, "Healthy"],
    ["is Healthy with one replica where none is asked for", replicas(1, 1, 1), {}, "Healthy"],
    ["is Healthy scaled to 0", SEEN, { replicas: 0 }, "Healthy"],
    [
      "is Progressing while observedGeneration is behind",
      { ...replicas(3, 3, 3), observedGeneration: 1 },
      { replicas: 3 },
      BEHIND,
    ],
    [
      "is Progressing without observedGeneration",
      { replicas: 3, updatedReplicas: 3, availableReplicas: 3 },
      { replicas: 3 },
      UNSEEN,
    ],
    ["is Progressing without a status", undefined, { replicas: 0 }, UNSEEN],
    [
      "is Progressing while replicas are updated",
      replicas(3, 1, 3),
      { replicas: 3 },
      "Progressing: 1 of 3 replicas are updated",
    ],
    [
      "is Progressing while old replicas are there",
      replicas(4, 3, 3),
      { replicas: 3 },
      "Progressing: 1 old replicas are pending termination",
    ],
    [
      "is Progressing scaled to 0 while replicas of an old revision run",
      replicas(2, 0, 2),
      { replicas: 0 },
      "Progressing: 2 old replicas are pending termination",
    ],
    [
      "is Progressing while replicas are not available",
      replicas(3, 3, 1),
      { replicas: 3 },
      "Progressing: 1 of 3 replicas are available",
    ],
    [
      "is Progressing scaled up, until the new ones are made",
      replicas(1, 1, 1),
      { replicas: 5 },
      "Progressing: 1 of 5 replicas are updated",
    ],
    [
      "is Healthy scaled down while surplus replicas end (kstatus: InProgress)",
      replicas(5, 5, 5),
      { replicas: 2 },
      "Healthy",
    ],
    [
      "is Degraded when the deadline is exceeded, with the controller's words",
      {
        ...replicas(2, 1, 1),
        conditions: [condition("Progressing", "False", "ProgressDeadlineExceeded", "web-1 timed out")],
      },
      { replicas: 2 },
      "Degraded: ProgressDeadlineExceeded: web-1 timed out",
    ],
    [
      "names what pods are refused for when the deadline is exceeded by that",
      {
        ...replicas(2, 1, 1),
        conditions: [
          condition("Progressing", "False", "ProgressDeadlineExceeded", "web-1 timed out."),
          condition("ReplicaFailure", "True", "FailedCreate", "exceeded quota"),
        ],
      },
      { replicas: 2 },
      "Degraded: ProgressDeadlineExceeded: web-1 timed out: FailedCreate: exceeded quota",
    ],
    [
      "is Progressing, not Degraded, when the deadline of a former generation was exceeded",
      {
        ...replicas(2, 1, 1),
        observedGeneration: 1,
        conditions: [condition("Progressing", "False", "ProgressDeadlineExceeded", "old")],
      },
      { replicas: 2 },
      BEHIND,
    ],
    [
      "does not mind other reasons of Progressing",
      { ...replicas(2, 2, 2), conditions: [condition("Progressing", "True", "NewReplicaSetAvailable")] },
      { replicas: 2 },
      "Healthy",
    ],
    [
      "is Degraded at once when no pod can be made (kstatus: InProgress)",
      { ...replicas(0, 0, 0), conditions: [condition("ReplicaFailure", "True", "FailedCreate", "exceeded quota")] },
      { replicas: 2 },
      "Degraded: FailedCreate: exceeded quota",
    ],
    [
      "does not mind a ReplicaFailure that is over",
      { ...replicas(2, 2, 2), conditions: [condition("ReplicaFailure", "False", "x")] },
      { replicas: 2 },
      "Healthy",
    ],
    [
      "is Suspended while paused, also in the middle of a rollout (kstatus: InProgress)",
      replicas(3, 1, 2),
      { replicas: 3, paused: true },
      "Suspended: its rollout is paused",
    ],
    ["is Progressing while paused but not seen", { observedGeneration: 1 }, { paused: true }, BEHIND],
  ]);
});

describe("health of a StatefulSet", () => {
  const set = (ready: number, updated: number, current = "r2", update = "r2") => ({
    ...SEEN,
    readyReplicas: ready,
    updatedReplicas: updated,
    currentRevision: current,
    updateRevision: update,
  });
  const partition = (n: number) => ({
    replicas: 3,
    updateStrategy: { type: "RollingUpdate", rollingUpdate: { partition: n } },
  });
  rows("apps/v1 StatefulSet", [
    ["is Healthy with all replicas ready at the newest revision", set(3, 3), { replicas: 3 }, "Healthy"],
    ["is Healthy scaled to 0", set(0, 0), { replicas: 0 }, "Healthy"],
    [
      "is Progressing while observedGeneration is behind",
      { ...set(3, 3), observedGeneration: 1 },
      { replicas: 3 },
      BEHIND,
    ],
    ["is Progressing without a status", undefined, { replicas: 3 }, UNSEEN],
    ["is Progressing without observedGeneration", { readyReplicas: 3 }, { replicas: 3 }, UNSEEN],
    [
      "is Progressing while replicas are not ready",
      set(1, 3),
      { replicas: 3 },
      "Progressing: 1 of 3 replicas are ready",
    ],
    [
      "is Progressing with no replica ready where one is meant",
      set(0, 0),
      {},
      "Progressing: 0 of 1 replicas are ready",
    ],
    [
      "is Progressing between two revisions",
      set(3, 1, "r1"),
      { replicas: 3 },
      "Progressing: 1 of 3 replicas are updated",
    ],
    [
      "is Progressing between two revisions with partition 0",
      set(3, 1, "r1"),
      partition(0),
      "Progressing: 1 of 3 replicas are updated",
    ],
    ["is Healthy when all above the partition are updated", set(3, 1, "r1"), partition(2), "Healthy"],
    [
      "is Progressing until all above the partition are updated",
      set(3, 1, "r1"),
      partition(1),
      "Progressing: 1 of 2 replicas are updated",
    ],
    ["is Healthy with a partition above all replicas", set(3, 0, "r1"), partition(5), "Healthy"],
    [
      "is Healthy with OnDelete between two revisions",
      set(3, 0, "r1"),
      { replicas: 3, updateStrategy: { type: "OnDelete" } },
      "Healthy",
    ],
    [
      "is Progressing with OnDelete while replicas are not ready (kstatus: Current)",
      set(1, 0, "r1"),
      { replicas: 3, updateStrategy: { type: "OnDelete" } },
      "Progressing: 1 of 3 replicas are ready",
    ],
    ["is Healthy scaled down while surplus replicas end (kstatus: InProgress)", set(5, 5), { replicas: 2 }, "Healthy"],
  ]);
});

describe("health of a DaemonSet", () => {
  const set = (wanted: number, updated: number, available: number) => ({
    ...SEEN,
    desiredNumberScheduled: wanted,
    updatedNumberScheduled: updated,
    numberAvailable: available,
  });
  const onDelete = { updateStrategy: { type: "OnDelete" } };
  rows("apps/v1 DaemonSet", [
    ["is Healthy with an updated and available pod on every node", set(3, 3, 3), {}, "Healthy"],
    ["is Healthy where no node wants a pod", set(0, 0, 0), {}, "Healthy"],
    ["is Progressing while observedGeneration is behind", { ...set(3, 3, 3), observedGeneration: 1 }, {}, BEHIND],
    ["is Progressing without a status", undefined, {}, UNSEEN],
    ["is Progressing without observedGeneration, as in kstatus", { desiredNumberScheduled: 0 }, {}, UNSEEN],
    ["is Progressing while pods are updated", set(3, 1, 3), {}, "Progressing: 1 of 3 pods are updated"],
    ["is Progressing while pods are not available", set(3, 3, 2), {}, "Progressing: 2 of 3 pods are available"],
    ["is Healthy with OnDelete and old pods (kstatus: InProgress)", set(3, 0, 3), onDelete, "Healthy"],
    [
      "is Progressing with OnDelete while pods are not available",
      set(3, 0, 2),
      onDelete,
      "Progressing: 2 of 3 pods are available",
    ],
  ]);
});

describe("health of a ReplicaSet", () => {
  rows("apps/v1 ReplicaSet", [
    ["is Healthy with all replicas available", replicas(2, 0, 2), { replicas: 2 }, "Healthy"],
    ["is Healthy scaled to 0", SEEN, { replicas: 0 }, "Healthy"],
    [
      "is Progressing while observedGeneration is behind",
      { ...replicas(2, 0, 2), observedGeneration: 1 },
      { replicas: 2 },
      BEHIND,
    ],
    [
      "is Progressing while replicas are not available",
      replicas(2, 0, 1),
      { replicas: 2 },
      "Progressing: 1 of 2 replicas are available",
    ],
    ["is Progressing without a status", undefined, {}, "Progressing: 0 of 1 replicas are available"],
    [
      "is Degraded when no pod can be made (kstatus: InProgress)",
      { ...replicas(0, 0, 0), conditions: [condition("ReplicaFailure", "True", "FailedCreate", "forbidden")] },
      { replicas: 2 },
      "Degraded: FailedCreate: forbidden",
    ],
  ]);
});
