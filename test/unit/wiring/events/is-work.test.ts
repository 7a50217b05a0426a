import { expect } from "chai";
import { ANNOTATION_RECONCILE_AT } from "../../../../src/api/group.js";
import type { CustomResource, ObjectMeta } from "../../../../src/api/meta.js";
import { isWork } from "../../../../src/wiring/events/is-work.js";

const object = (
  change: Partial<ObjectMeta> = {},
  status: string | undefined = undefined,
): CustomResource<string, string> => ({
  apiVersion: "gitops.overseer.io/v1alpha1",
  kind: "OverseerApp",
  metadata: { namespace: "shop", name: "web", uid: "u1", resourceVersion: "1", generation: 1, ...change },
  spec: "spec",
  ...(status === undefined ? {} : { status }),
});
const asked = (value: string) => ({ annotations: { [ANNOTATION_RECONCILE_AT]: value } });

type Pair = readonly [CustomResource<string, string> | undefined, CustomResource<string, string> | undefined];
const ROWS: readonly (readonly [string, Pair, boolean])[] = [
  ["a new resource", [undefined, object()], true],
  ["a resource that is gone", [object(), undefined], true],
  ["one that was made anew under its name", [object(), object({ uid: "u2" })], true],
  ["an edited spec", [object(), object({ generation: 2 })], true],
  ["a deletion that begins", [object(), object({ deletionTimestamp: "2026-01-01T00:00:00Z" })], true],
  ["a finalizer that comes", [object(), object({ finalizers: ["a"] })], true],
  ["a finalizer that goes", [object({ finalizers: ["a", "b"] }), object({ finalizers: ["b"] })], true],
  ["a request", [object(), object(asked("1"))], true],
  ["another request", [object(asked("1")), object(asked("2"))], true],
  ["a request that is taken back", [object(asked("1")), object()], true],
  [
    "an older state, as after a restore of etcd",
    [object({ resourceVersion: "10" }), object({ resourceVersion: "9" })],
    true,
  ],
  ["nothing", [object(), object()], false],
  ["another resourceVersion alone", [object(), object({ resourceVersion: "2" })], false],
  ["a written status", [object(), object({ resourceVersion: "2" }, "status")], false],
  ["a label", [object(), object({ labels: { team: "x" } })], false],
  [
    "an annotation of somebody's",
    [object(asked("1")), object({ annotations: { ...asked("1").annotations, note: "x" } })],
    false,
  ],
  ["an empty list of finalizers", [object(), object({ finalizers: [] })], false],
];

describe("isWork", () => {
  for (const [what, [previous, current], work] of ROWS) {
    it(`takes ${what} for ${work ? "work" : "no work"}`, () => expect(isWork(current, previous)).to.equal(work));
  }
});
