import { expect } from "chai";
import { finishedOf } from "../../../../../src/destinations/kubernetes/health/finished.js";
import type { RawObject } from "../../../../../src/kube/object.js";

const JOB = { group: "batch", version: "v1", kind: "Job" };
const WORKFLOW = { group: "example.com", version: "v1", kind: "Workflow" };
const object = (spec: unknown, status: unknown): RawObject => ({
  metadata: { name: "x", uid: "u", resourceVersion: "1" },
  spec,
  status,
});
const ended = (type: string, status = "True") => ({
  conditions: [{ type, status, lastTransitionTime: "2026-11-29T10:00:00Z" }],
});
const EXPIRES = "2026-11-29T10:00:30.000Z";

/** [kind, spec, status, how it ended] */
const CASES: readonly (readonly [typeof JOB, unknown, unknown, unknown])[] = [
  [JOB, { ttlSecondsAfterFinished: 30 }, ended("Complete"), { result: "Succeeded", expires: EXPIRES }],
  [JOB, { ttlSecondsAfterFinished: 30 }, ended("Failed"), { result: "Failed", expires: EXPIRES }],
  [
    JOB,
    { ttlSecondsAfterFinished: 0 },
    ended("Complete"),
    { result: "Succeeded", expires: "2026-11-29T10:00:00.000Z" },
  ],
  [JOB, { ttlSecondsAfterFinished: 30 }, { active: 1 }, undefined],
  [JOB, { ttlSecondsAfterFinished: 30 }, ended("Complete", "False"), undefined],
  [JOB, {}, ended("Complete"), undefined],
  [WORKFLOW, { ttlStrategy: { secondsAfterCompletion: 5 } }, { phase: "Succeeded" }, { result: "Succeeded" }],
  [WORKFLOW, { job: { ttlSecondsAfterFinished: 5 } }, ended("Completed"), { result: "Succeeded" }],
  [WORKFLOW, { ttl: "1h" }, ended("Succeeded", "False"), { result: "Failed" }],
  [WORKFLOW, { ttl: "1h" }, ended("Succeeded", "Unknown"), undefined],
  [WORKFLOW, { ttl: "1h" }, { phase: "Error" }, { result: "Failed" }],
  [WORKFLOW, { ttl: "1h" }, { phase: "Running" }, undefined],
  [WORKFLOW, { ttl: null }, { phase: "Succeeded" }, undefined],
  [WORKFLOW, { title: "ttl" }, { phase: "Succeeded" }, undefined],
  [WORKFLOW, undefined, undefined, undefined],
  [{ group: "", version: "v1", kind: "Pod" }, { ttl: 1 }, { phase: "Succeeded" }, undefined],
];

describe("finishedOf", () => {
  for (const [kind, spec, status, expected] of CASES)
    it(`reads ${kind.kind} ${JSON.stringify(spec)} with ${JSON.stringify(status)} as ${JSON.stringify(expected)}`, () => {
      expect(finishedOf(object(spec, status), kind)).to.deep.equal(expected);
    });
});
