import { expect } from "chai";
import type { Target } from "../../../../../src/destinations/destination.js";
import { removeObject } from "../../../../../src/destinations/kubernetes/apply/remove.js";
import type { KubernetesContext } from "../../../../../src/destinations/kubernetes/kubernetes-context.js";
import { liveObject } from "../../../../../src/destinations/kubernetes/watch/observed-object.js";
import { Tracker } from "../../../../../src/destinations/kubernetes/watch/tracker.js";
import type { KubeRequest } from "../../../../../src/kube/client/kube-client.js";
import { KubeStatusError } from "../../../../../src/kube/errors.js";
import { judgePrune } from "../../../../../src/plan/prune-guard.js";
import { APP_REF, event, MARKER, REVERT } from "../events.js";

const TARGET = {
  app: APP_REF,
  serviceAccountName: "deployer",
  adopt: "Unowned",
  additions: "Revert",
  ignored: [],
} as const;
const RESOURCE = {
  group: "",
  version: "v1",
  kind: "Thing",
  plural: "things",
  namespaced: true,
  verbs: new Set<string>(),
  hasStatus: false,
};

/** Removes the object of a permit where the API server answers so. */
async function remove(answer: () => unknown, kindServed = true, target: Target = TARGET, isReplaced = false) {
  const sent: KubeRequest[] = [];
  const tracker = new Tracker(() => {});
  tracker.seen(event("10"), true);
  const context = {
    tracker,
    onForbidden: () => {},
    discovery: { findAny: async () => (kindServed ? RESOURCE : undefined) },
    client: {
      request: async (request: KubeRequest) => {
        sent.push(request);
        return answer();
      },
    },
  } as unknown as KubernetesContext;
  const verdict = judgePrune({
    pruneCandidates: [liveObject(event("10"), APP_REF, MARKER, "none", REVERT)],
    observationComplete: true,
    live: 10,
    desired: 1,
    prune: true,
    allowEmpty: false,
    budget: undefined,
    claimedBy: () => undefined,
  });
  const [decision] = verdict.decisions;
  if (decision?.verb !== "Delete") throw new Error("not to be deleted");
  const outcome = await removeObject(context, target, decision.permit, isReplaced);
  return { outcome, sent, known: tracker.get(event("10").key) };
}

const refuse = (code: number, message: string) => () => {
  throw new KubeStatusError(code, { message }, "DELETE");
};

describe("removeObject", () => {
  it("asks for the propagation that the app has chosen", async () => {
    const policies = async (target: Target, isReplaced = false) =>
      (await remove(() => ({}), true, target, isReplaced)).sent.map(
        ({ body }) => (body as Record<string, unknown>).propagationPolicy,
      );
    expect(await policies(TARGET)).to.deep.equal(["Background"]);
    expect(await policies({ ...TARGET, propagation: "Foreground" })).to.deep.equal(["Foreground"]);
    expect(await policies({ ...TARGET, propagation: "Orphan" })).to.deep.equal(["Orphan"]);
    expect(await policies({ ...TARGET, propagation: "Orphan" }, true), "of what is replaced").to.deep.equal([
      "Background",
    ]);
  });

  it("deletes with uid and resourceVersion as preconditions, as the app's ServiceAccount", async () => {
    const { outcome, sent, known } = await remove(() => ({}));
    expect(outcome).to.deep.equal({ ok: true, wrote: true, notes: [] });
    expect(sent).to.have.length(1);
    expect(sent[0]).to.include({
      method: "DELETE",
      path: "/api/v1/namespaces/shop/things/x",
      impersonate: "system:serviceaccount:shop:deployer",
    });
    expect(sent[0]?.body).to.have.property("preconditions").that.deep.equals({ uid: "u1", resourceVersion: "10" });
    expect(known?.deleting).to.equal(true);
  });

  it("does not retry with an outdated permit", async () => {
    const { outcome, sent, known } = await remove(
      refuse(409, "the resourceVersion in the precondition does not match"),
    );
    expect(outcome).to.include({ ok: false, retryable: true });
    expect(sent).to.have.length(1);
    expect(known?.deleting).to.equal(false);
  });

  it("accepts that the object is already gone", async () => {
    const { outcome, known } = await remove(refuse(404, "not found"));
    expect(outcome).to.deep.equal({ ok: true, wrote: false, notes: [] });
    expect(known).to.equal(undefined);
  });

  it("sends nothing if the kind is no longer served", async () => {
    const { outcome, sent } = await remove(() => ({}), false);
    expect(outcome).to.deep.equal({
      ok: true,
      wrote: false,
      notes: ["Thing shop/x was removed together with its kind"],
    });
    expect(sent).to.deep.equal([]);
  });

  it("fails without permission", async () => {
    const { outcome } = await remove(refuse(403, "forbidden"));
    expect(outcome).to.include({ ok: false, retryable: false });
  });
});
