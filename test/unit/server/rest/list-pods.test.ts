import { expect } from "chai";
import type { AppObject } from "../../../../src/api/rest/objects.js";
import type { RawObject } from "../../../../src/kube/object.js";
import type { ResourceInfo } from "../../../../src/kube/resource.js";
import type { UserKube } from "../../../../src/server/rest/identity/user-requests.js";
import { listObjects } from "../../../../src/server/rest/objects/list-objects.js";
import { listPods } from "../../../../src/server/rest/objects/list-pods.js";
import { app } from "../../controllers/support/resources.js";

const owned = (uid: string, owner: string): RawObject =>
  ({
    ...{ apiVersion: "v1", kind: "Pod", spec: { containers: [] }, status: { phase: "Running" } },
    metadata: { name: uid, namespace: "shop", uid, ownerReferences: [{ uid: owner, controller: true }] },
  }) as unknown as RawObject;

/** A server with these objects, which answers in pages of `limit`. */
function serverOf(objects: Readonly<Record<string, readonly RawObject[]>>): { kube: UserKube; requests: () => number } {
  let requests = 0;
  const request = async ({ path, query = {} }: { path: string; query?: Record<string, string | undefined> }) => {
    requests++;
    const all = objects[path.split("/").at(-1) ?? ""] ?? [];
    const from = Number(query.continue ?? 0);
    const to = from + Number(query.limit);
    // An empty list of metadata has no items at all.
    return {
      body: {
        items: all.length === 0 ? null : all.slice(from, to),
        metadata: to < all.length ? { continue: String(to) } : {},
      },
    };
  };
  return { kube: { request, stream: request } as unknown as UserKube, requests: () => requests };
}

describe("The pods of an app", () => {
  const workload: AppObject = {
    ...{ apiVersion: "apps/v1", kind: "Deployment", namespace: "shop", name: "web", uid: "d", health: "Healthy" },
  };
  const others = Array.from({ length: 1_700 }, (_, index) => owned(`other-${index}`, "elsewhere"));

  it("are found in a namespace with more pods than one page", async () => {
    const pods = [...others, owned("web-1", "rs"), owned("web-2", "rs")];
    const { kube, requests } = serverOf({ pods, replicasets: [...others, owned("rs", "d")], jobs: [] });
    const found = await listPods(kube, [workload]);
    expect(found.items.map(({ name, parent }) => [name, parent])).to.deep.equal([
      ["web-1", "d"],
      ["web-2", "d"],
    ]);
    expect([found.omitted, found.hidden, requests()]).to.deep.equal([false, false, 4 + 4 + 1]);
  });

  it("are counted as omitted beyond what a response holds", async () => {
    const pods = Array.from({ length: 1_200 }, (_, index) => owned(`web-${index}`, "d"));
    const found = await listPods(serverOf({ pods }).kube, [workload]);
    expect([found.items.length, found.omitted]).to.deep.equal([1_000, true]);
  });

  it("and objects are none where a kind of the app has no objects any more", async () => {
    const kind = { group: "", version: "v1", kind: "ConfigMap", plural: "configmaps", namespaced: true };
    const discovery = { findAny: async () => ({ ...kind, verbs: new Set(["list"]) }) as unknown as ResourceInfo };
    const current = app("shop/web", { status: { kinds: ["v1./ConfigMap"] } });
    const leader = { ask: () => Promise.reject(new Error("not asked")) };
    const found = await listObjects(serverOf({}).kube, discovery, current, leader);
    expect(found).to.deep.equal({ items: [] });
  });
});
