import { expect } from "chai";
import { appHealth, needsDeploy } from "../../../../../src/destinations/overseer/kinds/deployment.js";
import type { AppRecord, JobRecord, NodeRecord } from "../../../../../src/destinations/overseer/state/core-records.js";
import { app, job, node, stateOf } from "../samples.js";

type Row = readonly [string, Partial<AppRecord>, Partial<JobRecord> | undefined, Partial<NodeRecord>, string];

const ROWS: readonly Row[] = [
  ["runs", {}, {}, {}, "Healthy "],
  [
    "waits for its agent",
    { status: "deploying" },
    { status: "pending" },
    {},
    "Progressing deploy job is pending on node-1 (simulated)",
  ],
  [
    "is being deployed",
    { status: "deploying" },
    { status: "running" },
    {},
    "Progressing deploy job is running on node-1 (simulated)",
  ],
  [
    "waits for an agent that is gone",
    { status: "deploying" },
    { status: "pending" },
    { status: "offline" },
    "Progressing deploy job is pending on node-1 (simulated); node-1 is offline",
  ],
  [
    "failed",
    { status: "error" },
    { status: "failed", error: "no image", logs: ["a", "b"] },
    {},
    "Degraded deploy job j1 failed on node-1 (simulated): no image; last lines of its log: a | b",
  ],
  ["runs on a node that is gone", {}, {}, { status: "offline" }, "Degraded node-1 is offline"],
  [
    "was changed and not deployed, on a node that is gone",
    { version: 2 },
    {},
    { status: "offline" },
    "Degraded node-1 is offline",
  ],
  [
    "runs on a chosen node that is gone",
    { nodeId: null, assignedNodeId: "n1" },
    {},
    { status: "offline" },
    "Degraded node-1 is offline",
  ],
  [
    "ran on a node that was deleted",
    { nodeId: null, assignedNodeId: "n2" },
    {},
    {},
    "Degraded its node was deleted: deploy it to another one",
  ],
  [
    "moves off a drained node",
    { status: "deploying" },
    { status: "pending", payload: { version: 1, movedFrom: "node-2" } },
    {},
    "Progressing deploy job is pending on node-1 (simulated), to move it from the node node-2",
  ],
  [
    "could not be moved, and runs on where it was",
    {},
    { status: "failed", error: "no image", logs: [], payload: { version: 1, movedFrom: "node-1" } },
    { runner: "docker", drained: true },
    "Healthy  (on the drained node node-1; the job j1 did not move it)",
  ],
  [
    "could not be moved, and does not run as it should",
    { observed: { version: 1, services: [], drift: ["service web was stopped"] } },
    { status: "failed", payload: { version: 1, movedFrom: "node-1" } },
    {},
    "Degraded on node-1 (simulated): service web was stopped",
  ],
  [
    "could not be moved with a newer version",
    { status: "error" },
    { status: "failed", error: "no image", logs: [], payload: { version: 1, movedFrom: "node-2" } },
    { name: "node-2" },
    "Degraded deploy job j1 failed on another node, so it stays on the node node-2: no image",
  ],
  ["was stopped", { status: "stopped" }, {}, {}, "Degraded is stopped on node-1 (simulated)"],
  ["was never deployed", { status: "stopped" }, undefined, {}, "Progressing version 1 was never deployed"],
  ["was changed and not deployed, and runs as it was", { version: 2 }, {}, {}, "Healthy "],
  [
    "was changed and not deployed, and does not run",
    { version: 2, status: "error" },
    { status: "failed" },
    {},
    "Progressing version 2 was never deployed",
  ],
  ["runs, and its jobs are forgotten", {}, undefined, {}, "Healthy "],
  ["runs where nobody says of what", {}, { payload: null }, {}, "Healthy "],
];

describe("an app of a Core that", () => {
  for (const [what, ofApp, ofJob, ofNode, expected] of ROWS) {
    it(`${what} is ${expected}`, () => {
      const state = stateOf({ app: [app(ofApp)], node: [node(ofNode)], job: ofJob ? [job(ofJob)] : [] });
      const { status, message = "", remark } = appHealth(app(ofApp), state);
      const shown = remark === undefined || remark === "simulated" ? "" : ` (${remark})`;
      expect(`${status} ${message}${shown}`).to.equal(expected);
    });
  }

  it("is final when it has failed, but not while it is slow", () => {
    const failed = stateOf({ app: [app()], node: [node()], job: [job({ status: "failed" })] });
    expect(appHealth(app(), failed).final).to.equal(true);
    const gone = stateOf({ app: [app()], node: [node({ status: "offline" })], job: [job()] });
    expect(appHealth(app(), gone).final).to.equal(undefined);
  });

  it("is not redeployed after a failure", () => {
    const state = stateOf({ app: [app()], job: [job({ status: "failed" })] });
    expect(needsDeploy(app({ status: "error" }), state)).to.equal(undefined);
  });
});
