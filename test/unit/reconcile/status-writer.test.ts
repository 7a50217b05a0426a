import { expect } from "chai";
import type { CustomResource } from "../../../src/api/meta.js";
import type { ResourceInfo } from "../../../src/kube/resource.js";
import { StatusWriter } from "../../../src/reconcile/status-writer.js";
import { rejection } from "../support/eventually.js";
import { type Call, FakeApiServer } from "../support/fake-api-server.js";

interface Status {
  readonly observedGeneration?: number;
  readonly extra?: undefined;
  readonly conditions?: readonly { readonly type: string; readonly status?: string | undefined }[];
}

const APPS: ResourceInfo = {
  group: "gitops.overseer.io",
  version: "v1alpha1",
  kind: "OverseerApp",
  plural: "overseerapps",
  namespaced: true,
  verbs: new Set(),
  hasStatus: true,
};

function app(status?: Status): CustomResource<object, Status> {
  return {
    apiVersion: "gitops.overseer.io/v1alpha1",
    kind: "OverseerApp",
    metadata: { name: "web", namespace: "shop", uid: "u1", resourceVersion: "5", generation: 1 },
    spec: {},
    ...(status ? { status } : {}),
  };
}

describe("reconcile/status-writer", () => {
  let server: FakeApiServer;
  let writer: StatusWriter;
  beforeEach(async () => {
    server = await FakeApiServer.start();
    writer = new StatusWriter(server.client());
  });
  afterEach(() => server.close());

  for (const [what, was, now] of [
    ["an equal status", { observedGeneration: 1 }, { observedGeneration: 1 }],
    [
      "one with another order of members, and with members that are undefined",
      { conditions: [{ type: "Ready", status: "True" }], observedGeneration: 1 },
      { observedGeneration: 1, conditions: [{ status: "True", type: "Ready" }], extra: undefined },
    ],
    ["an empty status where there is none", undefined, {}],
  ] as const) {
    it(`writes nothing for ${what}`, async () => {
      const object = app(was);
      expect(await writer.write(APPS, object, now)).to.equal(object);
      expect(server.calls.length).to.equal(0);
    });
  }

  it("applies the whole status of exactly this object when it differs", async () => {
    const written = app({ observedGeneration: 2 });
    server.onCall = (call) => call.json(written);
    const status: Status = { observedGeneration: 2, extra: undefined };
    expect(await writer.write(APPS, app({ observedGeneration: 1 }), status)).to.deep.equal(written);
    const call = await server.next();
    expect(call).to.deep.include({
      method: "PATCH",
      path: "/apis/gitops.overseer.io/v1alpha1/namespaces/shop/overseerapps/web/status",
      query: { fieldManager: "overseer-gitops", force: "true" },
    });
    expect(call.headers["content-type"]).to.equal("application/apply-patch+yaml");
    expect(call.body).to.deep.equal({
      apiVersion: "gitops.overseer.io/v1alpha1",
      kind: "OverseerApp",
      metadata: { name: "web", namespace: "shop", uid: "u1" },
      status: { observedGeneration: 2 },
    });
  });

  it("counts the order of a list as a difference", async () => {
    server.onCall = (call) => call.json(app());
    const conditions = [{ type: "A" }, { type: "B" }];
    await writer.write(APPS, app({ conditions }), { conditions: [...conditions].reverse() });
    expect(server.calls.length).to.equal(1);
  });

  it("returns undefined when the object does not exist", async () => {
    server.onCall = (call) => call.status(404);
    expect(await writer.write(APPS, app(), { observedGeneration: 1 })).to.equal(undefined);
    expect(server.calls.length).to.equal(1);
  });

  for (const [what, look] of [
    ["another one", (call: Call) => call.json({ metadata: { uid: "u2" } })],
    ["gone by now", (call: Call) => call.status(404)],
  ] as const) {
    it(`returns undefined when a conflict shows that the object is ${what}`, async () => {
      server.onCall = (call) => (call.method === "PATCH" ? call.status(409, "Conflict") : look(call));
      expect(await writer.write(APPS, app(), { observedGeneration: 1 })).to.equal(undefined);
      expect(server.calls.map(({ method }) => method)).to.deep.equal(["PATCH", "GET"]);
    });
  }

  it("throws a conflict over the same object, so that the status is written again", async () => {
    server.onCall = (call) =>
      call.method === "PATCH" ? call.status(409, "Conflict") : call.json({ metadata: { uid: "u1" } });
    const error = await rejection(writer.write(APPS, app(), { observedGeneration: 1 }));
    expect(error).to.include({ statusCode: 409 });
  });

  for (const code of [403, 422, 500]) {
    it(`throws other errors (${code})`, async () => {
      server.onCall = (call) => call.status(code);
      const error = await rejection(writer.write(APPS, app(), { observedGeneration: 1 }));
      expect(error).to.include({ statusCode: code });
    });
  }
});
